package dev.ect.spark.api;

import dev.ect.model.io.Store;
import dev.ect.model.metrics.Metric;
import dev.ect.spark.evaluation.Evaluation;
import dev.ect.spark.evaluation.Measured;
import dev.ect.spark.evaluation.Measurement;
import dev.ect.spark.evaluation.ResultTable;
import dev.ect.spark.report.LinePlot;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * The FID of two-step sampling over intermediate times.
 *
 * @param network snapshot
 * @param num generated images per time
 * @param oneStep FID of one step
 * @param twoStep FID of two steps through each time, rising
 */
public record MidTSearch(String network, int num, double oneStep, List<Point> twoStep) {
  /** The times that are tried unless others are given. */
  public static final List<Double> GRID =
      List.of(0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0);

  private static final int MOST = 1_000_000;

  /**
   * A time and what it gives.
   *
   * @param midT intermediate time
   * @param fid of two steps through it
   */
  public record Point(double midT, double fid) {}

  /** Adds a line for everything about a search that is wrong. */
  public static void check(List<Double> grid, int num, OptionNames names, List<String> problems) {
    if (grid.isEmpty()) {
      problems.add(names.of("grid") + " is empty; expected at least one intermediate time");
    }
    SamplePlan.checkTimes(names.of("grid"), grid, problems);
    if (num < 2 || num > MOST) {
      problems.add(names.of("num") + " is " + num + "; expected 2 to " + MOST);
    }
  }

  /** One step, and two steps through each time of the grid. */
  public static List<Measurement> measurements(List<Double> grid, int num) {
    String thousands =
        BigDecimal.valueOf(num).movePointLeft(3).stripTrailingZeros().toPlainString();
    List<Measurement> measurements = new ArrayList<>();
    measurements.add(new Measurement(Metric.of("fid" + thousands + "k_full"), List.of()));
    Metric twoStep = Metric.of("two_step_fid" + thousands + "k_full");
    grid.stream()
        .distinct()
        .sorted()
        .forEach(t -> measurements.add(new Measurement(twoStep, List.of(t))));
    return measurements;
  }

  /** What an evaluation of {@link #measurements} has found. */
  public static MidTSearch of(Evaluation evaluation, int num) {
    List<Point> twoStep = new ArrayList<>();
    double oneStep = Double.NaN;
    for (Measured each : evaluation.measured()) {
      Measurement measurement = each.measurement();
      double fid = each.values().get(measurement.metric().name());
      if (measurement.midT().isEmpty()) {
        oneStep = fid;
      } else {
        twoStep.add(new Point(measurement.midT().get(0), fid));
      }
    }
    return new MidTSearch(evaluation.network(), num, oneStep, List.copyOf(twoStep));
  }

  /** The time with the least FID. */
  public Point least() {
    return twoStep.stream().min(Comparator.comparingDouble(Point::fid)).orElseThrow();
  }

  /** FID over time, with the least marked. */
  public LinePlot plot() {
    double[] times = twoStep.stream().mapToDouble(Point::midT).toArray();
    double[] values = twoStep.stream().mapToDouble(Point::fid).toArray();
    Point least = least();
    return LinePlot.of(
            "FID over intermediate time: " + Store.name(network),
            "mid_t (noise level of the second step)",
            String.format(Locale.ROOT, "FID, %,d generated images", num))
        .logX()
        .series("two steps", times, values)
        .series(
            "one step",
            new double[] {times[0], times[times.length - 1]},
            new double[] {oneStep, oneStep})
        .mark(
            least.midT(),
            least.fid(),
            ResultTable.number(least.fid()) + " at mid_t " + least.midT());
  }

  /** For people. */
  @Override
  public String toString() {
    return String.format(
        "least FID %s at mid_t %s; one step %s",
        ResultTable.number(least().fid()), least().midT(), ResultTable.number(oneStep));
  }
}
