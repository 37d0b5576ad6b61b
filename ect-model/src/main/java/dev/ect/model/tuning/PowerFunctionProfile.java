package dev.ect.model.tuning;

/**
 * How a power-function average weighs the times of a run: {@code p(t) = (gamma + 1) t^gamma /
 * images^(gamma + 1)} up to {@code images}, 0 after it; its integral is 1 (Karras et al., arXiv
 * 2312.02696, appendix C).
 *
 * @param gamma exponent, at least 0
 * @param images seen when the average was taken, more than 0
 */
public record PowerFunctionProfile(double gamma, double images) {
  /** The integral of the product of two profiles, per image. */
  public double dot(PowerFunctionProfile other) {
    // Powers of shares: those of the images themselves would leave float64's range.
    double common = Math.min(images, other.images);
    return (gamma + 1)
        / (gamma + other.gamma + 1)
        * (other.gamma + 1)
        * Math.pow(common / images, gamma)
        * Math.pow(common / other.images, other.gamma)
        * common
        / images
        / other.images;
  }

  /** The square root of the integral of its square. */
  public double norm() {
    return Math.sqrt(dot(this));
  }
}
