package dev.ect.spark.report;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/** Draws a {@link TrainingTimeline}: a lane per replica, time to the right, shares upwards. */
final class TimelinePage {
  private static final int LEFT = 190;
  private static final int WIDTH = 1000;
  private static final int LANE = 80;
  private static final int GAP = 14;
  private static final int AXIS = 30;
  private static final int MOST_MARKS = 8;

  /** Seconds between marks of the time axis. */
  private static final int[] MARKS = {
    1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400, 172_800,
    604_800
  };

  /** From the bottom up. */
  private static final List<Phase> STACK =
      List.of(
          Phase.COMPUTE, Phase.UPDATE, Phase.READ, Phase.EXCHANGE, Phase.WAIT, Phase.CHECKPOINT);

  /** Okabe and Ito's, which people with any kind of colour vision can tell apart. */
  private static final Map<Phase, String> COLOURS =
      Map.of(
          Phase.COMPUTE, "#009e73",
          Phase.UPDATE, "#0072b2",
          Phase.READ, "#56b4e9",
          Phase.EXCHANGE, "#e69f00",
          Phase.WAIT, "#cc79a7",
          Phase.CHECKPOINT, "#999999");

  private static final String STYLE =
      """
      body { font: 14px system-ui, sans-serif; color: #222; background: #fff; margin: 24px; }
      h1 { font-size: 20px; margin: 0 0 4px; }
      p { margin: 4px 0 12px; color: #555; max-width: 1190px; }
      .key { display: inline-block; margin: 0 18px 10px 0; }
      .key i { display: inline-block; width: 12px; height: 12px; margin-right: 6px; }
      text { font-size: 12px; fill: #222; }
      .mark { stroke: #ccc; }
      rect { shape-rendering: crispEdges; }
      table { border-collapse: collapse; margin-top: 18px; font-variant-numeric: tabular-nums; }
      th, td { padding: 3px 14px 3px 0; text-align: right; border-bottom: 1px solid #ddd; }
      th { font-weight: 600; }
      .name { text-align: left; }
      @media (max-width: 700px) {
        body { margin: 12px; }
        h1 { font-size: 15px; overflow-wrap: anywhere; }
        .key { margin-right: 10px; }
      }
      @media (prefers-color-scheme: dark) {
        body { color: #e6e6e6; background: #16181d; }
        p { color: #b3b8c0; }
        text { fill: #e6e6e6; }
        .mark { stroke: #3a3f48; }
        th, td { border-color: #3a3f48; }
      }
      """;

  private final StringBuilder html = new StringBuilder();
  private final List<TrainingTimeline.Lane> lanes;
  private final long start;
  private final double millisPerPixel;

  private TimelinePage(List<TrainingTimeline.Lane> lanes) {
    this.lanes = lanes;
    start = columns(lanes).mapToLong(TrainingTimeline.Column::startMillis).min().orElse(0);
    long end = columns(lanes).mapToLong(TrainingTimeline.Column::endMillis).max().orElse(0);
    millisPerPixel = Math.max(1, end - start) / (double) WIDTH;
  }

  private static Stream<TrainingTimeline.Column> columns(List<TrainingTimeline.Lane> lanes) {
    return lanes.stream().flatMap(lane -> lane.columns().stream());
  }

  /**
   * The whole page.
   *
   * @param title of the run
   * @param lanes by rank; their columns by time
   */
  static String html(String title, List<TrainingTimeline.Lane> lanes) {
    TimelinePage page = new TimelinePage(lanes);
    page.head(title);
    if (!lanes.isEmpty()) {
      page.chart();
      page.table();
    }
    page.html.append("</body></html>\n");
    return page.html.toString();
  }

  private void add(String format, Object... values) {
    html.append(String.format(Locale.ROOT, format, values)).append('\n');
  }

  private void head(String title) {
    add("<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">");
    add("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
    add("<meta name=\"color-scheme\" content=\"light dark\">");
    add("<title>Timeline of %s</title><style>", Markup.escaped(title));
    html.append(STYLE);
    add("</style></head><body><h1>Timeline of %s</h1>", Markup.escaped(title));
    if (lanes.isEmpty()) {
      add("<p>No tick has ended yet.</p>");
      return;
    }
    add(
        "<p>A lane per replica, from %s. Each column is a tick, or several of a long run; its"
            + " height is divided by what the time went to. Gaps are time between ticks. Point at"
            + " a column for its numbers.</p>",
        Instant.ofEpochMilli(start).truncatedTo(ChronoUnit.SECONDS));
    for (Phase phase : STACK) {
      add(
          "<span class=\"key\"><i style=\"background:%s\"></i>%s</span>",
          COLOURS.get(phase), phase.id());
    }
  }

  private void chart() {
    int height = lanes.size() * (LANE + GAP) + AXIS;
    add(
        "<svg width=\"%d\" height=\"%d\" role=\"img\" aria-label=\"phases over time\"><style>",
        LEFT + WIDTH + 60, height);
    STACK.forEach(p -> add(".%s { fill: %s; }", p.id(), COLOURS.get(p)));
    add("</style>");
    marks(height - AXIS);
    int y = 0;
    for (TrainingTimeline.Lane lane : lanes) {
      add("<text x=\"0\" y=\"%d\">rank %d</text>", y + LANE / 2 - 4, lane.rank());
      add("<text x=\"0\" y=\"%d\">%s</text>", y + LANE / 2 + 12, Markup.escaped(lane.place()));
      for (TrainingTimeline.Column column : lane.columns()) {
        column(column, y);
      }
      y += LANE + GAP;
    }
    add("</svg>");
  }

  private void marks(int bottom) {
    double seconds = millisPerPixel * WIDTH / 1000;
    int step = MARKS[MARKS.length - 1];
    for (int i = MARKS.length - 1; i >= 0 && seconds / MARKS[i] <= MOST_MARKS; i--) {
      step = MARKS[i];
    }
    for (long s = 0; s <= seconds; s += step) {
      double x = LEFT + s * 1000 / millisPerPixel;
      add("<line class=\"mark\" x1=\"%.1f\" x2=\"%.1f\" y1=\"0\" y2=\"%d\"/>", x, x, bottom);
      add(
          "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>",
          x, bottom + 18, RunLog.duration((double) s));
    }
  }

  private void column(TrainingTimeline.Column column, int top) {
    double total = column.phases().total();
    if (total <= 0) {
      return;
    }
    // Whole pixels: neighbours meet at the same one.
    long x = x(column.startMillis());
    long width = Math.max(1, x(column.endMillis()) - x);
    // A gap between columns that are wide enough to be told apart.
    long drawn = width > 6 ? width - 1 : width;
    add("<g><title>%s</title>", said(column));
    double below = 0;
    for (Phase phase : STACK) {
      long bottom = top + LANE - Math.round(LANE * below / total);
      below += column.phases().seconds(phase);
      long upper = top + LANE - Math.round(LANE * below / total);
      if (upper < bottom) {
        add(
            "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>",
            phase.id(), x, upper, drawn, bottom - upper);
      }
    }
    add("</g>");
  }

  private long x(long millis) {
    return LEFT + Math.round((millis - start) / millisPerPixel);
  }

  private static String said(TrainingTimeline.Column column) {
    String ticks =
        column.firstTick() == column.lastTick()
            ? "tick " + column.firstTick()
            : "ticks " + column.firstTick() + " to " + column.lastTick();
    return String.format(
        Locale.ROOT,
        "%s, %s: %s; checkpoint %.1fs",
        ticks,
        RunLog.duration((column.endMillis() - column.startMillis()) / 1000.0),
        column.phases().shares(),
        column.phases().checkpointSeconds());
  }

  private void table() {
    add("<table><tr><th>rank</th><th class=\"name\">executor</th><th>total</th>");
    STACK.forEach(p -> add("<th>%s</th>", p.id()));
    add("</tr>");
    for (TrainingTimeline.Lane lane : lanes) {
      double total = lane.total().total();
      add(
          "<tr><td>%d</td><td class=\"name\">%s</td><td>%s</td>",
          lane.rank(), Markup.escaped(lane.place()), RunLog.duration(total));
      for (Phase phase : STACK) {
        double seconds = lane.total().seconds(phase);
        add("<td>%.1fs, %.1f%%</td>", seconds, total > 0 ? 100 * seconds / total : 0);
      }
      add("</tr>");
    }
    add("</table>");
  }
}
