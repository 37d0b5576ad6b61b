package dev.ect.spark.report;

import java.io.Serializable;
import java.util.List;
import java.util.Locale;

/**
 * Where a replica is while a segment runs.
 *
 * @param gang number of the replica's gang
 * @param segmentStep optimiser steps done when the segment began
 * @param rank of the replica
 * @param place its executor and host, for people
 * @param step optimiser steps done
 * @param loss mean loss of the latest step, over all replicas
 * @param secondsPerStep mean over this segment
 * @param ticks those that ended in this segment
 * @param log what the executor has logged in this segment
 */
public record LiveProgress(
    int gang,
    long segmentStep,
    int rank,
    String place,
    long step,
    double loss,
    double secondsPerStep,
    List<TickStats> ticks,
    LogLines log)
    implements Serializable {
  private static final long serialVersionUID = 1L;

  /**
   * Speed of this segment.
   *
   * @param batch images per step
   */
  public double imagesPerSecond(long batch) {
    return batch / Math.max(secondsPerStep, 1e-9);
  }

  /**
   * For people.
   *
   * @param totalSteps of the run
   * @param batch images per step
   */
  public String text(long totalSteps, long batch) {
    return String.format(
        Locale.ROOT,
        "%d/%d steps  loss %.4f  %.1f img/sec  %s left",
        step,
        totalSteps,
        loss,
        imagesPerSecond(batch),
        RunLog.duration((totalSteps - step) * secondsPerStep));
  }
}
