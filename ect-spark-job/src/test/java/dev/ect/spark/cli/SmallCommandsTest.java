package dev.ect.spark.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ect.spark.config.UserError;
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
          "--steps",
          "1",
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
    List<String> arguments = new ArrayList<>(List.of("bench", "step"));
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
}
