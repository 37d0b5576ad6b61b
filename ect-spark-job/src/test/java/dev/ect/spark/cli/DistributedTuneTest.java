package dev.ect.spark.cli;

import static dev.ect.spark.cli.DistributedRuns.PATIENCE;
import static dev.ect.spark.cli.DistributedRuns.STEPS;
import static dev.ect.spark.cli.DistributedRuns.assertSameBits;
import static dev.ect.spark.cli.DistributedRuns.executors;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Runs on several executors in JVMs of their own, seen from outside: what they print and write. */
@ExtendWith(SharedRuns.class)
class DistributedTuneTest {
  private final DistributedRuns runs;
  private final RunFiles single;
  private final RunFiles pair;

  DistributedTuneTest(SharedRuns.Undisturbed undisturbed) {
    runs = undisturbed.runs();
    single = undisturbed.single();
    pair = undisturbed.pair();
  }

  @Test
  void twoExecutorsLearnWhatOneLearns() throws Exception {
    assertSameCourse(pair);
  }

  /** Three executors have three, three and two images of a batch. */
  @Test
  void executorsWithPartsOfUnevenSizeLearnWhatOneLearns() throws Exception {
    assertSameCourse(runs.finish("three", 3));
  }

  private void assertSameCourse(RunFiles run) throws IOException {
    List<Double> expected = single.losses();
    List<Double> actual = run.losses();
    assertEquals(STEPS, expected.size());
    assertEquals(STEPS, actual.size());
    for (int step = 0; step < STEPS; step++) {
      double loss = expected.get(step);
      assertEquals(loss, actual.get(step), 1e-4 * loss, "loss of step " + step);
    }
    Map<String, float[]> weights = single.weights();
    Map<String, float[]> others = run.weights();
    assertEquals(weights.keySet(), others.keySet());
    float largest = 0;
    for (float[] tensor : weights.values()) {
      for (float weight : tensor) {
        largest = Math.max(largest, Math.abs(weight));
      }
    }
    assertTrue(largest > 0);
    for (Map.Entry<String, float[]> tensor : weights.entrySet()) {
      float[] other = others.get(tensor.getKey());
      assertArrayEquals(tensor.getValue(), other, 1e-3f * largest, tensor.getKey());
    }
  }

  @Test
  void withTooFewExecutorsAndPacketsOfStrangersItEndsInTheSameBits() throws Exception {
    List<String> arguments =
        runs.arguments("fewer", 3, "spark.min-executors=2", "spark.executor-wait=10s");
    ClusterRun run = runs.start(executors(2), arguments);
    run.awaitTick(0, PATIENCE);
    List<OpenSocket> open = new ArrayList<>();
    for (ProcessHandle process : run.processes()) {
      open.addAll(OpenSocket.of(process.pid()));
    }
    assertEquals(List.of(), open.stream().filter(socket -> !socket.isLoopback()).toList());
    List<OpenSocket> udp = open.stream().filter(OpenSocket::udp).toList();
    for (ProcessHandle executor : run.executors()) {
      assertTrue(udp.stream().anyMatch(socket -> socket.pid() == executor.pid()), udp::toString);
    }
    try (Stranger stranger = new Stranger(udp)) {
      run.succeed(PATIENCE);
      assertTrue(stranger.sent() > 100, () -> stranger.sent() + " packets");
    }
    RunFiles fewer = runs.files("fewer");
    List<String> said =
        fewer.log().stream().filter(line -> line.equals("going on with 2 of 3 executors")).toList();
    assertEquals(1, said.size(), () -> "2 of 3 executors, once, in " + log(fewer));
    assertSameBits(pair, fewer);
  }

  @Test
  void belowTheFewestExecutorsItEndsWithALine() throws Exception {
    List<String> arguments =
        runs.arguments("none", 3, "spark.min-executors=2", "spark.executor-wait=5s");
    ClusterRun run = runs.start(executors(1), arguments);
    assertNotEquals(0, run.await(PATIENCE));
    List<String> errors = run.lines().stream().filter(line -> line.startsWith("ect: ")).toList();
    assertEquals(1, errors.size(), () -> run.failure("expected one error").getMessage());
    String error = errors.get(0);
    // A slow machine may not have started the one by then.
    assertTrue(
        error.matches("ect: Spark has [01] executors? after 5 s .*; expected 3, at least 2 .*"),
        error);
    assertTrue(run.lines().stream().noneMatch(line -> line.startsWith("\tat ")), error);
  }

  /**
   * 350 steps. Memory that is touched from the start leaves only what really grows: the heap alone
   * would else take minutes to be used once.
   */
  @Test
  void memoryStaysFlat() throws Exception {
    List<String> arguments =
        runs.arguments(
            "soak", 2, "tuning.duration=0.0028", "tuning.tick=0.08", "spark.segment-ticks=5");
    ClusterRun run = runs.start(executors(2), arguments, "-XX:+AlwaysPreTouch");
    run.awaitTick(4, PATIENCE);
    Map<Long, Double> before = run.residentMib();
    assertEquals(3, before.size(), before::toString);
    Map<Long, Double> after = new TreeMap<>(before);
    for (int tick = 9; tick < 32; tick += 5) {
      run.awaitTick(tick, PATIENCE);
      run.residentMib().forEach((pid, mib) -> after.merge(pid, mib, Math::max));
    }
    assertEquals(before.keySet(), after.keySet());
    run.succeed(PATIENCE);
    before.forEach(
        (pid, mib) ->
            assertTrue(
                after.get(pid) < 1.05 * mib,
                () -> "process " + pid + " of " + run.driver() + ": " + before + ", " + after));
  }

  private static String log(RunFiles run) {
    try {
      return String.join("\n", run.log());
    } catch (IOException e) {
      return e.toString();
    }
  }
}
