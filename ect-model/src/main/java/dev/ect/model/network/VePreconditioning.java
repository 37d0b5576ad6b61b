package dev.ect.model.network;

/**
 * The formulas of variance-exploding models (Song et al., arXiv 2011.13456), as EDM writes them
 * (Karras et al., arXiv 2206.00364, table 1): {@code c_skip = 1}, {@code c_out = sigma}, {@code
 * c_in = 1}, {@code c_noise = ln(sigma/2)}, in training and evaluation.
 */
public record VePreconditioning() implements Preconditioning {
  @Override
  public double skip(double sigma, boolean training) {
    return 1;
  }

  @Override
  public double out(double sigma, boolean training) {
    return sigma;
  }

  @Override
  public double in(double sigma) {
    return 1;
  }

  @Override
  public double noise(double sigma) {
    return Math.log(sigma / 2);
  }
}
