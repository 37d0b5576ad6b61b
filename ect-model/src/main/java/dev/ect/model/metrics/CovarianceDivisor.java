package dev.ect.model.metrics;

/**
 * What a covariance divides its sum over n images by. The training-time metric of the EDM family
 * takes n, its stand-alone tool and the published reference statistics n - 1.
 */
public enum CovarianceDivisor {
  /** The number of images. */
  N("n", 0),
  /** One less: the unbiased estimate. */
  N_MINUS_1("n-1", 1);

  private final String id;
  private final int less;

  CovarianceDivisor(String id, int less) {
    this.id = id;
    this.less = less;
  }

  /** Its name in configurations and files. */
  public String id() {
    return id;
  }

  /**
   * The divisor of that name.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static CovarianceDivisor of(String id) {
    for (CovarianceDivisor divisor : values()) {
      if (divisor.id.equals(id)) {
        return divisor;
      }
    }
    throw new IllegalArgumentException("divisor is '" + id + "'; expected n or n-1");
  }

  /** The fewest images that have a covariance. */
  int fewest() {
    return 1 + less;
  }

  double of(long images) {
    return images - less;
  }
}
