package dev.ect.spark.training;

import dev.ect.spark.config.SparkConfig;
import dev.ect.spark.config.UserError;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Bounds how often a run is tried again after failures in a row, with growing pauses. */
final class Attempts {
  private static final Logger LOG = LoggerFactory.getLogger(Attempts.class);
  private static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);

  private final int max;
  private final Duration firstPause;
  private int failures;
  private long reached;

  /**
   * @param step where the run starts
   */
  Attempts(SparkConfig config, long step) {
    max = config.maxFailures();
    firstPause = config.retryWait();
    reached = step;
  }

  /** The run has a checkpoint of a step. */
  void reached(long step) {
    if (step > reached) {
      reached = step;
      failures = 0;
    }
  }

  /**
   * Counts a failure.
   *
   * @return how long to wait before the next try
   * @throws UserError if there were too many
   */
  Duration failed(String reason, String directory) {
    failures++;
    LOG.warn("failure {} in a row after step {}: {}", failures, reached, reason);
    if (failures >= max) {
      throw new UserError(
          "the run failed "
              + failures
              + " times in a row after step "
              + reached
              + " (spark.max-failures), at last: "
              + reason
              + "; look for what ends the executors, then go on with --resume "
              + directory);
    }
    Duration pause = firstPause.multipliedBy(1L << Math.min(failures - 1, 20));
    return pause.compareTo(LONGEST_PAUSE) < 0 ? pause : LONGEST_PAUSE;
  }
}
