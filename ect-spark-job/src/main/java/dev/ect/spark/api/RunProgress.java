package dev.ect.spark.api;

import dev.ect.model.tuning.Progress;
import dev.ect.spark.report.LiveProgress;
import dev.ect.spark.report.TickStats;
import dev.ect.spark.training.RunPlan;
import java.util.Locale;

/**
 * How far a run has come.
 *
 * @param tick number of the tick that the latest step belongs to, from 0
 * @param step optimiser steps done
 * @param totalSteps of the whole run
 * @param kimg thousand images processed, all executors together
 * @param loss mean loss: of the tick where one has ended, of the latest step within one; NaN before
 *     the first step
 * @param imagesPerSecond all executors together; 0 before the first step
 */
public record RunProgress(
    long tick, long step, long totalSteps, double kimg, double loss, double imagesPerSecond) {

  static RunProgress at(RunPlan plan, Progress start) {
    return new RunProgress(
        tick(plan, start.step()),
        start.step(),
        plan.schedule().totalSteps(),
        start.images() / 1000.0,
        Double.NaN,
        0);
  }

  static RunProgress of(RunPlan plan, Progress start, LiveProgress live) {
    int batch = plan.objective().batch();
    long images = start.images() + (live.step() - start.step()) * batch;
    return new RunProgress(
        tick(plan, live.step()),
        live.step(),
        plan.schedule().totalSteps(),
        images / 1000.0,
        live.loss(),
        batch / live.secondsPerStep());
  }

  static RunProgress of(RunPlan plan, TickStats tick) {
    return new RunProgress(
        tick.tick(),
        tick.step(),
        plan.schedule().totalSteps(),
        tick.kimg(),
        tick.loss(),
        tick.imagesPerSecond(plan.objective().batch()));
  }

  private static long tick(RunPlan plan, long step) {
    return step == 0 ? 0 : plan.schedule().tick(step - 1);
  }

  /** Share of the run that is done, 0 to 1. */
  public double fraction() {
    return totalSteps == 0 ? 1 : (double) step / totalSteps;
  }

  /** For people, such as {@code tick 3 120/200 steps (60 %) 3.8 kimg loss 6.97 107 img/s}. */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "tick %d  %d/%d steps (%.0f %%)  %.1f kimg  loss %.4f  %.0f img/s",
        tick,
        step,
        totalSteps,
        100 * fraction(),
        kimg,
        loss,
        imagesPerSecond);
  }
}
