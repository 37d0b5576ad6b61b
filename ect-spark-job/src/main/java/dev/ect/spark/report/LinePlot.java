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
 * logarithmic axis below 1e-200.
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

  /** A vertical line across the plot. */
  record Division(double x, String label) {}

  /**
   * All that is drawn.
   *
   * @param width of the drawing in pixels
   */
  record Content(
      String title,
      String xLabel,
      String yLabel,
      int width,
      boolean logX,
      boolean logY,
      List<Series> series,
      List<Mark> marks,
      List<Division> divisions) {}

  private static final int WIDTH = 760;

  private final Content content;

  private LinePlot(Content content) {
    this.content = content;
  }

  /**
   * An empty plot.
   *
   * @param title one line
   * @param xLabel what is to the right, with its unit
   * @param yLabel what is upwards, with its unit
   */
  public static LinePlot of(String title, String xLabel, String yLabel) {
    return new LinePlot(
        new Content(title, xLabel, yLabel, WIDTH, false, false, List.of(), List.of(), List.of()));
  }

  private LinePlot with(int width, boolean logX, boolean logY) {
    Content c = content;
    return new LinePlot(
        new Content(
            c.title, c.xLabel, c.yLabel, width, logX, logY, c.series, c.marks, c.divisions));
  }

  private LinePlot with(List<Series> series, List<Mark> marks, List<Division> divisions) {
    Content c = content;
    return new LinePlot(
        new Content(
            c.title, c.xLabel, c.yLabel, c.width, c.logX, c.logY, series, marks, divisions));
  }

  /** Gives equal ratios of x equal widths. */
  public LinePlot logX() {
    return with(content.width, true, content.logY);
  }

  /** Gives equal ratios of y equal heights. */
  public LinePlot logY() {
    return with(content.width, content.logX, true);
  }

  /** Another width than 760, in pixels; text keeps its size. */
  public LinePlot width(int pixels) {
    return with(pixels, content.logX, content.logY);
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
    return with(and(content.series, new Series(name, points)), content.marks, content.divisions);
  }

  /**
   * Draws a ring around a point, such as the least.
   *
   * @param label beside it
   */
  public LinePlot mark(double x, double y, String label) {
    List<Mark> more = and(content.marks, new Mark(new Point(x, y), label));
    return with(content.series, more, content.divisions);
  }

  /**
   * Draws a vertical line, such as where something changed; not where the points are all to one
   * side of it.
   *
   * @param label at its top
   */
  public LinePlot division(double x, String label) {
    return with(content.series, content.marks, and(content.divisions, new Division(x, label)));
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
    Content c = content;
    List<Series> placed = c.series.stream().map(s -> new Series(s.name, placed(s.points))).toList();
    if (placed.stream().allMatch(s -> s.points.isEmpty())) {
      throw new IllegalStateException(
          "plot '" + c.title + "' has no point that can be drawn; expected at least one");
    }
    List<Mark> marks = c.marks.stream().filter(mark -> hasPlace(mark.point)).toList();
    return LinePlotDrawing.svg(with(placed, marks, c.divisions).content);
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
        && (!content.logX || p.x >= LEAST_LOGARITHMIC)
        && (!content.logY || p.y >= LEAST_LOGARITHMIC);
  }
}
