package dev.ect.spark.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ect.model.io.LocalStore;
import dev.ect.model.metrics.CovarianceDivisor;
import dev.ect.model.metrics.FeatureMoments;
import dev.ect.model.metrics.FeatureStatistics;
import dev.ect.model.metrics.FrechetDistance;
import dev.ect.spark.config.UserError;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchCommandsTest {
  private static final List<String> TINY =
      List.of(
          "--batch",
          "2",
          "--resolution",
          "8",
          "network.model-channels=8",
          "network.channel-mult=[1]",
          "network.num-blocks=1",
          "network.attn-resolutions=[4]");

  @TempDir Path folder;

  private static String say(String... arguments) throws Exception {
    return TestRuns.run(line -> {}, List.of(arguments));
  }

  private static List<String> bench(String... more) {
    return tiny(List.of("bench", "step", "--steps", "1", "--rounds", "1"), more);
  }

  private static List<String> benchSample(String... more) {
    return tiny(List.of("bench", "sample", "--batches", "1", "--rounds", "1"), more);
  }

  private static List<String> tiny(List<String> command, String... more) {
    List<String> arguments = new ArrayList<>(command);
    arguments.addAll(TINY);
    arguments.addAll(List.of(more));
    return arguments;
  }

  @Test
  void benchMeasuresTheLastStageWithATeacherForEveryImage() throws Exception {
    String said = TestRuns.run(line -> {}, bench("--here", "--warm-up=0", "engine.name=nd4j"));
    JsonNode result = new ObjectMapper().readTree(said.substring("result ".length()));
    assertTrue(result.get("engine").asText().startsWith("nd4j"), said);
    assertEquals(7, result.get("stage").asInt());
    assertEquals(1.0, result.get("teacherShare").asDouble());
    assertEquals("float32", result.get("forwardPrecision").asText());
    assertTrue(result.get("fastestGflopsPerSecond").asDouble() > 0, said);
  }

  @Test
  void benchSaysWhatItMeasured() throws Exception {
    String said = TestRuns.run(line -> {}, bench("--engine", "nd4j", "--no-pytorch", "--kernels"));
    assertTrue(said.contains("at stage 7, where the teacher runs for 100 % of the images"), said);
    assertEquals(1, said.lines().filter(line -> line.matches("nd4j .* %  .*cpu.*")).count(), said);
    assertTrue(said.lines().noneMatch(line -> line.startsWith("torch ")), said);
    assertTrue(said.contains("nd4j float32: one further step, "), said);
    assertTrue(said.contains("conv2dBackward 3x3 at 8x8 "), said);
    assertFalse(said.contains("PyTorch"), said);
  }

  @Test
  void benchComparesWithPyTorch() throws Exception {
    String python = "/usr/bin/python3";
    assumeTrue(PyTorch.find(List.of(python)).isPresent(), "no PyTorch in " + python);
    String said =
        TestRuns.run(
            line -> {}, bench("--engine=nd4j", "--warm-up=0", "--python=" + python, "--threads=1"));
    assertTrue(said.lines().anyMatch(line -> line.matches("pytorch float32 .*1 thread, .*")), said);
    assertTrue(said.contains(" times as fast as pytorch float32"), said);
  }

  @Test
  void benchMeasuresWhatWasChosenAndFailsIfNothingCouldBe() throws Exception {
    Path json = folder.resolve("bench.json");
    List<String> arguments =
        bench("--engine=nd4j", "--no-pytorch", "engine.precision=bfloat16", "--json=" + json);
    assertThrows(UserError.class, () -> TestRuns.run(line -> {}, arguments));
    JsonNode rows = new ObjectMapper().readTree(Files.readString(json));
    assertEquals(1, rows.size(), rows.toString());
    assertEquals("nd4j", rows.get(0).get("engine").asText());
    assertEquals("bfloat16", rows.get(0).get("precision").asText());
    assertTrue(rows.get(0).has("failure"), rows.toString());
  }

  @Test
  void benchGivesUpAnEngineThatTakesTooLong() throws Exception {
    Path json = folder.resolve("late.json");
    List<String> arguments =
        bench(
            "--engine",
            "nd4j",
            "--no-pytorch",
            "--limit",
            "1",
            "--warm-up",
            "1000000",
            "--json",
            json.toString());
    assertThrows(UserError.class, () -> TestRuns.run(line -> {}, arguments));
    JsonNode rows = new ObjectMapper().readTree(Files.readString(json));
    assertEquals("gave up after 1 s", rows.get(0).get("failure").asText());
  }

  @Test
  void benchDataMeasuresThePartsOfTheWayAndTheWhole() throws Exception {
    Path json = folder.resolve("data.json");
    String said =
        say("bench", "data", "--images=50", "--seconds=0.01", "tuning.batch=16", "--json=" + json);
    assertTrue(said.contains("50 images of 32x32 RGB, batches of 16"), said);
    JsonNode rows = new ObjectMapper().readTree(Files.readString(json));
    int cores = Runtime.getRuntime().availableProcessors();
    List<String> stages = new ArrayList<>();
    for (JsonNode row : rows) {
      if (row.get("threads").asInt() == 1) {
        stages.add((row.get("stage").asText() + " " + row.get("storage").asText()).trim());
      }
      double images = row.get("imagesPerSecond").asDouble();
      assertTrue(images > 0, said);
      assertEquals(
          images / row.get("threads").asInt(), row.get("perThread").asDouble(), 1e-9 * images);
      double bytes = row.get("megabytesPerSecond").asDouble() * 1e6 / images;
      // Such as CIFAR-10's files have when they are compressed.
      assertTrue(bytes == 0 || (bytes > 2000 && bytes < 2500), "bytes per image: " + bytes);
    }
    assertEquals(
        List.of(
            "decode",
            "augment",
            "assemble",
            "read zip",
            "cold zip",
            "warm zip",
            "read folder",
            "cold folder",
            "warm folder"),
        stages);
    assertEquals(cores == 1 ? 9 : 18, rows.size(), said);
  }

  @Test
  void benchDataSaysWhenThereAreFewerImagesThanABatchTakes() throws Exception {
    UserError e =
        assertThrows(UserError.class, () -> say("bench", "data", "--images=5", "tuning.batch=16"));
    assertEquals(
        "found 5 images for batches of 16; expected as many at least: set tuning.batch",
        e.getMessage());
  }

  @Test
  void benchSampleMeasuresOneStepAndThoseThroughTheIntermediateTimes() throws Exception {
    String said =
        TestRuns.run(line -> {}, benchSample("--here", "--mid-t", "1.5,0.25", "engine.name=nd4j"));
    List<JsonNode> results = new ArrayList<>();
    for (String line : said.lines().toList()) {
      results.add(new ObjectMapper().readTree(line.substring("result ".length())));
    }
    assertEquals(2, results.size(), said);
    double[] work = new double[2];
    for (int i = 0; i < 2; i++) {
      JsonNode result = results.get(i);
      double seconds = result.get("secondsPerBatch").asDouble();
      assertEquals("nd4j", result.get("engine").asText());
      assertEquals("float32", result.get("precision").asText());
      assertTrue(result.get("device").asText().startsWith("cpu"), said);
      assertEquals(10_883, result.get("parameters").asLong());
      assertEquals(2, result.get("batch").asInt());
      assertEquals(1, result.get("batches").asInt());
      assertEquals(2, result.get("imagesPerSecond").asDouble() * seconds, 1e-9);
      assertTrue(result.get("peakGib").asDouble() > 0, said);
      // measured last, for its memory not to count
      assertEquals(i == 1, result.has("fastestGflopsPerSecond"), said);
      work[i] = result.get("gflopsPerSecond").asDouble() * seconds;
    }
    assertEquals(1, results.get(0).get("steps").asInt());
    assertEquals("[]", results.get(0).get("midT").toString());
    assertEquals(3, results.get(1).get("steps").asInt());
    assertEquals("[1.5,0.25]", results.get(1).get("midT").toString());
    assertEquals(3, work[1] / work[0], 1e-9);
  }

  @Test
  void benchSampleSaysWhatItMeasured() throws Exception {
    Path json = folder.resolve("bench.json");
    String said =
        TestRuns.run(
            line -> {},
            benchSample(
                "--engine",
                "nd4j",
                "--python",
                "no-such-python",
                "--json",
                json.toString(),
                "data.cond=true"));
    List<String> lines = said.lines().toList();
    assertEquals(5, lines.size(), said);
    assertEquals(
        "PyTorch: left out, not found in no-such-python (Debian's package is python3-torch;"
            + " --python names another Python)",
        lines.get(0));
    assertTrue(lines.get(2).matches("nd4j +float32 +1 .*"), said);
    assertTrue(lines.get(3).matches("nd4j +float32 +2 .*"), said);
    assertEquals(
        "10,971 parameters of random values, batch 2, median of 1 batches after 1, from drawing"
            + " noise to images in memory, 2 steps with mid_t [0.821]; GFLOP/s counts convolutions;"
            + " of fastest: share of the GFLOP/s of the engines' fastest convolution or matrix"
            + " product, counted as a direct convolution and measured afterwards; peak GiB: the"
            + " process's resident memory, before that",
        lines.get(4));
    JsonNode rows = new ObjectMapper().readTree(Files.readString(json));
    assertEquals(2, rows.size(), rows.toString());
    assertEquals(2, rows.get(1).get("steps").asInt());
    for (JsonNode row : rows) {
      double share =
          row.get("gflopsPerSecond").asDouble() / row.get("fastestGflopsPerSecond").asDouble();
      assertEquals(share, row.get("shareOfFastest").asDouble(), 1e-12);
      assertTrue(row.get("kernels").get("kernels").size() > 5, row.toString());
    }
  }

  @Test
  void benchSampleChecksItsOptions() {
    for (List<String> wrong :
        List.of(
            List.of("--batches", "0"),
            List.of("--batch", "0"),
            List.of("--warm-up", "-1"),
            List.of("--rounds", "0"),
            List.of("--mid-t", "80"))) {
      assertThrows(
          UserError.class,
          () -> TestRuns.run(line -> {}, benchSample(wrong.toArray(String[]::new))),
          wrong.toString());
    }
  }

  @Test
  void benchMetricsTimesAnFidOfFeaturesThatOthersCanReadToo() throws Exception {
    Path json = folder.resolve("fid.json");
    Path export = folder.resolve("features");
    String said =
        say(
            "bench",
            "metrics",
            "--images",
            "300",
            "--features",
            "16",
            "--export",
            export.toString(),
            "--json",
            json.toString(),
            "spark.master=local[1]");
    assertTrue(said.contains("FID of 300 x 16 features: "), said);
    JsonNode figures = new ObjectMapper().readTree(json.toFile());
    assertEquals(300L * 16 * 4, Files.size(export.resolve("generated.f32")));
    FeatureStatistics real =
        FeatureStatistics.read(new LocalStore(), export.resolve("real.npz").toString());
    FloatBuffer features =
        ByteBuffer.wrap(Files.readAllBytes(export.resolve("generated.f32")))
            .order(ByteOrder.LITTLE_ENDIAN)
            .asFloatBuffer();
    float[] rows = new float[300 * 16];
    features.get(rows);
    double fid =
        FrechetDistance.between(
            new FeatureMoments().add(rows, 300).statistics(CovarianceDivisor.N), real, 1);
    assertEquals(fid, figures.get("fid").asDouble(), 1e-9);
    assertTrue(figures.get("heapMib").asDouble() > 1, said);
  }

  @Test
  void benchMetricsTimesPrecisionAndRecall() throws Exception {
    String said =
        say(
            "bench",
            "metrics",
            "--pr",
            "--images",
            "200",
            "--features",
            "8",
            "spark.master=local[1]");
    assertTrue(said.contains("comparing: 3 pairs of blocks in "), said);
    assertTrue(
        said.contains("precision and recall of 200 against 200 images of 8 features: "), said);
  }
}
