package dev.ect.model.checkpoint;

import dev.ect.model.tuning.TuningVectors;

/**
 * The flat vectors that a training state is written from: all of {@link TuningVectors} but the
 * gradient. They must stay as they are until it is written.
 */
public record StateVectors(
    FloatSource weights, FloatSource ema, FloatSource expAvg, FloatSource expAvgSq) {
  /** The vectors themselves, not a copy. */
  public static StateVectors of(TuningVectors vectors) {
    return new StateVectors(
        vectors.weights()::read,
        vectors.ema()::read,
        vectors.expAvg()::read,
        vectors.expAvgSq()::read);
  }
}
