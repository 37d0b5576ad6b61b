package dev.ect.model.engine;

import java.util.Locale;

/**
 * The number format of an engine's heavy arithmetic. Weights, sums, norms' statistics and losses
 * are always float32.
 */
public enum Precision {
  /** IEEE single precision throughout. */
  FLOAT32,
  /** float32 storage, matrix products rounded to 10 mantissa bits; GPUs only. */
  TF32,
  /** bfloat16 activations and products. */
  BFLOAT16;

  /**
   * The name in configurations and run directories: {@code float32}, {@code tf32}, {@code
   * bfloat16}.
   */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * @throws IllegalArgumentException if no precision has that name
   */
  public static Precision of(String id) {
    for (Precision p : values()) {
      if (p.id().equals(id)) {
        return p;
      }
    }
    throw new IllegalArgumentException(
        "precision is '" + id + "'; expected float32, tf32 or bfloat16");
  }
}
