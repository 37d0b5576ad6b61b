package dev.ect.model.network;

/**
 * EDM's formulas, and those that consistency models make of them: {@code c_in = 1/sqrt(sigma^2 +
 * sd^2)}, {@code c_noise = ln(sigma)/4} (Karras et al., arXiv 2206.00364, table 1; Geng et al.,
 * arXiv 2406.14548).
 *
 * @param sigmaData standard deviation of the data, sd
 * @param sigmaMin noise level at which the evaluation formulas give D(x) = x: {@code c_skip} and
 *     {@code c_out} use sigma - sigmaMin; 0 for EDM
 */
public record EdmPreconditioning(double sigmaData, double sigmaMin) implements Preconditioning {
  @Override
  public double skip(double sigma, boolean training) {
    double s = training ? sigma : sigma - sigmaMin;
    return sigmaData * sigmaData / (s * s + sigmaData * sigmaData);
  }

  @Override
  public double out(double sigma, boolean training) {
    double s = training ? sigma : sigma - sigmaMin;
    return s * sigmaData / Math.sqrt(sigma * sigma + sigmaData * sigmaData);
  }

  @Override
  public double in(double sigma) {
    return 1 / Math.sqrt(sigma * sigma + sigmaData * sigmaData);
  }

  @Override
  public double noise(double sigma) {
    return Math.log(sigma) / 4;
  }
}
