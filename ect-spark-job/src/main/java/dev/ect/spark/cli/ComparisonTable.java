package dev.ect.spark.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/**
 * Prints what an {@link EngineComparison} measured, a line for each result, then how each compares
 * with the first one of its kind.
 *
 * @param columns between engine, precision and device
 * @param kind what of a result goes behind a comparison; only results with the same are compared
 */
record ComparisonTable(List<Column> columns, Function<JsonNode, String> kind) {
  /** Share of the GFLOP/s of the engines' fastest convolution on the device. */
  static final Column OF_FASTEST = new Column("of fastest", 10, 0, "shareOfFastest", 100, " %");

  static final Column PEAK_MEMORY = new Column("peak GiB", 9, 2, "peakGib");

  /** Left out where nobody uses a GPU. */
  static final Column DEVICE_MEMORY = new Column("GPU GiB", 9, 2, "devicePeakGib");

  /** Explains these columns. */
  static final String NOTE =
      "of fastest: share of the GFLOP/s of the engines' fastest convolution or matrix product,"
          + " counted as a direct convolution and measured afterwards; peak GiB: the process's"
          + " resident memory, before that";

  /**
   * A column of numbers.
   *
   * @param title heads it
   * @param width characters
   * @param decimals behind the point
   * @param field of the result; where a result has none, the place stays empty
   * @param factor multiplies it
   * @param unit stands behind it
   */
  record Column(String title, int width, int decimals, String field, double factor, String unit) {
    Column(String title, int width, int decimals, String field) {
      this(title, width, decimals, field, 1, "");
    }

    private boolean in(JsonNode row) {
      return row.path(field).asDouble() > 0;
    }

    private String head() {
      return String.format(Locale.ROOT, "%" + width + "s", title);
    }

    private String value(JsonNode row) {
      String text =
          row.has(field)
              ? String.format(
                  Locale.ROOT, "%." + decimals + "f%s", factor * row.get(field).asDouble(), unit)
              : "";
      return String.format("%" + width + "s", text);
    }
  }

  /**
   * Prints all rows.
   *
   * @param rows from {@link EngineComparison#measureEach}
   * @return the first that is not a failure
   */
  Optional<JsonNode> print(PrintStream out, List<JsonNode> rows) {
    List<Column> shown =
        columns.stream()
            .filter(column -> !column.equals(DEVICE_MEMORY) || rows.stream().anyMatch(column::in))
            .toList();
    out.printf("%-7s %-9s %s  %s%n", "engine", "precision", cells(shown, Column::head), "device");
    for (JsonNode row : rows) {
      out.printf(
          "%-7s %-9s %s%n",
          row.get("engine").asText(),
          row.get("precision").asText(),
          BenchRows.failed(row)
              ? row.get("failure").asText()
              : cells(shown, column -> column.value(row))
                  + "  "
                  + row.get("device").asText()
                  + forwardPrecision(row));
    }
    List<JsonNode> own = rows.stream().filter(row -> !isPyTorch(row)).toList();
    for (JsonNode row : own) {
      own.stream()
          .filter(each -> rivals(each, row))
          .findFirst()
          .ifPresent(b -> compare(out, row, b));
    }
    for (JsonNode row : own) {
      rows.stream()
          .filter(each -> isPyTorch(each) && samePrecision(each, row) && rivals(each, row))
          .findFirst()
          .ifPresent(base -> compare(out, row, base));
    }
    return own.stream().filter(row -> !BenchRows.failed(row)).findFirst();
  }

  private static String cells(List<Column> columns, Function<Column, String> cell) {
    return String.join(" ", columns.stream().map(cell).toList());
  }

  private static boolean isPyTorch(JsonNode row) {
    return row.get("engine").asText().equals(BenchVariant.PYTORCH);
  }

  /** What a tuning step computes in another number format than its row names; else empty. */
  private static String forwardPrecision(JsonNode row) {
    String forward = row.path("forwardPrecision").asText();
    return forward.isEmpty() || forward.equals(row.get("precision").asText())
        ? ""
        : ", student and teacher in " + forward;
  }

  private static boolean samePrecision(JsonNode a, JsonNode b) {
    return a.get("precision").equals(b.get("precision"));
  }

  /** Whether a row is compared with an earlier one: the first of its kind, or one that failed. */
  private boolean rivals(JsonNode base, JsonNode row) {
    return !BenchRows.failed(row)
        && (BenchRows.failed(base) || kind.apply(base).equals(kind.apply(row)));
  }

  /** Nothing compares with a failure, nor with itself. */
  private void compare(PrintStream out, JsonNode row, JsonNode base) {
    if (BenchRows.failed(base) || base.equals(row)) {
      return;
    }
    out.printf(
        Locale.ROOT,
        "%s %s is %.2f times as fast as %s %s%s%s%n",
        row.get("engine").asText(),
        row.get("precision").asText(),
        row.get("imagesPerSecond").asDouble() / base.get("imagesPerSecond").asDouble(),
        base.get("engine").asText(),
        base.get("precision").asText(),
        kind.apply(row),
        forwardPrecision(row));
  }
}
