package dev.ect.spark.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.junit.jupiter.api.Test;

class BenchRowsTest {
  private static final BenchVariant ND4J = new BenchVariant("nd4j", "float32");
  private static final BenchVariant TORCH = new BenchVariant("torch", "float32");
  private static final BenchVariant BFLOAT16 = new BenchVariant("torch", "bfloat16");
  private static final BenchVariant PYTORCH = BenchVariant.pyTorch("float32");

  /** 1 GFLOP per image. */
  private final BenchRows rows =
      new BenchRows("secondsPerStep", row -> 1e9 * row.get("batch").asInt());

  private static ObjectNode row(BenchVariant variant, double seconds, double memory) {
    return new ObjectMapper()
        .createObjectNode()
        .put("engine", variant.engine())
        .put("precision", variant.precision())
        .put("device", "cpu, 2 threads")
        .put("batch", 6)
        .put("secondsPerStep", seconds)
        .put("peakGib", memory);
  }

  private static ObjectNode row(
      BenchVariant variant, double seconds, double memory, double fastest) {
    return row(variant, seconds, memory).put("fastestGflopsPerSecond", fastest);
  }

  private static double number(JsonNode row, String field) {
    return row.get(field).asDouble();
  }

  @Test
  void timesAreMediansOverTheRoundsAndSpeedsFollow() {
    rows.add(ND4J, List.of(row(ND4J, 9, 1.5, 10)));
    rows.add(ND4J, List.of(row(ND4J, 3, 1.25, 20)));
    rows.add(ND4J, List.of(row(ND4J, 2, 1.25, 5)));
    JsonNode row = rows.summary().get(0);
    assertEquals(3, number(row, "secondsPerStep"));
    assertEquals(2, number(row, "imagesPerSecond"));
    assertEquals(2, number(row, "gflopsPerSecond"));
    assertEquals(20, number(row, "fastestGflopsPerSecond"));
    assertEquals(0.1, number(row, "shareOfFastest"), 1e-15);
    assertEquals(1.5, number(row, "peakGib"));
    assertEquals("[9.0,3.0,2.0]", row.get("secondsOfRounds").toString());
  }

  @Test
  void theFastestConvolutionIsThatOfTheNumberFormatOnTheDeviceWhoeverReachedIt() {
    rows.add(ND4J, List.of(row(ND4J, 6, 1, 10)));
    rows.add(TORCH, List.of(row(TORCH, 6, 1, 4)));
    rows.add(PYTORCH, List.of(row(PYTORCH, 3, 1)));
    rows.add(BFLOAT16, List.of(row(BFLOAT16, 1, 1, 12)));
    List<JsonNode> summary = rows.summary();
    assertEquals(
        List.of(0.1, 0.1, 0.2, 0.5),
        summary.stream().map(row -> number(row, "shareOfFastest")).toList());
  }

  @Test
  void whatFailsOnceHasFailed() {
    rows.add(TORCH, List.of(row(TORCH, 6, 1, 4), row(TORCH, 12, 1, 4)));
    assertFalse(rows.failed(TORCH));
    rows.add(TORCH, List.of(row(TORCH, 4, 1, 4), BenchRows.failure(TORCH, "ect: no memory")));
    assertTrue(rows.failed(TORCH));
    assertFalse(rows.failed(ND4J));
    List<JsonNode> summary = rows.summary();
    assertEquals(5, number(summary.get(0), "secondsPerStep"));
    assertEquals("ect: no memory", summary.get(1).get("failure").asText());
    assertEquals(2, summary.size());
  }

  @Test
  void theKernelsOfTheLastRoundStay() throws Exception {
    rows.add(TORCH, List.of(row(TORCH, 6, 1, 4)));
    ObjectNode last = row(TORCH, 6, 1, 4);
    last.putObject("kernels").put("seconds", 7);
    rows.add(TORCH, List.of(last));
    assertEquals(7, rows.summary().get(0).get("kernels").get("seconds").asInt());
  }
}
