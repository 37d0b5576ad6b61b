package dev.ect.spark.evaluation;

import dev.ect.model.metrics.MetricFamily;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The table at the end of an evaluation: a line per number, with what decides it. Of several
 * repeats the best one counts, by the first number of the metric: the least distance, the greatest
 * score.
 */
public final class ResultTable {
  private ResultTable() {}

  /** The lines for a network. */
  public static List<String> of(Evaluation evaluation, EvaluationPlan plan) {
    Map<Measurement, List<Measured>> repeats = new LinkedHashMap<>();
    for (Measured each : evaluation.measured()) {
      repeats.computeIfAbsent(each.measurement(), key -> new ArrayList<>()).add(each);
    }
    List<String> lines = new ArrayList<>();
    lines.add(
        String.format(
            "network    %s (weights sha256 %.12s)",
            evaluation.network(), evaluation.weightsSha256()));
    for (Map.Entry<Measurement, List<Measured>> each : repeats.entrySet()) {
      Measured best = best(each.getValue());
      for (String name : best.values().keySet()) {
        lines.add(line(name, best, each.getValue(), plan));
      }
    }
    lines.add("detectors  " + evaluation.detectors());
    lines.add(
        String.format(
            "images     truncated to 8 bits, labels: %s; %s, %d at once",
            evaluation.labels(), evaluation.engine(), evaluation.batch()));
    return lines;
  }

  private static boolean isDistance(MetricFamily family) {
    return family.isFrechet() || family == MetricFamily.KID;
  }

  private static Measured best(List<Measured> repeats) {
    Comparator<Measured> byFirst =
        Comparator.comparingDouble(each -> each.values().values().iterator().next());
    MetricFamily family = repeats.get(0).measurement().metric().family();
    return repeats.stream().min(isDistance(family) ? byFirst : byFirst.reversed()).orElseThrow();
  }

  private static String line(
      String name, Measured best, List<Measured> repeats, EvaluationPlan plan) {
    Measurement measurement = best.measurement();
    MetricFamily family = measurement.metric().family();
    StringBuilder text = new StringBuilder();
    if (repeats.size() > 1) {
      boolean first = name.equals(best.values().keySet().iterator().next());
      text.append(!first ? "of " : isDistance(family) ? "least of " : "greatest of ");
      text.append(
          String.join(" ", repeats.stream().map(each -> number(each.values().get(name))).toList()));
      text.append("; ");
    }
    text.append(String.format(Locale.ROOT, "%,d images", measurement.metric().count()));
    if (family.needsReal() && best.realImages() > 0) {
      text.append(String.format(Locale.ROOT, " against %,d", best.realImages()));
    }
    text.append(measurement.midT().isEmpty() ? ", one step" : ", mid_t " + mid(measurement));
    if (family.isFrechet()) {
      text.append(", divisor ").append(plan.divisor(family).id());
    }
    double value = best.values().get(name);
    return String.format(Locale.ROOT, "%-30s %12s  %s", name, number(value), text);
  }

  private static String mid(Measurement measurement) {
    return String.join(" ", measurement.midT().stream().map(String::valueOf).toList());
  }

  /** A result with as many digits as make sense. */
  public static String number(double value) {
    return String.format(Locale.ROOT, Math.abs(value) < 0.1 ? "%.6f" : "%.4f", value);
  }
}
