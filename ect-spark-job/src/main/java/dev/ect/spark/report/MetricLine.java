package dev.ect.spark.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ect.model.metrics.Metric;
import dev.ect.model.metrics.MetricFamily;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A line of {@code metric-<name>.jsonl}: what one evaluation found.
 *
 * @param metric its name, such as {@code fid50k_full}
 * @param results values by name; never empty
 * @param kimg thousand images of the training so far; NaN where the line does not say
 * @param network file that was evaluated
 * @param repeat number of the evaluation, from 0
 * @param midT intermediate times, as JSON
 * @param json the whole line
 */
public record MetricLine(
    String metric,
    Map<String, Double> results,
    double kimg,
    String network,
    int repeat,
    String midT,
    JsonNode json) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Understands a line; empty if it is none, such as one that is written only partly. */
  public static Optional<MetricLine> parse(String line) {
    JsonNode json;
    try {
      json = JSON.readTree(line);
    } catch (JsonProcessingException e) {
      return Optional.empty();
    }
    Map<String, Double> results = new LinkedHashMap<>();
    json.path("results")
        .properties()
        .forEach(
            field ->
                StatsLine.number(field.getValue())
                    .ifPresent(value -> results.put(field.getKey(), value)));
    if (results.isEmpty() || !json.path("metric").isTextual()) {
      return Optional.empty();
    }
    return Optional.of(
        new MetricLine(
            json.get("metric").textValue(),
            results,
            StatsLine.number(json.path("kimg")).orElse(Double.NaN),
            json.path("network").asText(),
            json.path("repeat").asInt(),
            json.path("mid_t").toString(),
            json));
  }

  /** The number by which repeats are compared: the first one. */
  public double value() {
    return results.values().iterator().next();
  }

  /** Images processed until then; -1 where the line does not say. */
  public long images() {
    return Double.isNaN(kimg) ? -1 : Math.round(kimg * 1000);
  }

  /** Seconds since 1970 at which it was found. */
  public double timestamp() {
    return json.path("timestamp").asDouble();
  }

  /** Whether less is better: of distances, not of scores. */
  public boolean isDistance() {
    try {
      MetricFamily family = Metric.of(metric).family();
      return family.isFrechet() || family == MetricFamily.KID;
    } catch (IllegalArgumentException e) {
      return true;
    }
  }

  /** Whether it is better than another line of the same metric. */
  public boolean isBetterThan(MetricLine other) {
    return isDistance() ? value() < other.value() : value() > other.value();
  }
}
