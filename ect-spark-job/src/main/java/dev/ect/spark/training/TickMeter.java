package dev.ect.spark.training;

import dev.ect.model.tuning.Progress;
import dev.ect.spark.report.Memory;
import dev.ect.spark.report.Phase;
import dev.ect.spark.report.PhaseClock;
import dev.ect.spark.report.Phases;
import dev.ect.spark.report.TickStats;

/** Adds up what a replica does in a tick. */
final class TickMeter {
  private static final double NANOS = 1e9;

  private final PhaseClock clock = new PhaseClock();
  private double lossSum;
  private long lossCount;
  private long steps;
  private long stepNanos;
  private long stepBegin;
  private long startMillis;

  /** A step begins. */
  void begin() {
    if (steps == 0) {
      startMillis = System.currentTimeMillis();
    }
    stepBegin = System.nanoTime();
    clock.start();
  }

  /** The time since the last call was spent on a phase. */
  void lap(Phase phase) {
    clock.lap(phase);
  }

  /** So many nanoseconds of the exchange were spent waiting for other replicas. */
  void waited(long nanos) {
    clock.move(Phase.EXCHANGE, Phase.WAIT, nanos);
  }

  /**
   * A step ends.
   *
   * @param losses sum over the replica's images
   * @param images how many these are
   * @return seconds that it took
   */
  double end(double losses, long images) {
    long nanos = System.nanoTime() - stepBegin;
    stepNanos += nanos;
    lossSum += losses;
    lossCount += images;
    steps++;
    return nanos / NANOS;
  }

  /** What comes now belongs to no step. */
  void pause() {
    clock.start();
  }

  /** What was added up since it was last taken. */
  TickStats take(long tick, Progress progress, int stage) {
    Phases phases = clock.take();
    TickStats stats =
        new TickStats(
            tick,
            progress.step(),
            progress.images(),
            stage,
            lossSum / lossCount,
            lossCount,
            steps,
            startMillis,
            stepNanos / NANOS,
            phases,
            phases.share(Phase.READ),
            Memory.residentGib(),
            Memory.peakGib(),
            1);
    lossSum = 0;
    lossCount = 0;
    steps = 0;
    stepNanos = 0;
    return stats;
  }
}
