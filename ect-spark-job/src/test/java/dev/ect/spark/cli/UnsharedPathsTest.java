package dev.ect.spark.cli;

import static dev.ect.spark.cli.DistributedRuns.PATIENCE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Paths behind which executors find something else than the driver, as on machines of their own.
 */
@EnabledOnOs(value = OS.LINUX, disabledReason = "needs /proc/self/cwd")
class UnsharedPathsTest {
  @TempDir static Path folder;
  private static DistributedRuns runs;

  /** Both at the same time: most of it is waiting. */
  private static ClusterRun data;

  private static ClusterRun directory;

  @BeforeAll
  static void open() throws Exception {
    runs = new DistributedRuns(folder);
    data = runs.start("data", 2, "data.path=" + own("tiny.zip"));
    directory = runs.start("directory", 2, "run.outdir=" + own("unshared"));
  }

  @AfterAll
  static void close() {
    runs.close();
  }

  /** A path that starts from the working folder of whoever looks. */
  private static String own(String name) {
    Path here = Path.of("").toAbsolutePath();
    return "/proc/self/cwd/" + here.relativize(folder.toAbsolutePath()).resolve(name);
  }

  private static String onlyError(ClusterRun run) throws Exception {
    assertNotEquals(0, run.await(PATIENCE));
    List<String> said = run.lines().stream().filter(line -> line.startsWith("ect: ")).toList();
    assertEquals(1, said.size(), said::toString);
    return said.get(0);
  }

  @Test
  void aDatasetThatExecutorsDoNotSeeIsNamedWithOneOfThem() throws Exception {
    String line = onlyError(data);
    assertTrue(line.startsWith("ect: " + own("tiny.zip") + ": no such file"), line);
    assertTrue(line.matches(".* \\(on executor [01], 127\\.0\\.0\\.1\\)"), line);
  }

  @Test
  void aRunDirectoryThatExecutorsDoNotSeeIsRefused() throws Exception {
    String line = onlyError(directory);
    assertTrue(line.startsWith("ect: " + own("unshared/")), line);
    assertTrue(
        line.contains(": the run directory that the driver has made is not there (on executor "),
        line);
  }
}
