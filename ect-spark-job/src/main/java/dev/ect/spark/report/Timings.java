package dev.ect.spark.report;

import java.util.Arrays;

/** Sums up repeated measurements of one thing. */
public final class Timings {
  private Timings() {}

  /**
   * The median, which a pause of the machine does not move.
   *
   * @param values at least one, in any order
   */
  public static double median(double... values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
  }
}
