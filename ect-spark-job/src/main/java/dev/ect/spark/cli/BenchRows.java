package dev.ect.spark.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ect.spark.report.Timings;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.StreamSupport;

/** Collects the results of a benchmark, round by round, and sums the rounds up. */
final class BenchRows {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String FASTEST = "fastestGflopsPerSecond";

  private final String seconds;
  private final ToDoubleFunction<JsonNode> flops;
  private final Map<BenchVariant, List<ObjectNode>> rows = new LinkedHashMap<>();

  /**
   * @param seconds the field with the measured time
   * @param flops floating-point operations in that time
   */
  BenchRows(String seconds, ToDoubleFunction<JsonNode> flops) {
    this.seconds = seconds;
    this.flops = flops;
  }

  /**
   * Adds the results of a process.
   *
   * @param results in the same order every round; where it failed, the last one has a {@code
   *     failure}
   */
  void add(BenchVariant variant, List<ObjectNode> results) {
    List<ObjectNode> mine = rows.computeIfAbsent(variant, v -> new ArrayList<>());
    for (int i = 0; i < results.size(); i++) {
      ObjectNode result = results.get(i);
      if (i == mine.size()) {
        mine.add(result.deepCopy());
      } else if (failed(result)) {
        mine.set(i, result);
      } else {
        merge(mine.get(i), result);
      }
      if (!failed(result)) {
        mine.get(i).withArray("secondsOfRounds").add(result.get(seconds).asDouble());
      }
    }
  }

  /** Whether a variant has failed in an earlier round. */
  boolean failed(BenchVariant variant) {
    return rows.getOrDefault(variant, List.of()).stream().anyMatch(BenchRows::failed);
  }

  /** Whether a row is a failure. */
  static boolean failed(JsonNode row) {
    return row.has("failure");
  }

  /**
   * The highest peaks of memory and the fastest convolution; all else from the last round, with
   * what only an earlier one has.
   */
  private static void merge(ObjectNode sum, ObjectNode result) {
    for (String field : List.of(FASTEST, "peakGib", "devicePeakGib")) {
      if (sum.has(field) && result.has(field)) {
        result.put(field, Math.max(sum.get(field).asDouble(), result.get(field).asDouble()));
      }
    }
    sum.setAll(result);
  }

  /**
   * One row for each result of each variant: times are medians over the rounds, speeds follow from
   * them, and the fastest convolution is that of any engine on the device in the number format.
   */
  List<JsonNode> summary() {
    List<ObjectNode> all = rows.values().stream().flatMap(Collection::stream).toList();
    Map<String, Double> fastest = new LinkedHashMap<>();
    for (ObjectNode row : all) {
      if (row.has(FASTEST)) {
        fastest.merge(machine(row), row.get(FASTEST).asDouble(), Math::max);
      }
    }
    List<JsonNode> summary = new ArrayList<>();
    for (ObjectNode row : all) {
      if (!failed(row)) {
        ArrayNode rounds = row.withArray("secondsOfRounds");
        double median =
            Timings.median(
                StreamSupport.stream(rounds.spliterator(), false)
                    .mapToDouble(JsonNode::asDouble)
                    .toArray());
        double speed = flops.applyAsDouble(row) / median / 1e9;
        row.put(seconds, median);
        row.put("imagesPerSecond", row.get("batch").asInt() / median);
        row.put("gflopsPerSecond", speed);
        Double best = fastest.get(machine(row));
        if (best != null) {
          row.put(FASTEST, best);
          row.put("shareOfFastest", speed / best);
        }
      }
      summary.add(row);
    }
    return summary;
  }

  /** Processor and number format: their fastest convolution is one. */
  private static String machine(JsonNode row) {
    return row.get("precision").asText() + " " + device(row);
  }

  /** {@code cpu} or {@code cuda:<index>}. */
  static String device(JsonNode row) {
    return row.get("device").asText().replaceFirst(",.*", "");
  }

  /** A row that says why there are no figures. */
  static ObjectNode failure(BenchVariant variant, String reason) {
    return JSON.createObjectNode()
        .put("engine", variant.engine())
        .put("precision", variant.precision())
        .put("failure", reason);
  }
}
