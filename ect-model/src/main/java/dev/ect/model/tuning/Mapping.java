package dev.ect.model.tuning;

import java.util.Locale;

/**
 * The factor n(t) of the mapping function {@code r = max(0, t (1 - n(t) / q^(stage+1)))} (ECT,
 * arXiv 2406.14548, section 3).
 */
public enum Mapping {
  /** {@code n(t) = 1}. */
  CONST {
    @Override
    double factor(double t, double k, double b) {
      return 1;
    }
  },
  /** {@code n(t) = 1 + k sigmoid(-b t)}. */
  SIGMOID {
    @Override
    double factor(double t, double k, double b) {
      return 1 + k / (1 + Math.exp(b * t));
    }
  };

  abstract double factor(double t, double k, double b);

  /** {@code const} or {@code sigmoid}. */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * @throws IllegalArgumentException if no mapping has that name
   */
  public static Mapping of(String id) {
    for (Mapping m : values()) {
      if (m.id().equals(id)) {
        return m;
      }
    }
    throw new IllegalArgumentException("mapping is '" + id + "'; expected const or sigmoid");
  }
}
