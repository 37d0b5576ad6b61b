package dev.ect.spark.cli;

import static dev.ect.spark.cli.DistributedRuns.PATIENCE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ect.spark.TestGoldens;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Evaluations on executors in JVMs of their own: the same numbers, also when one is killed. */
class DistributedEvaluateTest {
  /** With more than one block of images in precision and recall. */
  private static final List<String> METRICS =
      List.of("two_step_fid3k_full", "kid3k_full", "is3k", "pr5k3_full");

  private static final Duration WORKED = Duration.ofMillis(800);

  @TempDir static Path folder;
  private static TestRuns runs;
  private static ClusterRuns cluster;
  private static String snapshot;

  /** Results on a single executor, in this JVM. */
  private static Map<String, JsonNode> expected;

  @BeforeAll
  static void evaluateAlone() throws Exception {
    runs = new TestRuns(folder);
    cluster = new ClusterRuns(folder);
    snapshot =
        runs.tune("tuned", "tuning.duration=0.00008")
            .resolve("network-snapshot-latest.safetensors")
            .toString();
    alone(evaluate("alone"));
    expected = results("alone");
  }

  @AfterAll
  static void close() {
    cluster.close();
  }

  /** On a single executor, in this JVM. */
  private static void alone(List<String> arguments) throws Exception {
    arguments.add("spark.master=local[1]");
    TestRuns.run(line -> {}, arguments);
  }

  private static List<String> evaluate(String outdir) throws Exception {
    String detector = TestGoldens.detector().toString();
    return new ArrayList<>(
        List.of(
            "evaluate",
            "--network",
            snapshot,
            "--metrics",
            String.join(",", METRICS),
            "--out",
            folder.resolve(outdir).toString(),
            "evaluation.cache=" + folder.resolve(outdir),
            "evaluation.inception.path=" + detector,
            "evaluation.inception.width=64",
            "evaluation.vgg16.path=" + detector,
            "evaluation.vgg16.width=64",
            "evaluation.trust-detectors=true",
            "evaluation.batch=16",
            "engine.threads=1"));
  }

  private static Map<String, JsonNode> results(String outdir) throws Exception {
    Map<String, JsonNode> results = new TreeMap<>();
    for (String metric : METRICS) {
      Path file = folder.resolve(outdir).resolve("metric-" + metric + ".jsonl");
      results.put(metric, new ObjectMapper().readTree(Files.readString(file)).get("results"));
    }
    return results;
  }

  private static void assertSameNumbers(Map<String, JsonNode> found) {
    expected.forEach(
        (metric, values) -> {
          for (Iterator<Map.Entry<String, JsonNode>> it = values.fields(); it.hasNext(); ) {
            Map.Entry<String, JsonNode> value = it.next();
            double wanted = value.getValue().asDouble();
            double seen = found.get(metric).get(value.getKey()).asDouble();
            assertEquals(wanted, seen, 1e-9 * Math.abs(wanted) + 1e-14, value.getKey());
          }
        });
  }

  @Test
  void twoExecutorsOfWhichOneIsKilledMeasureWhatOneMeasures() throws Exception {
    List<String> arguments = evaluate("killed");
    arguments.add("spark.executors=2");
    ClusterRun run = cluster.start(DistributedRuns.executors(2), arguments);
    run.awaitLine(line -> line.startsWith("generating 5,000 images"), PATIENCE);
    List<ProcessHandle> executors = run.executors();
    assertEquals(2, executors.size());
    awaitWork(executors.get(0));
    ClusterRun.kill(executors.get(0));
    assertTrue(
        run.lines().stream().noneMatch(line -> line.startsWith("generating: ")),
        "the executor was killed too late");
    run.succeed(PATIENCE);
    assertSameNumbers(results("killed"));
  }

  /** Waits until a process has computed for a while. */
  private static void awaitWork(ProcessHandle process) {
    Duration before = process.info().totalCpuDuration().orElseThrow();
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (process.info().totalCpuDuration().orElseThrow().minus(before).compareTo(WORKED) < 0) {
      assertTrue(System.nanoTime() - end < 0, "process " + process.pid() + " does not work");
      LockSupport.parkNanos(10_000_000);
    }
  }

  @Test
  void theSameImagesAreWrittenByAnyNumberOfExecutors() throws Exception {
    Path one = folder.resolve("one.zip");
    Path two = folder.resolve("two.zip");
    alone(sample(one));
    List<String> arguments = sample(two);
    arguments.add("spark.executors=2");
    cluster.start(DistributedRuns.executors(2), arguments).succeed(PATIENCE);
    assertArrayEquals(Files.readAllBytes(one), Files.readAllBytes(two));
  }

  private static List<String> sample(Path target) {
    return new ArrayList<>(
        List.of(
            "sample",
            "--network",
            snapshot,
            "--num",
            "300",
            "--mid-t",
            "0.8",
            "--out",
            target.toString(),
            "evaluation.batch=16",
            "engine.threads=1"));
  }
}
