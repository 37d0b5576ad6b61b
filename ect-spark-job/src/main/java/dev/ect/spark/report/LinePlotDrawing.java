package dev.ect.spark.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Draws a {@link LinePlot}: title, legend, then a frame with grid, axes, lines and points. */
final class LinePlotDrawing {
  private static final int HEIGHT = 320;
  private static final int MARGIN = 24;
  private static final int ROW = 22;

  /** Pixels for a named value of the x axis. */
  private static final int X_TICK_WIDTH = 84;

  private static final int Y_TICKS = 7;

  /** Parts of the x axis, at both ends, without points. */
  private static final double X_ROOM = 0.04;

  /** Parts of the y axis, at both ends, without points: room for a mark's label. */
  private static final double Y_ROOM = 0.12;

  /** Pixels between a mark's label and the frame. */
  private static final double INSET = 4;

  /** Pixels of a character, rather more than most take. */
  private static final double LETTER = 7.2;

  private static final double BOLD_LETTER = 7.8;
  private static final double TITLE_LETTER = 9.6;

  /**
   * After Okabe and Ito, whom any kind of colour vision can tell apart; darker to stand on white.
   */
  private static final String[] LIGHT = {
    "#0072b2", "#b84f00", "#007a59", "#a8478a", "#7d6400", "#5f5f5f"
  };

  private static final String[] DARK = {
    "#56b4e9", "#ff9e4a", "#3fcf9f", "#e79cc6", "#e6d25a", "#bbbbbb"
  };

  /** Outlines around (0, 0): circle, square, diamond, triangle. */
  private static final String[] SHAPES = {
    "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",
    "M-3.6 -3.6h7.2v7.2h-7.2z",
    "M0 -5.2L5.2 0L0 5.2L-5.2 0z",
    "M0 -4.8L4.8 3.8H-4.8z"
  };

  /** In place of a shape where points stand close. */
  private static final String DOT = "M-1.6 0a1.6 1.6 0 1 0 3.2 0a1.6 1.6 0 1 0 -3.2 0z";

  private static final int DENSE = 60;

  private static final String LIGHT_STYLE =
      """
      .line-plot text { font: 13px system-ui, sans-serif; fill: #222; }
      .line-plot .title { font-size: 17px; font-weight: 600; }
      .line-plot .tick { font-size: 12px; fill: #555; }
      .line-plot .back { fill: #fff; }
      .line-plot .grid { stroke: #ddd; }
      .line-plot .axis { stroke: #777; }
      .line-plot .division { stroke: #777; stroke-dasharray: 4 4; }
      .line-plot polyline { fill: none; stroke-width: 2; stroke-linejoin: round; }
      .line-plot .ring { fill: none; stroke: #222; stroke-width: 1.5; }
      .line-plot .mark { font-weight: 600; paint-order: stroke; stroke: #fff; stroke-width: 4px; }
      """;

  private static final String DARK_STYLE =
      """
      .line-plot text { fill: #e6e6e6; }
      .line-plot .tick { fill: #a8adb5; }
      .line-plot .back { fill: #16181d; }
      .line-plot .grid { stroke: #33373f; }
      .line-plot .axis { stroke: #868c96; }
      .line-plot .division { stroke: #868c96; }
      .line-plot .ring { stroke: #e6e6e6; }
      .line-plot .mark { stroke: #16181d; }
      """;

  private final StringBuilder svg = new StringBuilder();
  private final LinePlot.Content content;
  private final PlotAxis x;
  private final PlotAxis y;

  private LinePlotDrawing(LinePlot.Content content, PlotAxis x, PlotAxis y) {
    this.content = content;
    this.x = x;
    this.y = y;
  }

  /**
   * The whole file.
   *
   * @param content at least one point in all, each series in the order of x
   */
  static String svg(LinePlot.Content content) {
    List<LinePlot.Point> points =
        Stream.concat(
                content.series().stream().flatMap(s -> s.points().stream()),
                content.marks().stream().map(LinePlot.Mark::point))
            .toList();
    List<Key> keys = keys(content.series(), content.width());
    double top = MARGIN + ROW * (2.5 + (keys.isEmpty() ? 0 : 1 + keys.get(keys.size() - 1).row()));
    PlotAxis y = axis(points, LinePlot.Point::y, content.logY(), Y_ROOM, top + HEIGHT, top);
    int digits = y.ticks(Y_TICKS).stream().mapToInt(t -> t.label().length()).max().orElse(0);
    double left = MARGIN + 8 + LETTER * digits;
    PlotAxis x =
        axis(points, LinePlot.Point::x, content.logX(), X_ROOM, left, content.width() - MARGIN);
    LinePlotDrawing drawing = new LinePlotDrawing(content, x, y);
    drawing.head(content.title(), content.series().size());
    drawing.legend(keys);
    drawing.axes(content.xLabel(), content.yLabel());
    content.divisions().forEach(drawing::division);
    for (int i = 0; i < content.series().size(); i++) {
      drawing.series(i, content.series().get(i));
    }
    content.marks().forEach(drawing::mark);
    return drawing.svg.append("</svg>\n").toString();
  }

  private static PlotAxis axis(
      List<LinePlot.Point> points,
      ToDoubleFunction<LinePlot.Point> value,
      boolean logarithmic,
      double room,
      double from,
      double to) {
    return PlotAxis.around(
        points.stream().mapToDouble(value).min().orElseThrow(),
        points.stream().mapToDouble(value).max().orElseThrow(),
        logarithmic,
        room,
        from,
        to);
  }

  /** A series' place in the legend. */
  private record Key(int index, String name, int row, double left) {}

  private static List<Key> keys(List<LinePlot.Series> series, int plotWidth) {
    List<Key> keys = new ArrayList<>();
    int row = 0;
    double left = MARGIN;
    for (int i = 0; i < series.size(); i++) {
      String name = series.get(i).name();
      double width = 54 + LETTER * name.length();
      if (left > MARGIN && left + width > plotWidth) {
        row++;
        left = MARGIN;
      }
      keys.add(new Key(i, name, row, left));
      left += width;
    }
    return keys;
  }

  private void add(String format, Object... values) {
    svg.append(String.format(Locale.ROOT, format, values)).append('\n');
  }

  private void head(String title, int series) {
    int height = (int) Math.ceil(y.from() + 2.5 * ROW);
    add(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"line-plot\" viewBox=\"0 0 %d %d\""
            + " width=\"%d\" height=\"%d\" role=\"img\" aria-label=\"%s\">",
        content.width(), height, content.width(), height, Markup.escaped(title));
    add("<style>\n%s%s", LIGHT_STYLE, colours(LIGHT, series));
    add(
        "@media (prefers-color-scheme: dark) {\n%s%s}\n</style>",
        DARK_STYLE, colours(DARK, series));
    add("<rect class=\"back\" width=\"%d\" height=\"%d\"/>", content.width(), height);
    text("title", MARGIN, MARGIN + 12, "start", title);
  }

  private static String colours(String[] colours, int series) {
    return Stream.iterate(0, i -> i < Math.min(series, colours.length), i -> i + 1)
        .map(
            i ->
                String.format(
                    ".line-plot .s%d { fill: %s; stroke: %s; }\n", i, colours[i], colours[i]))
        .collect(Collectors.joining());
  }

  /** A line of text, squeezed if it would not fit. */
  private void text(String kind, double at, double base, String anchor, String text) {
    double letter =
        kind.equals("title") ? TITLE_LETTER : kind.equals("mark") ? BOLD_LETTER : LETTER;
    double room = content.width() - MARGIN - (anchor.equals("start") ? at : MARGIN);
    add(
        "<text class=\"%s\" x=\"%.2f\" y=\"%.2f\" text-anchor=\"%s\"%s>%s</text>",
        kind,
        at,
        base,
        anchor,
        letter * text.length() <= room
            ? ""
            : String.format(
                Locale.ROOT, " textLength=\"%.2f\" lengthAdjust=\"spacingAndGlyphs\"", room),
        Markup.escaped(text));
  }

  private void legend(List<Key> keys) {
    for (Key key : keys) {
      double middle = MARGIN + ROW * (1.5 + key.row());
      add(
          "<g class=\"s%d\"><polyline points=\"%.2f,%.2f %.2f,%.2f\"/>%s</g>",
          key.index() % LIGHT.length,
          key.left(),
          middle,
          key.left() + 26,
          middle,
          point(SHAPES[key.index() % SHAPES.length], key.left() + 13, middle, ""));
      text("name", key.left() + 33, middle + 4.5, "start", key.name());
    }
  }

  private static String point(String shape, double left, double top, String content) {
    return String.format(
        Locale.ROOT,
        "<path transform=\"translate(%.2f,%.2f)\" d=\"%s\">%s</path>",
        left,
        top,
        shape,
        content);
  }

  private void axes(String xLabel, String yLabel) {
    for (PlotAxis.Tick tick : y.ticks(Y_TICKS)) {
      double at = y.position(tick.value());
      line("grid", x.from(), at, x.to(), at);
      text("tick", x.from() - 8, at + 4, "end", tick.label());
    }
    for (PlotAxis.Tick tick : x.ticks(Math.max(4, content.width() / X_TICK_WIDTH))) {
      double at = x.position(tick.value());
      line("grid", at, y.from(), at, y.to());
      text("tick", at, y.from() + 18, "middle", tick.label());
    }
    line("axis", x.from(), y.from(), x.to(), y.from());
    line("axis", x.from(), y.from(), x.from(), y.to());
    text("label", MARGIN, y.to() - 10, "start", yLabel);
    text("label", (x.from() + x.to()) / 2, y.from() + 40, "middle", xLabel);
  }

  private void line(String kind, double x1, double y1, double x2, double y2) {
    add(
        "<line class=\"%s\" x1=\"%.2f\" y1=\"%.2f\" x2=\"%.2f\" y2=\"%.2f\"/>",
        kind, x1, y1, x2, y2);
  }

  private void series(int index, LinePlot.Series series) {
    add("<g class=\"s%d\">", index % LIGHT.length);
    if (series.points().size() > 1) {
      add(
          "<polyline points=\"%s\"/>",
          series.points().stream()
              .map(
                  p ->
                      String.format(Locale.ROOT, "%.2f,%.2f", x.position(p.x()), y.position(p.y())))
              .collect(Collectors.joining(" ")));
    }
    String shape = series.points().size() > DENSE ? DOT : SHAPES[index % SHAPES.length];
    for (LinePlot.Point p : series.points()) {
      String said = series.name() + ": " + PlotAxis.text(p.x()) + ", " + PlotAxis.text(p.y());
      String title = "<title>" + Markup.escaped(said) + "</title>";
      svg.append(point(shape, x.position(p.x()), y.position(p.y()), title)).append('\n');
    }
    add("</g>");
  }

  private void division(LinePlot.Division division) {
    if (division.x() <= x.low() || division.x() >= x.high()) {
      return;
    }
    double at = x.position(division.x());
    line("division", at, y.from(), at, y.to());
    text("tick", at + 4, y.to() + 13, "start", division.label());
  }

  private void mark(LinePlot.Mark mark) {
    double left = x.position(mark.point().x());
    double top = y.position(mark.point().y());
    add("<circle class=\"ring\" cx=\"%.2f\" cy=\"%.2f\" r=\"9\"/>", left, top);
    double half =
        Math.min(BOLD_LETTER * mark.label().length() / 2, (x.to() - x.from()) / 2 - INSET);
    double middle = Math.max(x.from() + INSET + half, Math.min(left, x.to() - INSET - half));
    // Below, where the curve of a minimum is not.
    text("mark", middle, top + 25, "middle", mark.label());
  }
}
