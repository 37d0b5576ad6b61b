package dev.ect.spark.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ect.spark.TestGoldens;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Airflow DAG's own tests, in Python, with this build for what they submit. */
class AirflowTest {
  private static final String TESTS = "deploy/airflow/tests";

  @TempDir Path folder;

  @Test
  void theDagLoadsRefusesWrongParametersAndRunsThroughAKilledTry() throws Exception {
    assumeTrue(hasPython(), "there is no python3");
    String classPath = ClusterRuns.packed(System.getProperty("java.class.path"), folder);
    Path output = folder.resolve("output");
    ProcessBuilder python =
        new ProcessBuilder("python3", "-B", "-m", "unittest", "discover", "-v", "-s", TESTS)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    Map<String, String> environment = python.environment();
    environment.put("JAVA_HOME", System.getProperty("java.home"));
    environment.put("ECT_TEST_CLASSPATH", classPath);
    environment.put("ECT_TEST_JAR", ownJar(classPath));
    environment.put("ECT_TEST_DETECTOR", TestGoldens.detector().toAbsolutePath().toString());
    Process tests = python.start();
    try {
      boolean ended = tests.waitFor(10, TimeUnit.MINUTES);
      String said = Files.readString(output, StandardCharsets.UTF_8);
      assertTrue(ended, said);
      assertEquals(0, tests.exitValue(), said);
      assertTrue(said.contains("test_pipeline.Pipeline"), said);
    } finally {
      Stream.concat(tests.descendants(), Stream.of(tests.toHandle()))
          .forEach(ProcessHandle::destroyForcibly);
    }
  }

  private static boolean hasPython() throws InterruptedException {
    try {
      return new ProcessBuilder("python3", "--version").start().waitFor() == 0;
    } catch (IOException e) {
      return false;
    }
  }

  /** The packed classes of the job. */
  private static String ownJar(String classPath) {
    return Arrays.stream(classPath.split(File.pathSeparator, -1))
        .filter(entry -> Path.of(entry).getFileName().toString().startsWith("classes-"))
        .findFirst()
        .orElseThrow();
  }
}
