package dev.ect.model.checkpoint;

import dev.ect.model.tuning.TuningVectors;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The flat vectors that a training state is written from: all of {@link TuningVectors} but the
 * gradient. They must stay as they are until it is written.
 *
 * @param emas further moving averages by their {@link dev.ect.model.tuning.EmaSpec#id}
 */
public record StateVectors(
    FloatSource weights,
    FloatSource ema,
    FloatSource expAvg,
    FloatSource expAvgSq,
    Map<String, FloatSource> emas) {
  public StateVectors {
    emas = Collections.unmodifiableMap(new LinkedHashMap<>(emas));
  }

  /** The vectors themselves, not a copy. */
  public static StateVectors of(TuningVectors vectors) {
    Map<String, FloatSource> emas = new LinkedHashMap<>();
    vectors.emas().forEach((spec, average) -> emas.put(spec.id(), average::read));
    return new StateVectors(
        vectors.weights()::read,
        vectors.ema()::read,
        vectors.expAvg()::read,
        vectors.expAvgSq()::read,
        emas);
  }
}
