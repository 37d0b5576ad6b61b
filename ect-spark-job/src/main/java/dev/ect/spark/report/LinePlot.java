package dev.ect.spark.report;

import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Series of points, joined by lines in the order of x, as an SVG file that needs nothing else and
 * follows the reader's choice of light or dark. Immutable: each call returns another plot. The same
 * calls give the same text.
 *
 * <p>Points without a place are left out: NaN, beyond 1e200 on either side of 0, or on a
 * logarithmic axis x below 1e-200.
 */
public final class LinePlot {
  private static final double LARGEST = 1e200;
  private static final double LEAST_LOGARITHMIC = 1e-200;

  /** A point, in the units of the axes. */
  record Point(double x, double y) {}

  /** Points with a name. */
  record Series(String name, List<Point> points) {}

  /** A point with a ring. */
  record Mark(Point point, String label) {}

  private final String title;
  private final String xLabel;
  private final String yLabel;
  private final boolean logX;
  private final List<Series> series;
  private final List<Mark> marks;

  private LinePlot(
      String title,
      String xLabel,
      String yLabel,
      boolean logX,
      List<Series> series,
      List<Mark> marks) {
    this.title = title;
    this.xLabel = xLabel;
    this.yLabel = yLabel;
    this.logX = logX;
    this.series = series;
    this.marks = marks;
  }

  /**
   * An empty plot.
   *
   * @param title one line
   * @param xLabel what is to the right, with its unit
   * @param yLabel what is upwards, with its unit
   */
  public static LinePlot of(String title, String xLabel, String yLabel) {
    return new LinePlot(title, xLabel, yLabel, false, List.of(), List.of());
  }

  /** Gives equal ratios of x equal widths. */
  public LinePlot logX() {
    return new LinePlot(title, xLabel, yLabel, true, series, marks);
  }

  /**
   * Adds a series.
   *
   * @param name in the legend
   * @param x in any order
   * @param y of each x
   * @throws IllegalArgumentException if there are not as many of both
   */
  public LinePlot series(String name, double[] x, double[] y) {
    if (x.length != y.length) {
      throw new IllegalArgumentException(
          "series '"
              + name
              + "' has "
              + x.length
              + " values of x and "
              + y.length
              + " of y; expected as many of both");
    }
    List<Point> points = IntStream.range(0, x.length).mapToObj(i -> new Point(x[i], y[i])).toList();
    return new LinePlot(title, xLabel, yLabel, logX, and(series, new Series(name, points)), marks);
  }

  /**
   * Draws a ring around a point, such as the least.
   *
   * @param label beside it
   */
  public LinePlot mark(double x, double y, String label) {
    List<Mark> more = and(marks, new Mark(new Point(x, y), label));
    return new LinePlot(title, xLabel, yLabel, logX, series, more);
  }

  private static <T> List<T> and(List<T> some, T another) {
    return Stream.concat(some.stream(), Stream.of(another)).toList();
  }

  /**
   * The file's text.
   *
   * @throws IllegalStateException if no series has a point with a place
   */
  public String svg() {
    List<Series> placed = series.stream().map(s -> new Series(s.name, placed(s.points))).toList();
    if (placed.stream().allMatch(s -> s.points.isEmpty())) {
      throw new IllegalStateException(
          "plot '" + title + "' has no point that can be drawn; expected at least one");
    }
    return LinePlotDrawing.svg(
        title,
        xLabel,
        yLabel,
        logX,
        placed,
        marks.stream().filter(mark -> hasPlace(mark.point)).toList());
  }

  private List<Point> placed(List<Point> points) {
    return points.stream()
        .filter(this::hasPlace)
        .sorted(Comparator.comparingDouble(Point::x))
        .toList();
  }

  private boolean hasPlace(Point p) {
    return Math.abs(p.x) <= LARGEST
        && Math.abs(p.y) <= LARGEST
        && (!logX || p.x >= LEAST_LOGARITHMIC);
  }
}
