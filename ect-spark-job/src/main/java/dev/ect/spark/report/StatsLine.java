package dev.ect.spark.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A line of {@code stats.jsonl}: a tick, as whoever draws or passes it on sees it.
 *
 * @param tick number, from 0
 * @param step optimiser steps done at its end
 * @param images images processed at its end
 * @param numbers every number in the line, by its key; NaN and infinities among them
 */
public record StatsLine(long tick, long step, long images, Map<String, Double> numbers) {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final double KILO = 1000;

  /** Names for which EDM and StyleGAN have other ones, as they show them to TensorBoard. */
  private static final Map<String, String> SCALARS = scalarNames();

  private static Map<String, String> scalarNames() {
    Map<String, String> names = new LinkedHashMap<>();
    names.put("loss", "Loss/loss");
    names.put("stage", "Loss/stage");
    names.put("tick", "Progress/tick");
    names.put("kimg", "Progress/kimg");
    names.put("step", "Progress/step");
    names.put("seconds", "Timing/sec_per_tick");
    names.put("images_per_second", "Timing/images_per_sec");
    names.put("checkpointSeconds", "Timing/maintenance_sec");
    names.put("readSeconds", "Timing/read_sec");
    names.put("computeSeconds", "Timing/compute_sec");
    names.put("exchangeSeconds", "Timing/exchange_sec");
    names.put("waitSeconds", "Timing/wait_sec");
    names.put("updateSeconds", "Timing/update_sec");
    names.put("dataWait", "Timing/data_wait_share");
    names.put("worstDataWait", "Timing/worst_data_wait_share");
    names.put("residentGib", "Resources/cpu_mem_gb");
    names.put("peakGib", "Resources/peak_cpu_mem_gb");
    names.put("executors", "Resources/executors");
    // What they are is said elsewhere, or they are the axes.
    names.put("images", "");
    names.put("steps", "");
    names.put("lossImages", "");
    names.put("startMillis", "");
    names.put("timestamp", "");
    return names;
  }

  /** Understands a line; empty if it is none, such as one that is written only partly. */
  public static Optional<StatsLine> parse(String line) {
    try {
      return of(JSON.readTree(line));
    } catch (JsonProcessingException e) {
      return Optional.empty();
    }
  }

  private static Optional<StatsLine> of(JsonNode json) {
    if (!json.path("tick").isIntegralNumber()
        || !json.path("step").isIntegralNumber()
        || !json.path("images").isIntegralNumber()) {
      return Optional.empty();
    }
    Map<String, Double> numbers = new LinkedHashMap<>();
    json.properties()
        .forEach(field -> number(field.getValue()).ifPresent(n -> numbers.put(field.getKey(), n)));
    return Optional.of(
        new StatsLine(
            json.get("tick").asLong(),
            json.get("step").asLong(),
            json.get("images").asLong(),
            numbers));
  }

  /** JSON has no NaN and no infinity: they are written as strings. */
  static Optional<Double> number(JsonNode node) {
    if (node.isNumber()) {
      return Optional.of(node.asDouble());
    }
    return switch (node.asText()) {
      case "NaN" -> Optional.of(Double.NaN);
      case "Infinity" -> Optional.of(Double.POSITIVE_INFINITY);
      case "-Infinity" -> Optional.of(Double.NEGATIVE_INFINITY);
      default -> Optional.empty();
    };
  }

  /** A number by its key; NaN where the line has none. */
  public double number(String key) {
    return numbers.getOrDefault(key, Double.NaN);
  }

  /** Thousand images processed at the tick's end. */
  public double kimg() {
    return images / KILO;
  }

  /** Mean loss. */
  public double loss() {
    return number("loss");
  }

  /** Stage of the loss at the tick's end, from 0. */
  public int stage() {
    return numbers.getOrDefault("stage", 0.0).intValue();
  }

  /** Milliseconds since 1970 at which the tick was reported. */
  public long timeMillis() {
    return Math.round(numbers.getOrDefault("timestamp", 0.0) * KILO);
  }

  /** Seconds of its phases. */
  public Phases phases() {
    return Phases.of(phase -> numbers.getOrDefault(phase.id() + "Seconds", 0.0));
  }

  /** Under the names that users of TensorBoard know from EDM; others under {@code Stats/}. */
  public Map<String, Double> scalars() {
    Map<String, Double> scalars = new LinkedHashMap<>();
    numbers.forEach(
        (key, value) -> {
          String name = SCALARS.getOrDefault(key, "Stats/" + key);
          if (!name.isEmpty()) {
            scalars.put(name, value);
          }
        });
    return scalars;
  }
}
