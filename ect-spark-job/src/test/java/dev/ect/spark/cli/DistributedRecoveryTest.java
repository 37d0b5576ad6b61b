package dev.ect.spark.cli;

import static dev.ect.spark.cli.DistributedRuns.PATIENCE;
import static dev.ect.spark.cli.DistributedRuns.STEPS;
import static dev.ect.spark.cli.DistributedRuns.assertSameBits;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A run on two executors that is disturbed again and again ends like one that was not. */
@ExtendWith(SharedRuns.class)
class DistributedRecoveryTest {
  private static final Pattern AFTER_STEP = Pattern.compile("after step (\\d+)");
  private static final int SIGTERM_STATUS = 143;
  private static final String RUN = "disturbed";

  /** Steps of a segment, which ends with a checkpoint. */
  private static final int SEGMENT = 5;

  private final DistributedRuns runs;
  private final RunFiles undisturbed;

  DistributedRecoveryTest(SharedRuns.Undisturbed shared) {
    runs = shared.runs();
    undisturbed = shared.pair();
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
  void aRunThatLosesExecutorAndDriverAndIsStoppedTwiceEndsInTheSameBits() throws Exception {
    ClusterRun killed = start();
    killAnExecutor(killed);
    killed.killAll();
    assertTrue(killed.executors().isEmpty());
    int ticks = runs.files(RUN).losses().size();

    ClusterRun stopped = start();
    long from = goesOnAfter(stopped, SEGMENT);
    // What the driver had heard of later steps is forgotten; what it had not heard stays unknown.
    long known = Math.min(ticks, from) + STEPS - from;
    stopped.awaitLine(DistributedRecoveryTest::isTick, PATIENCE);
    runs.files(RUN).stop();
    stopped.succeed(PATIENCE);
    assertFalse(Files.exists(runs.files(RUN).directory().resolve("stop")));

    ClusterRun terminated = start();
    goesOnAfter(terminated, stoppedAfter(stopped));
    terminated.awaitLine(DistributedRecoveryTest::isTick, PATIENCE);
    terminated.terminate();
    assertEquals(SIGTERM_STATUS, terminated.await(PATIENCE));

    ClusterRun last = start();
    goesOnAfter(last, stoppedAfter(terminated));
    last.succeed(PATIENCE);
    assertSameBits(undisturbed, runs.files(RUN));
    assertEquals(known, runs.files(RUN).losses().size());
  }

  private ClusterRun start() throws IOException {
    return runs.start(RUN, 2, "spark.segment-ticks=" + SEGMENT);
  }

  private static boolean isTick(String line) {
    return line.startsWith("tick ");
  }

  /** It is replaced, and the run goes on by itself, further than it was. */
  private void killAnExecutor(ClusterRun run) throws Exception {
    run.awaitTick(SEGMENT - 1, PATIENCE);
    List<ProcessHandle> executors = run.executors();
    assertEquals(2, executors.size());
    // The one with rank 0, which writes the checkpoints in the background, is among them.
    runs.files(RUN).awaitState(SEGMENT, PATIENCE);
    ClusterRun.kill(executors.get(0));
    run.awaitLine(new FurtherAfterLoss(), PATIENCE);
    // Airflow would take it for the driver's.
    assertTrue(run.lines().stream().noneMatch(line -> line.matches(".*[eE]xit code: \\d+.*")));
    // Between two segments nothing is lost: the next one waits for the executor that replaces it.
    List<String> log = runs.files(RUN).log();
    List<Long> steps =
        log.stream().filter(DistributedRecoveryTest::saysLost).map(line -> step(line)).toList();
    assertTrue(steps.size() <= 1, () -> String.join("\n", log));
    assertTrue(steps.stream().allMatch(step -> step >= SEGMENT), steps::toString);
  }

  /** The first line of a tick beyond all those before an executor was lost. */
  private static final class FurtherAfterLoss implements Predicate<String> {
    private long last;
    private boolean lost;

    @Override
    public boolean test(String line) {
      lost |= line.contains("Lost executor");
      if (!isTick(line)) {
        return false;
      }
      long tick = Long.parseLong(line.split(" +", 3)[1]);
      boolean further = tick > last;
      last = Math.max(last, tick);
      return lost && further;
    }
  }

  /** The step after which a run says it was stopped, which is before its end. */
  private static long stoppedAfter(ClusterRun run) throws InterruptedException {
    long step = step(run.awaitLine(line -> line.startsWith("stopped after step"), PATIENCE));
    assertTrue(step >= SEGMENT && step < STEPS, "stopped after step " + step);
    return step;
  }

  /** The step after which a run that was started again goes on. */
  private static long goesOnAfter(ClusterRun run, long atLeast) throws Exception {
    long step = step(run.awaitLine(line -> line.startsWith("going on in"), PATIENCE));
    assertTrue(step >= atLeast && step < STEPS, "going on after step " + step);
    return step;
  }
}
