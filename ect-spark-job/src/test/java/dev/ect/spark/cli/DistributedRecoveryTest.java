package dev.ect.spark.cli;

import static dev.ect.spark.cli.DistributedRuns.PATIENCE;
import static dev.ect.spark.cli.DistributedRuns.STEPS;
import static dev.ect.spark.cli.DistributedRuns.assertSameBits;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs on two executors that are disturbed end like one that was not. */
class DistributedRecoveryTest {
  private static final Pattern AFTER_STEP = Pattern.compile("after step (\\d+)");
  private static final int SIGTERM_STATUS = 143;

  @TempDir static Path folder;
  private static DistributedRuns runs;

  /** Finished without any disturbance. */
  private static RunFiles undisturbed;

  @BeforeAll
  static void tuneUndisturbed() throws Exception {
    runs = new DistributedRuns(folder);
    runs.finishAlone("first");
    undisturbed = runs.finish("undisturbed", 2);
  }

  @AfterAll
  static void close() {
    runs.close();
  }

  private static long step(String line) {
    Matcher matcher = AFTER_STEP.matcher(line);
    assertTrue(matcher.find(), line);
    return Long.parseLong(matcher.group(1));
  }

  private static boolean saysLost(String line) {
    return line.contains("lost") && line.contains("going on after step");
  }

  @Test
  void anExecutorThatIsKilledIsReplaced() throws Exception {
    ClusterRun run = runs.start("killed", 2);
    run.awaitTick(9, PATIENCE);
    List<ProcessHandle> executors = run.executors();
    assertEquals(2, executors.size());
    // The one with rank 0, which writes the checkpoints in the background, is among them.
    runs.files("killed").awaitState(10, PATIENCE);
    ClusterRun.kill(executors.get(0));
    run.awaitLine(line -> line.contains("Lost executor"), PATIENCE);
    run.succeed(PATIENCE);
    assertSameBits(undisturbed, runs.files("killed"));
    // Between two segments nothing is lost: the next one waits for the executor that replaces it.
    List<String> log = runs.files("killed").log();
    List<Long> steps =
        log.stream().filter(DistributedRecoveryTest::saysLost).map(line -> step(line)).toList();
    assertTrue(steps.size() <= 1, () -> String.join("\n", log));
    assertTrue(steps.stream().allMatch(step -> step >= 10), steps::toString);
    assertEquals(STEPS, runs.files("killed").losses().size());
  }

  @Test
  void aKilledDriverIsStartedAgain() throws Exception {
    ClusterRun run = runs.start("restarted", 2);
    run.awaitTick(9, PATIENCE);
    runs.files("restarted").awaitState(10, PATIENCE);
    run.killAll();
    assertTrue(run.executors().isEmpty());
    assertGoesOnToTheSameEnd("restarted", 10);
  }

  @Test
  void aStopFileEndsARunThatGoesOnLater() throws Exception {
    ClusterRun run = runs.start("stopped", 2);
    run.awaitTick(9, PATIENCE);
    runs.files("stopped").stop();
    run.succeed(PATIENCE);
    assertFalse(Files.exists(runs.files("stopped").directory().resolve("stop")));
    assertGoesOnToTheSameEnd("stopped", stoppedAfter(run));
  }

  @Test
  void sigtermEndsARunThatGoesOnLater() throws Exception {
    ClusterRun run = runs.start("terminated", 2);
    run.awaitTick(9, PATIENCE);
    run.terminate();
    assertEquals(SIGTERM_STATUS, run.await(PATIENCE));
    assertGoesOnToTheSameEnd("terminated", stoppedAfter(run));
  }

  /** The step after which a run says it was stopped, which is before its end. */
  private static long stoppedAfter(ClusterRun run) throws InterruptedException {
    long step = step(run.awaitLine(line -> line.startsWith("stopped after step"), PATIENCE));
    assertTrue(step >= 10 && step < STEPS, "stopped after step " + step);
    return step;
  }

  /** Goes on in a new process. */
  private static void assertGoesOnToTheSameEnd(String outdir, long atLeast) throws Exception {
    ClusterRun run = runs.start(outdir, 2);
    long step = step(run.awaitLine(line -> line.startsWith("going on in"), PATIENCE));
    assertTrue(step >= atLeast && step < STEPS, "going on after step " + step);
    run.succeed(PATIENCE);
    assertSameBits(undisturbed, runs.files(outdir));
    assertEquals(STEPS, runs.files(outdir).losses().size());
  }
}
