package dev.ect.spark.report.page;

import dev.ect.model.tuning.EctLoss;
import dev.ect.spark.config.ObjectiveConfig;
import dev.ect.spark.report.StatsLine;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The numbers behind the curves. */
final class TickTables {
  /** Ticks in the table, at most. */
  private static final int MOST = 200;

  /** A large noise level, where the mapping no longer matters. */
  private static final double COARSE = 10;

  private TickTables() {}

  /** The stages of the schedule that the run has come to. */
  static void stages(RunData run, Html html) {
    Map<Integer, StatsLine> first = new LinkedHashMap<>();
    Map<Integer, StatsLine> last = new LinkedHashMap<>();
    StatsLine before = null;
    Map<Integer, Double> from = new LinkedHashMap<>();
    for (StatsLine tick : run.stats().ticks()) {
      from.putIfAbsent(tick.stage(), before == null ? 0 : before.kimg());
      first.putIfAbsent(tick.stage(), tick);
      last.put(tick.stage(), tick);
      before = tick;
    }
    boolean tuning =
        run.objective().map(o -> o.kind() == ObjectiveConfig.Kind.TUNING).orElse(false);
    if (first.isEmpty() || !tuning) {
      return;
    }
    ObjectiveConfig objective = run.objective().orElseThrow();
    double median = Math.exp(objective.pMean());
    html.add("<h3>Stages</h3>");
    html.add(
        "<p>Each stage shrinks the gap between the student's noise level t and the teacher's,"
            + " r = max(0, t (1 - n(t) / q^(stage + 1))), with q = %s.</p>",
        Html.number(objective.q()));
    html.raw("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Stages\"><table>");
    html.head(
        "stage",
        "from kimg",
        "q^(stage + 1)",
        "r / t at the median t, " + Html.number(median),
        "r / t at t = " + Html.number(COARSE),
        "loss, first tick",
        "loss, last tick");
    first.forEach(
        (stage, tick) -> {
          EctLoss loss = (EctLoss) objective.loss(stage);
          html.row(
              String.valueOf(stage),
              Html.number(from.get(stage)),
              Html.number(Math.pow(objective.q(), stage + 1)),
              Html.number(loss.r(median) / median),
              Html.number(loss.r(COARSE) / COARSE),
              Html.number(tick.loss()),
              Html.number(last.get(stage).loss()));
        });
    html.raw("</table></div>\n");
  }

  /** The ticks. */
  static void ticks(List<StatsLine> all, Html html) {
    if (all.isEmpty()) {
      return;
    }
    List<StatsLine> shown = Spread.of(all, MOST);
    html.add("<details><summary>Values of the curves as a table</summary>");
    if (shown.size() < all.size()) {
      html.add(
          "<p>%d of %d ticks, evenly spread; all are in stats.jsonl.</p>",
          shown.size(), all.size());
    }
    html.raw(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Ticks\">"
            + "<table id=\"ticks\">");
    html.head(
        "tick",
        "kimg",
        "step",
        "stage",
        "loss",
        "images/s",
        "waiting for images, %",
        "seconds",
        "checkpoint, s",
        "memory, GiB",
        "executors");
    for (StatsLine tick : shown) {
      html.row(
          String.valueOf(tick.tick()),
          Html.number(tick.kimg()),
          String.valueOf(tick.step()),
          String.valueOf(tick.stage()),
          Html.number(tick.loss()),
          Html.number(tick.number("images_per_second")),
          Html.number(100 * tick.number("dataWait")),
          Html.number(tick.number("seconds")),
          Html.number(tick.phases().checkpointSeconds()),
          Html.number(tick.number("residentGib")),
          Html.number(tick.number("executors")));
    }
    html.raw("</table></div></details>\n");
  }
}
