package dev.ect.spark.report;

import java.io.Serializable;

/**
 * A tick of a run: a line of {@code stats.jsonl}.
 *
 * @param tick number, from 0
 * @param step optimiser steps done at its end
 * @param images images processed at its end, all executors together
 * @param stage of the loss at its end
 * @param loss mean over the tick's images
 * @param steps steps of this tick that were done since the run was last started
 * @param seconds they took
 * @param readSeconds of those, spent waiting for images
 * @param exchangeSeconds of those, spent agreeing on gradients
 * @param checkpointSeconds spent after the tick on checkpoints and grids
 * @param residentGib resident memory of the executor, GiB
 * @param peakGib its highest value
 */
public record TickStats(
    long tick,
    long step,
    long images,
    int stage,
    double loss,
    long steps,
    double seconds,
    double readSeconds,
    double exchangeSeconds,
    double checkpointSeconds,
    double residentGib,
    double peakGib)
    implements Serializable {
  private static final long serialVersionUID = 1L;

  /** Thousand images processed at the tick's end. */
  public double kimg() {
    return images / 1000.0;
  }

  /**
   * Images per second.
   *
   * @param batch images per step
   */
  public double imagesPerSecond(long batch) {
    return seconds > 0 ? steps * batch / seconds : 0;
  }
}
