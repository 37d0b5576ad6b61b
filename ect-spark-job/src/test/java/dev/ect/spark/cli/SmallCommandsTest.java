package dev.ect.spark.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SmallCommandsTest {
  @TempDir Path folder;

  private static String say(String... arguments) throws Exception {
    return TestRuns.run(line -> {}, List.of(arguments));
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
}
