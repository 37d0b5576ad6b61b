package dev.ect.spark.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.model.dataset.DatasetOptions;
import dev.ect.model.dataset.EdmDataset;
import dev.ect.model.dataset.ImageShape;
import dev.ect.model.io.LocalStore;
import dev.ect.spark.config.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConvertTest {
  /** Nine PNGs of different sizes, of which five are wide and high enough for 32x24. */
  private static final Path IMAGES = Path.of("ect-model/src/test/resources/convert/images");

  private static final Path CIFAR =
      Path.of("ect-model/src/test/resources/convert/cifar-10-python.tar.gz");
  private static final List<String> ON_EXECUTORS =
      List.of("--executors", "2", "spark.master=local[2]");

  @TempDir Path folder;

  private static String convert(Object source, Object dest, String... more) throws Exception {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "dataset", "convert", "--source", source.toString(), "--dest", dest.toString()));
    arguments.addAll(List.of(more));
    return TestRuns.run(line -> {}, arguments);
  }

  private static String[] wide(List<String> more) {
    List<String> all =
        new ArrayList<>(List.of("--transform", "center-crop-wide", "--resolution", "32x24"));
    all.addAll(more);
    return all.toArray(String[]::new);
  }

  private List<String> left() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> String.valueOf(file.getFileName())).sorted().toList();
    }
  }

  @Test
  void executorsGiveTheSameBytesAsThisProcess() throws Exception {
    Path here = folder.resolve("here.zip");
    Path there = folder.resolve("there.zip");
    String said = convert(IMAGES, here, wide(List.of()));
    assertTrue(
        said.lines()
            .anyMatch(
                line ->
                    line.matches(
                        "wrote .*here\\.zip: 5 images of 32x32 RGB, no labels, 4 skipped as too small;"
                            + " [0-9.]+ s, [0-9.]+ images/s")),
        said);
    convert(IMAGES, there, wide(ON_EXECUTORS));
    assertArrayEquals(Files.readAllBytes(here), Files.readAllBytes(there));
    Path inFolder = folder.resolve("here");
    Path onExecutors = folder.resolve("there");
    convert(IMAGES, inFolder, wide(List.of()));
    convert(IMAGES, onExecutors, wide(ON_EXECUTORS));
    Map<String, String> files = TestRuns.contents(inFolder);
    assertEquals(6, files.size());
    assertEquals(files, TestRuns.contents(onExecutors));
    Path zipped = folder.resolve("again.zip");
    convert(inFolder, zipped, "--max-images", "3");
    try (EdmDataset dataset =
        EdmDataset.open(new LocalStore(), zipped.toString(), DatasetOptions.ALL)) {
      assertEquals(3, dataset.size());
    }
    assertEquals(List.of("again.zip", "here", "here.zip", "there", "there.zip"), left());
  }

  @Test
  void whatIsThereIsLeftWhereThatIsAskedFor() throws Exception {
    for (String name : List.of("set.zip", "set")) {
      Path dest = folder.resolve(name);
      convert(IMAGES, dest, wide(List.of("--if-missing")));
      Map<String, String> before = TestRuns.contents(folder);
      assertEquals(
          dest + " is there already\n", convert("/gone", dest, wide(List.of("--if-missing"))));
      assertEquals(before, TestRuns.contents(folder));
      String refusal =
          assertThrows(UserError.class, () -> convert(IMAGES, dest, wide(List.of()))).getMessage();
      assertTrue(refusal.startsWith(dest + ": exists already; "), refusal);
    }
    // what was not finished is no dataset
    Path part = Files.createDirectories(folder.resolve("part/00000"));
    Files.writeString(part.resolve("img00000000.png"), "");
    String refusal =
        assertThrows(
                UserError.class,
                () -> convert(IMAGES, part.getParent(), wide(List.of("--if-missing"))))
            .getMessage();
    assertTrue(refusal.startsWith(part.getParent() + ": exists already; "), refusal);
  }

  @Test
  void labelsPassThroughExecutors() throws Exception {
    Path source = folder.resolve("source.zip");
    DatasetCommand.Synthesize.write(
        new LocalStore(), source.toString(), ImageShape.square(3, 8), 25, 0);
    Path dest = folder.resolve("dest.zip");
    convert(source, dest, ON_EXECUTORS.toArray(String[]::new));
    assertArrayEquals(Files.readAllBytes(source), Files.readAllBytes(dest));
  }

  @Test
  void archivesThatMustBeReadInOrderAreConvertedInThisProcess() throws Exception {
    Path dest = folder.resolve("dest.zip");
    String said = convert(CIFAR, dest, ON_EXECUTORS.toArray(String[]::new));
    assertTrue(said.contains("10 images of 32x32 RGB, labels of width 10; "), said);
    assertTrue(said.contains("must be read in order"), said);
  }

  @Test
  void theImageThatExecutorsCannotConvertIsNamedAndNothingIsLeft() throws Exception {
    Path source = Files.createDirectory(folder.resolve("source"));
    try (Stream<Path> images = Files.list(IMAGES)) {
      for (Path image : images.toList()) {
        Files.copy(image, source.resolve(image.getFileName()), StandardCopyOption.COPY_ATTRIBUTES);
      }
    }
    Files.write(source.resolve("6-64x64.png"), new byte[5]);
    UserError error =
        assertThrows(
            UserError.class, () -> convert(source, folder.resolve("dest.zip"), wide(ON_EXECUTORS)));
    assertEquals(
        source + "/6-64x64.png: is not an image of a known kind; expected PNG or JPEG",
        error.getMessage());
    assertEquals(List.of("source"), left());
  }

  @Test
  void allMistakesAreToldTogether() throws Exception {
    Path taken = Files.writeString(folder.resolve("taken.zip"), "");
    Path text = Files.writeString(folder.resolve("notes.txt"), "");
    UserError error =
        assertThrows(
            UserError.class,
            () ->
                convert(
                    text,
                    taken,
                    "--transform",
                    "crop",
                    "--resolution",
                    "64",
                    "--max-images",
                    "0",
                    "--executors",
                    "3",
                    "spark.master=local[2]"));
    List<String> lines = error.getMessage().lines().toList();
    assertEquals(6, lines.size(), error.getMessage());
    assertTrue(lines.get(0).startsWith("no transform is called crop; "), lines.get(0));
    assertTrue(lines.get(1).startsWith("64 is no resolution; "), lines.get(1));
    assertEquals("--max-images is 0; expected at least 1", lines.get(2));
    assertTrue(
        lines.get(3).startsWith(text + ": is of no kind that can be converted; "), lines.get(3));
    assertEquals(
        taken + ": exists already; expected a new name, or an empty folder (--dest)", lines.get(4));
    assertTrue(lines.get(5).startsWith("spark.executors is 3, but local[2] "), lines.get(5));
    UserError missing =
        assertThrows(
            UserError.class,
            () ->
                TestRuns.run(
                    line -> {},
                    List.of("dataset", "convert", "--transform", "center-crop", "a=b")));
    assertEquals(
        List.of(
            "center-crop needs a resolution: WxH, such as 64x64 (--resolution)",
            "found a=b; expected that with --executors only",
            "--source is missing; expected the path of what to read",
            "--dest is missing; expected the path of what to write"),
        missing.getMessage().lines().toList());
  }
}
