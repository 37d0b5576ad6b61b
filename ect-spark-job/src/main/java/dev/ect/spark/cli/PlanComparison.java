package dev.ect.spark.cli;

import dev.ect.spark.config.ExchangeConfig.Encoding;
import dev.ect.spark.report.Timings;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** Predicted and measured step times, taken in turns; compares their medians. */
final class PlanComparison {
  private static final double WITHIN = 20;

  /** Share of a core that a thread has where nothing else runs. */
  private static final double QUIET = 0.9;

  /**
   * A prediction and what came, seconds per step.
   *
   * @param encoding of the exchange
   * @param predictedSeconds median of the turns
   * @param measuredSeconds median of the turns, each of which is the median of a run's ticks
   * @param differencePercent of the prediction from that
   * @param turns what the medians are of
   */
  record Row(
      int executors,
      Encoding encoding,
      double predictedSeconds,
      double measuredSeconds,
      double differencePercent,
      List<Turn> turns) {
    private static Row of(Case what, List<Turn> turns) {
      double predicted = median(turns, Turn::predictedSeconds);
      double measured = median(turns, Turn::measuredSeconds);
      return new Row(
          what.executors(),
          what.encoding(),
          predicted,
          measured,
          100 * (predicted / measured - 1),
          turns);
    }

    private static double median(List<Turn> turns, ToDoubleFunction<Turn> value) {
      return Timings.median(turns.stream().mapToDouble(value).toArray());
    }
  }

  /** Seconds per step. */
  record Turn(double predictedSeconds, double measuredSeconds) {}

  private record Case(int executors, Encoding encoding) {}

  private final PrintStream out;
  private final Map<Case, List<Turn>> turns = new LinkedHashMap<>();

  PlanComparison(PrintStream out) {
    this.out = out;
  }

  /** A turn begins. */
  void turn(int number, int all) {
    out.printf("turn %d of %d%n", number, all);
    if (number == 1) {
      titles();
    }
  }

  /** Adds to the turn, and prints, what was predicted and measured, seconds per step. */
  void add(int executors, Encoding encoding, double predicted, double measured) {
    Case what = new Case(executors, encoding);
    Turn turn = new Turn(predicted, measured);
    turns.computeIfAbsent(what, key -> new ArrayList<>()).add(turn);
    print(Row.of(what, List.of(turn)));
  }

  /** The medians, by number of executors and encoding as they came. */
  List<Row> rows() {
    return turns.entrySet().stream().map(each -> Row.of(each.getKey(), each.getValue())).toList();
  }

  /**
   * Prints the medians and whether they are close.
   *
   * @param share of its core that a thread had at the least
   */
  void print(double share) {
    out.println("medians of the turns");
    titles();
    rows().forEach(this::print);
    double largest =
        rows().stream().mapToDouble(row -> Math.abs(row.differencePercent())).max().orElse(0);
    out.printf(
        Locale.ROOT,
        "%s within %.0f %%: the largest difference is %.1f %%%n",
        largest <= WITHIN ? "all are" : "not all are",
        WITHIN,
        largest);
    if (share < QUIET) {
      out.printf(
          Locale.ROOT,
          "something else used the machine: a thread had %.2f of its core at the least; repeat this"
              + " when it is idle%n",
          share);
    }
  }

  private void titles() {
    out.printf("%9s %-9s %12s %12s%n", "", "", "predicted", "measured");
    out.printf(
        "%9s %-9s %12s %12s %12s%n", "executors", "encoding", "s/step", "s/step", "difference");
  }

  private void print(Row row) {
    out.printf(
        Locale.ROOT,
        "%9d %-9s %12.4f %12.4f %+10.1f %%%n",
        row.executors(),
        row.executors() == 1 ? "-" : row.encoding().id(),
        row.predictedSeconds(),
        row.measuredSeconds(),
        row.differencePercent());
  }
}
