package dev.ect.spark.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintStream;
import java.util.Locale;

/** Prints where the time of a step or batch went. */
final class KernelTable {
  private static final String LINE = "%-32s %6s %10s %6s %9s%n";

  private KernelTable() {}

  /**
   * Prints a table for a result.
   *
   * @param row with {@code kernels}
   * @param work what was taken to pieces, for people
   */
  static void print(PrintStream out, JsonNode row, String work) {
    JsonNode times = row.get("kernels");
    double all = times.get("seconds").asDouble();
    out.printf(
        Locale.ROOT,
        "%n%s %s: one further %s, %.1f ms%n",
        row.get("engine").asText(),
        row.get("precision").asText(),
        work,
        1000 * all);
    out.printf(LINE, "kernel", "calls", "ms", "share", "GFLOP/s");
    for (JsonNode kernel : times.get("kernels")) {
      JsonNode speed = kernel.path("gflopsPerSecond");
      line(
          out,
          kernel.get("name").asText(),
          kernel.get("calls").asText(),
          kernel.get("seconds").asDouble(),
          all,
          speed.isNumber() ? String.format(Locale.ROOT, "%.0f", speed.asDouble()) : "");
    }
    line(out, "outside kernels", "", times.get("secondsOutside").asDouble(), all, "");
  }

  private static void line(
      PrintStream out, String name, String calls, double seconds, double all, String speed) {
    String text =
        String.format(
            Locale.ROOT,
            LINE,
            name,
            calls,
            String.format(Locale.ROOT, "%.1f", 1000 * seconds),
            String.format(Locale.ROOT, "%.1f %%", 100 * seconds / all),
            speed);
    out.println(text.stripTrailing());
  }
}
