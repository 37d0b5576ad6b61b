package dev.ect.spark.report;

import java.io.Serializable;
import java.util.Collection;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * A tick of a run, of one replica or of all: a line of {@code stats.jsonl}.
 *
 * @param tick number, from 0
 * @param step optimiser steps done at its end
 * @param images images processed at its end, all executors together
 * @param stage of the loss at its end
 * @param loss mean over {@code lossImages}
 * @param lossImages images of this tick since the run was last started, those of these executors
 * @param steps steps of this tick that were done since the run was last started
 * @param startMillis when they began, milliseconds since 1970 (UTC)
 * @param seconds they took
 * @param phases what these went to, and the checkpoint after them
 * @param worstDataWait share of its steps' time that a replica waited for images, 0 to 1, the
 *     largest of the replicas; {@link #dataWait} is their mean
 * @param residentGib resident memory of the executor, GiB
 * @param peakGib its highest value
 * @param executors number of replicas that these numbers are of
 */
public record TickStats(
    long tick,
    long step,
    long images,
    int stage,
    double loss,
    long lossImages,
    long steps,
    long startMillis,
    double seconds,
    Phases phases,
    double worstDataWait,
    double residentGib,
    double peakGib,
    int executors)
    implements Serializable {
  private static final long serialVersionUID = 1L;

  /**
   * The same tick of several replicas: the mean loss over all images, the longest time, the mean of
   * the phases, the largest memory.
   *
   * @param replicas one at least
   * @throws IllegalArgumentException if they are of different ticks, or did different steps of it
   */
  public static TickStats merge(Collection<TickStats> replicas) {
    TickStats first = replicas.stream().findFirst().orElseThrow();
    double lossSum = 0;
    long lossImages = 0;
    int executors = 0;
    long start = first.startMillis;
    for (TickStats each : replicas) {
      if (each.tick != first.tick || each.step != first.step || each.steps != first.steps) {
        throw new IllegalArgumentException(
            "replicas differ: one did "
                + first.place()
                + ", another "
                + each.place()
                + "; expected the same");
      }
      // A replica without images has no mean.
      lossSum += each.lossImages == 0 ? 0 : each.loss * each.lossImages;
      lossImages += each.lossImages;
      executors += each.executors;
      start = Math.min(start, each.startMillis);
    }
    List<Phases> phases = replicas.stream().map(TickStats::phases).toList();
    return new TickStats(
        first.tick,
        first.step,
        first.images,
        first.stage,
        lossSum / lossImages,
        lossImages,
        first.steps,
        start,
        max(replicas, TickStats::seconds),
        Phases.mean(phases),
        max(replicas, TickStats::worstDataWait),
        max(replicas, TickStats::residentGib),
        max(replicas, TickStats::peakGib),
        executors);
  }

  private static double max(Collection<TickStats> replicas, ToDoubleFunction<TickStats> value) {
    return replicas.stream().mapToDouble(value).max().orElseThrow();
  }

  private String place() {
    return steps + " steps of tick " + tick + " to step " + step;
  }

  /** Share of the steps' time that went to waiting for images, 0 to 1. */
  public double dataWait() {
    return phases.share(Phase.READ);
  }

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
