package dev.ect.spark.report.page;

import dev.ect.spark.report.LinePlot;
import dev.ect.spark.report.MetricFiles;
import dev.ect.spark.report.MetricLine;
import dev.ect.spark.report.Phase;
import dev.ect.spark.report.StatsLine;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** Curves over the images that a run has seen. */
final class Curves {
  private static final String X = "thousand images seen (kimg)";
  private static final int WIDE = 1160;
  private static final int NARROW = 440;

  /** Points of a curve on the page, at most. */
  private static final int MOST_POINTS = 400;

  /** A ratio of values from which on a logarithmic axis shows more. */
  private static final double LOGARITHMIC = 10;

  private static final String LOSS = "Loss";
  private static final String OTHER = "Stats/";
  private static final String TWO_STEP = "two_step_";

  private final List<StatsLine> ticks;
  private final Html html;

  Curves(List<StatsLine> ticks, Html html) {
    this.ticks = ticks;
    this.html = html;
  }

  /** A curve with its name in the legend. */
  private record Curve(String name, List<Spread.Point> points) {}

  private Curve curve(String name, ToDoubleFunction<StatsLine> value) {
    return new Curve(
        name, ticks.stream().map(t -> new Spread.Point(t.kimg(), value.applyAsDouble(t))).toList());
  }

  /** The loss, with the stages of the schedule. */
  void loss() {
    figure(LOSS, "mean loss of a tick", true, List.of(curve("loss", StatsLine::loss)));
  }

  /** What else the ticks say. */
  void others() {
    figure(
        "Throughput",
        "images per second",
        false,
        List.of(curve("images/s", t -> t.number("images_per_second"))));
    boolean several = ticks.stream().anyMatch(t -> t.number("executors") > 1);
    List<Curve> waits = new ArrayList<>();
    waits.add(curve(several ? "mean" : "waiting", t -> 100 * t.number("dataWait")));
    if (several) {
      waits.add(curve("executor that waited most", t -> 100 * t.number("worstDataWait")));
    }
    figure("Waiting for images", "% of the steps' time", false, waits);
    List<Curve> phases = new ArrayList<>();
    for (Phase phase : Phase.values()) {
      if (phase != Phase.CHECKPOINT) {
        phases.add(curve(phase.id(), t -> 100 * t.phases().share(phase)));
      }
    }
    figure("Phases, mean of executors", "% of the steps' time", false, phases);
    figure(
        "Memory, largest executor",
        "resident memory, GiB",
        false,
        List.of(
            curve("at the tick's end", t -> t.number("residentGib")),
            curve("highest so far", t -> t.number("peakGib"))));
    ticks.stream()
        .flatMap(t -> t.scalars().keySet().stream())
        .filter(name -> name.startsWith(OTHER))
        .distinct()
        .map(name -> name.substring(OTHER.length()))
        .forEach(key -> figure(key, key, false, List.of(curve(key, t -> t.number(key)))));
  }

  /** Results that there are several of: one and two steps of a metric together. */
  void metrics(MetricFiles metrics) {
    Map<String, Map<String, List<Spread.Point>>> figures = new LinkedHashMap<>();
    for (MetricFiles.Result result : metrics.results()) {
      MetricLine best = result.best();
      if (best.images() < 0) {
        continue;
      }
      best.results()
          .forEach(
              (name, value) ->
                  figures
                      .computeIfAbsent(name.replace(TWO_STEP, ""), n -> new LinkedHashMap<>())
                      .computeIfAbsent(
                          name.startsWith(TWO_STEP) ? "two steps" : "one step",
                          n -> new ArrayList<>())
                      .add(new Spread.Point(best.kimg(), value)));
    }
    figures.forEach(
        (name, curves) -> {
          if (curves.values().stream().anyMatch(points -> points.size() > 1)) {
            List<Curve> all = new ArrayList<>();
            curves.forEach((steps, points) -> all.add(new Curve(steps, points)));
            figure(name, name, false, all);
          }
        });
  }

  /**
   * A figure; the wide kind is drawn twice, for wide and for narrow windows, so that its text stays
   * readable.
   */
  private void figure(String title, String y, boolean wide, List<Curve> curves) {
    List<Curve> shown = new ArrayList<>();
    long all = 0;
    long gone = 0;
    for (Curve curve : curves) {
      List<Spread.Point> finite =
          curve.points.stream().filter(p -> Double.isFinite(p.y())).toList();
      all = Math.max(all, curve.points.size());
      gone = Math.max(gone, curve.points.size() - finite.size());
      shown.add(new Curve(curve.name, Spread.extremes(finite, MOST_POINTS)));
    }
    if (shown.stream().allMatch(curve -> curve.points.isEmpty())) {
      html.add("<p>%s: no tick has a finite value yet.</p>", title);
      return;
    }
    html.add("<figure class=\"%s\">", wide ? "chart all" : "chart");
    if (wide) {
      html.raw("<div class=\"wide\">").raw(svg(title, y, WIDE, shown)).raw("</div>");
      html.raw("<div class=\"narrow\">").raw(svg(title, y, NARROW, shown)).raw("</div>");
    } else {
      html.raw(svg(title, y, NARROW, shown));
    }
    html.raw("<figcaption>");
    html.raw("<output>Point at the curve, or focus it and press the arrow keys.</output>");
    if (all > MOST_POINTS) {
      html.add(" Shown are %d points of %d ticks, peaks kept.", MOST_POINTS, all);
    }
    if (gone > 0) {
      html.add(" Not shown: %d ticks whose value is no finite number.", gone);
    }
    html.raw("</figcaption></figure>\n");
  }

  private String svg(String title, String y, int width, List<Curve> curves) {
    boolean logarithmic = title.equals(LOSS) && isWide(curves);
    LinePlot plot = LinePlot.of(title, X, logarithmic ? y + " (logarithmic)" : y).width(width);
    plot = logarithmic ? plot.logY() : plot;
    for (Curve curve : curves) {
      plot =
          plot.series(
              curve.name,
              curve.points.stream().mapToDouble(Spread.Point::x).toArray(),
              curve.points.stream().mapToDouble(Spread.Point::y).toArray());
    }
    if (title.equals(LOSS)) {
      for (int i = 1; i < ticks.size(); i++) {
        if (ticks.get(i).stage() != ticks.get(i - 1).stage()) {
          String label = "stage " + ticks.get(i).stage();
          plot = plot.division(ticks.get(i - 1).kimg(), label);
        }
      }
    }
    return plot.svg();
  }

  private static boolean isWide(List<Curve> curves) {
    double least = Double.POSITIVE_INFINITY;
    double most = 0;
    for (Curve curve : curves) {
      for (Spread.Point p : curve.points) {
        least = Math.min(least, p.y());
        most = Math.max(most, p.y());
      }
    }
    return least > 0 && most / least > LOGARITHMIC;
  }
}
