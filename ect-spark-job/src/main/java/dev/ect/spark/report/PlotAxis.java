package dev.ect.spark.report;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;

/**
 * An axis of a plot: which position a value has, and which values are named.
 *
 * @param low value at {@code from}
 * @param high value at {@code to}, more than low
 * @param logarithmic equal ratios have equal lengths; low is then above 0
 * @param from position of low in pixels
 * @param to position of high in pixels
 */
record PlotAxis(double low, double high, boolean logarithmic, double from, double to) {
  /** Values nearer to each other than this part of their size count as one. */
  private static final double EQUAL = 1e-9;

  /** Sizes that are taken for 0. */
  private static final double TINY = 1e-200;

  private static final int FEWEST = 3;
  private static final int LEAST_PLAIN = -5;
  private static final int MOST_PLAIN = 6;

  /** Mantissas of the named values of a logarithmic axis, the densest first. */
  private static final int[][] MANTISSAS = {{1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 2, 5}, {1, 3}, {1}};

  /** A named value. */
  record Tick(double value, String label) {}

  /**
   * An axis that shows a range and some room on both sides.
   *
   * @param least of the values; at least 1e-200 if logarithmic
   * @param most of the values; as the least, not beyond 1e200
   * @param room of the axis's length, on each side
   */
  static PlotAxis around(
      double least, double most, boolean logarithmic, double room, double from, double to) {
    double a = logarithmic ? Math.log10(least) : least;
    double b = logarithmic ? Math.log10(most) : most;
    double size = Math.max(Math.abs(least), Math.abs(most));
    if (most - least <= Math.max(TINY, EQUAL * size)) {
      double half = logarithmic ? 0.3 : size <= TINY ? 1 : size / 10;
      a -= half;
      b += half;
    } else {
      double side = (b - a) * room / (1 - 2 * room);
      a -= side;
      b += side;
    }
    return new PlotAxis(
        logarithmic ? Math.pow(10, a) : a,
        logarithmic ? Math.pow(10, b) : b,
        logarithmic,
        from,
        to);
  }

  /** Where a value is, in pixels. */
  double position(double value) {
    double share =
        logarithmic
            ? (Math.log(value) - Math.log(low)) / (Math.log(high) - Math.log(low))
            : (value - low) / (high - low);
    return from + share * (to - from);
  }

  /**
   * Round values within the range.
   *
   * @param most how many there may be, at least 3
   */
  List<Tick> ticks(int most) {
    return logarithmic ? logarithmicTicks(most) : linearTicks(most);
  }

  /** Multiples of the least of 1, 2 and 5 times a power of ten that are few enough. */
  private List<Tick> linearTicks(int most) {
    int exponent = (int) Math.floor(Math.log10((high - low) / most));
    BigDecimal step = BigDecimal.ONE;
    long first = 0;
    long last = Long.MAX_VALUE;
    for (int i = 0; last - first >= most; i++) {
      step = BigDecimal.valueOf(new int[] {1, 2, 5}[i % 3]).scaleByPowerOfTen(exponent + i / 3);
      first = BigDecimal.valueOf(low).divide(step, 0, RoundingMode.CEILING).longValue();
      last = BigDecimal.valueOf(high).divide(step, 0, RoundingMode.FLOOR).longValue();
    }
    List<Tick> ticks = new ArrayList<>();
    for (long i = first; i <= last; i++) {
      BigDecimal value = step.multiply(BigDecimal.valueOf(i));
      ticks.add(new Tick(value.doubleValue(), label(value, Math.max(0, step.scale()))));
    }
    return ticks;
  }

  private List<Tick> logarithmicTicks(int most) {
    int first = (int) Math.floor(Math.log10(low));
    int last = (int) Math.floor(Math.log10(high));
    for (int[] mantissas : MANTISSAS) {
      List<Tick> ticks = logarithmicTicks(mantissas, first, last, 1);
      if (ticks.size() <= most) {
        // Within a fraction of a decade.
        return ticks.size() < FEWEST ? linearTicks(most) : ticks;
      }
    }
    return logarithmicTicks(new int[] {1}, first, last, (last - first) / most + 1);
  }

  private List<Tick> logarithmicTicks(int[] mantissas, int first, int last, int stride) {
    List<Tick> ticks = new ArrayList<>();
    for (int decade = Math.floorDiv(first, stride) * stride; decade <= last; decade += stride) {
      for (int mantissa : mantissas) {
        BigDecimal value = BigDecimal.valueOf(mantissa).scaleByPowerOfTen(decade);
        if (value.doubleValue() >= low && value.doubleValue() <= high) {
          ticks.add(new Tick(value.doubleValue(), label(value, Math.max(0, -decade))));
        }
      }
    }
    return ticks;
  }

  /** A value in words, to six digits. */
  static String text(double value) {
    BigDecimal rounded = BigDecimal.valueOf(value).round(new MathContext(6)).stripTrailingZeros();
    return label(rounded, Math.max(0, rounded.scale()));
  }

  /** With so many decimals, or by a power of ten where that would mostly be zeros. */
  private static String label(BigDecimal value, int decimals) {
    int exponent = value.precision() - value.scale() - 1;
    if (value.signum() == 0 || (exponent >= LEAST_PLAIN && exponent <= MOST_PLAIN)) {
      return value.signum() == 0 && decimals > MOST_PLAIN
          ? "0"
          : value.setScale(decimals, RoundingMode.HALF_EVEN).toPlainString();
    }
    BigDecimal digits = value.scaleByPowerOfTen(-exponent).stripTrailingZeros();
    return digits.toPlainString() + "e" + exponent;
  }
}
