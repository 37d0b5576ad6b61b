package dev.ect.model.tuning;

/**
 * An average of the weights over the whole run so far, in which time t counts as {@code t^gamma}
 * (Karras et al., arXiv 2312.02696, section 3.1). Its shape relative to the length of the run stays
 * the same, and weights from the run's start vanish without a ramp-up.
 *
 * <p>Any width can be put together later from snapshots of two others, see {@link PostHocFit}.
 *
 * @param sigmaRel its width: the standard deviation of the time that it averages over, as a share
 *     of the time trained; more than 0 and less than 1 / sqrt(12), the plain mean's
 */
public record PowerFunctionEma(double sigmaRel) implements EmaSpec {
  private static final long serialVersionUID = 1L;

  /** The range of {@code sigmaRel} in words. */
  public static final String WIDTHS = "more than 0 and less than 1/sqrt(12), about 0.2887";

  private static final double PLAIN_MEAN = 1 / Math.sqrt(12);

  /**
   * @throws IllegalArgumentException if the width is out of its range
   */
  public PowerFunctionEma {
    if (!isWidth(sigmaRel)) {
      throw new IllegalArgumentException("sigma-rel is " + sigmaRel + "; expected " + WIDTHS);
    }
  }

  /** Whether a width is in its range. */
  public static boolean isWidth(double sigmaRel) {
    // The smallest numbers have no reciprocal, which is about the exponent.
    return 1 / sigmaRel < Double.POSITIVE_INFINITY && sigmaRel > 0 && sigmaRel < PLAIN_MEAN;
  }

  /** The exponent: the inverse of {@link #sigmaRel(double)}. */
  public double gamma() {
    // sigmaRel lies between 1 / (sqrt(3) (gamma + 2)) and 1 / (gamma + 2), and falls with gamma.
    double low = Math.max(0, 2 * PLAIN_MEAN / sigmaRel - 2);
    double high = 1 / sigmaRel - 2;
    while (true) {
      double middle = low + (high - low) / 2;
      if (middle <= low || middle >= high) {
        return middle;
      }
      if (sigmaRel(middle) > sigmaRel) {
        low = middle;
      } else {
        high = middle;
      }
    }
  }

  /**
   * The width of an exponent: {@code sqrt((gamma + 1) / ((gamma + 2)^2 (gamma + 3)))}.
   *
   * @param gamma at least 0
   */
  public static double sigmaRel(double gamma) {
    return Math.sqrt((gamma + 1) / (gamma + 3)) / (gamma + 2);
  }

  /**
   * {@code (1 - batch / t)^(gamma + 1)}, t being the images seen after the step (equation 2): 0 at
   * the first step. The average is then exactly that of weights which stay the same during a step.
   */
  @Override
  public double beta(long batch, double imagesSeen) {
    return Math.pow(imagesSeen / (imagesSeen + batch), gamma() + 1);
  }

  @Override
  public String id() {
    return SIGMA_REL + EmaSpec.number(sigmaRel);
  }

  /**
   * What it weighs times by when so many images have been seen.
   *
   * @param images more than 0
   */
  public PowerFunctionProfile at(double images) {
    return new PowerFunctionProfile(gamma(), images);
  }
}
