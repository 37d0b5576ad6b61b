package dev.ect.model.network;

/**
 * The formulas of variance-preserving models (Song et al., arXiv 2011.13456), as EDM writes them
 * (Karras et al., arXiv 2206.00364, table 1): {@code c_skip = 1}, {@code c_out = -sigma}, {@code
 * c_in = 1/sqrt(sigma^2 + 1)}, {@code c_noise = (M - 1) t(sigma)}, in training and evaluation.
 *
 * @param betaD growth of the noise schedule
 * @param betaMin its start
 * @param steps number M of noise levels that the network was trained for
 */
public record VpPreconditioning(double betaD, double betaMin, int steps)
    implements Preconditioning {
  @Override
  public double skip(double sigma, boolean training) {
    return 1;
  }

  @Override
  public double out(double sigma, boolean training) {
    return -sigma;
  }

  @Override
  public double in(double sigma) {
    return 1 / Math.sqrt(sigma * sigma + 1);
  }

  /** M - 1 times the time t at which the noise level is sigma. */
  @Override
  public double noise(double sigma) {
    double root = Math.sqrt(betaMin * betaMin + 2 * betaD * Math.log1p(sigma * sigma));
    return (steps - 1) * (root - betaMin) / betaD;
  }
}
