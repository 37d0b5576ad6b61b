package dev.ect.model.tuning;

/**
 * How a run divides into ticks and stages. Tick 0 is a single batch; each later tick is {@code
 * ceil(kimgPerTick * 1000 / batch)} batches.
 *
 * @param batch images per optimiser step, all executors together
 * @param kimgPerTick thousand images per tick
 * @param doubleTicks ticks per stage
 * @param totalImages images after which the run ends (at the end of the step that reaches them)
 */
public record TickSchedule(long batch, double kimgPerTick, long doubleTicks, long totalImages) {
  /** Optimiser steps of every tick but tick 0. */
  public long stepsPerTick() {
    return Math.max(1, (long) Math.ceil(kimgPerTick * 1000 / batch));
  }

  /** Optimiser steps of the whole run. */
  public long totalSteps() {
    return Math.max(1, (totalImages + batch - 1) / batch);
  }

  /** The tick that the given step (from 0) belongs to. */
  public long tick(long step) {
    return step == 0 ? 0 : (step - 1) / stepsPerTick() + 1;
  }

  /** The first step after a tick, or the run's end if that comes first. */
  public long tickEnd(long tick) {
    return Math.min(1 + tick * stepsPerTick(), totalSteps());
  }

  /** The stage of the loss at the given step (from 0). */
  public int stage(long step) {
    return step == 0 ? 0 : Math.toIntExact((step - 1) / (doubleTicks * stepsPerTick()));
  }
}
