package dev.ect.model.tuning;

/**
 * The exponential moving average of the weights, {@code ema = net + beta (ema - net)}, with a fixed
 * beta or one that follows from a half-life.
 *
 * @param beta fixed decay in [0, 1); negative where a half-life is given
 * @param halfLifeImages number of images over which a weight's influence halves; used where beta is
 *     negative
 * @param rampUpRatio the half-life is at most this share of the images seen; 0 for no ramp-up
 */
public record EmaSpec(double beta, double halfLifeImages, double rampUpRatio) {
  /** A fixed beta. */
  public static EmaSpec fixed(double beta) {
    return new EmaSpec(beta, 0, 0);
  }

  /** A half-life in images, with ramp-up ratio (0 for none). */
  public static EmaSpec halfLife(double images, double rampUpRatio) {
    return new EmaSpec(-1, images, rampUpRatio);
  }

  /**
   * The decay of one update.
   *
   * @param batch images in this step
   * @param imagesSeen images processed before it
   */
  public double beta(long batch, double imagesSeen) {
    if (beta >= 0) {
      return beta;
    }
    double halfLife =
        rampUpRatio > 0 ? Math.min(halfLifeImages, imagesSeen * rampUpRatio) : halfLifeImages;
    return Math.pow(0.5, batch / Math.max(halfLife, 1e-8));
  }
}
