package dev.ect.spark.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

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

class SmallCommandsTest {
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
    return tiny(List.of("bench", "step", "--steps", "1"), more);
  }

  private static List<String> benchSample(String... more) {
    return tiny(List.of("bench", "sample", "--batches", "1"), more);
  }

  private static List<String> tiny(List<String> command, String... more) {
    List<String> arguments = new ArrayList<>(command);
    arguments.addAll(TINY);
    arguments.addAll(List.of(more));
    return arguments;
  }

  @Test
  void versionNamesWhatIsInstalled() throws Exception {
    String said = say("version");
    for (String line : List.of("ect ", "java ", "spark ", "system ", "engine nd4j ")) {
      assertTrue(said.lines().anyMatch(l -> l.startsWith(line)), line + " is not in: " + said);
    }
    assertTrue(said.contains(Runtime.version().toString()), said);
  }

  @Test
  void datasetInfoSaysWhatItHolds() throws Exception {
    String set = folder.resolve("set.zip").toString();
    say("dataset", "synthesize", "--size", "8", "--count", "12", "--grey", "--out", set);
    List<String> lines = say("dataset", "info", set).lines().toList();
    assertEquals("path     " + set, lines.get(0));
    assertEquals("storage  zip", lines.get(1));
    assertEquals("images   12", lines.get(2));
    assertTrue(lines.get(3).startsWith("shape    "), lines.get(3));
    assertEquals(
        "labels   10 classes, images per class {0=2, 1=2, 2=1, 3=1, 4=1, 5=1, 6=1, 7=1, 8=1, 9=1}",
        lines.get(4));
  }

  @Test
  void benchMeasuresTheLastStageWithATeacherForEveryImage() throws Exception {
    String said = TestRuns.run(line -> {}, bench("--here", "engine.name=nd4j"));
    JsonNode result = new ObjectMapper().readTree(said.substring("result ".length()));
    assertTrue(result.get("engine").asText().startsWith("nd4j"), said);
    assertEquals(7, result.get("stage").asInt());
    assertEquals(1.0, result.get("teacherShare").asDouble());
  }

  @Test
  void benchSaysWhatItMeasured() throws Exception {
    String said = TestRuns.run(line -> {}, bench("--engine", "nd4j"));
    assertTrue(said.contains("at stage 7, where the teacher runs for 100 % of the images"), said);
    assertEquals(1, said.lines().filter(line -> line.startsWith("nd4j ")).count(), said);
    assertTrue(said.lines().noneMatch(line -> line.startsWith("torch ")), said);
  }

  @Test
  void benchMeasuresWhatWasChosenAndFailsIfNothingCouldBe() throws Exception {
    Path json = folder.resolve("bench.json");
    List<String> arguments =
        bench("--engine", "nd4j", "engine.precision=bfloat16", "--json", json.toString());
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
            "--engine", "nd4j", "--limit", "1", "--warm-up", "1000000", "--json", json.toString());
    assertThrows(UserError.class, () -> TestRuns.run(line -> {}, arguments));
    JsonNode rows = new ObjectMapper().readTree(Files.readString(json));
    assertEquals("gave up after 1 s", rows.get(0).get("failure").asText());
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
            benchSample("--engine", "nd4j", "--json", json.toString(), "data.cond=true"));
    List<String> lines = said.lines().toList();
    assertEquals(4, lines.size(), said);
    assertTrue(lines.get(1).matches("nd4j +float32 +1 .*"), said);
    assertTrue(lines.get(2).matches("nd4j +float32 +2 .*"), said);
    assertEquals(
        "10,971 parameters of random values, batch 2, median of 1 batches after 1, from drawing"
            + " noise to images in memory, 2 steps with mid_t [0.821]; GFLOP/s counts convolutions,"
            + " peak GiB is the process's resident memory",
        lines.get(3));
    JsonNode rows = new ObjectMapper().readTree(Files.readString(json));
    assertEquals(2, rows.size(), rows.toString());
    assertEquals(2, rows.get(1).get("steps").asInt());
  }

  @Test
  void benchSampleChecksItsOptions() {
    for (List<String> wrong :
        List.of(
            List.of("--batches", "0"),
            List.of("--batch", "0"),
            List.of("--warm-up", "-1"),
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
