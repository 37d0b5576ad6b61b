package dev.ect.model.network;

/**
 * How the denoiser D is made of the network F: {@code D = c_skip x + c_out F(c_in x, c_noise)},
 * {@code c_in = 1/sqrt(sigma^2 + sd^2)}, {@code c_noise = ln(sigma)/4} (Karras et al., arXiv
 * 2206.00364, table 1; Geng et al., arXiv 2406.14548).
 *
 * @param sigmaData standard deviation of the data, sd
 * @param sigmaMin noise level at which the evaluation formulas give D(x) = x: {@code c_skip} and
 *     {@code c_out} use sigma - sigmaMin; 0 for EDM
 */
public record Preconditioning(double sigmaData, double sigmaMin) {
  /** EDM's: the same formulas in training and evaluation. */
  public static final Preconditioning EDM = new Preconditioning(0.5, 0);

  /** ECT's consistency model: the evaluation formulas meet D(x, sigma_min) = x. */
  public static final Preconditioning ECM = new Preconditioning(0.5, 0.003);

  /** c_skip; {@code training} chooses the formula. */
  public double skip(double sigma, boolean training) {
    double s = training ? sigma : sigma - sigmaMin;
    return sigmaData * sigmaData / (s * s + sigmaData * sigmaData);
  }

  /** c_out; {@code training} chooses the formula. */
  public double out(double sigma, boolean training) {
    double s = training ? sigma : sigma - sigmaMin;
    return s * sigmaData / Math.sqrt(sigma * sigma + sigmaData * sigmaData);
  }

  /** c_in. */
  public double in(double sigma) {
    return 1 / Math.sqrt(sigma * sigma + sigmaData * sigmaData);
  }

  /** c_noise. */
  public double noise(double sigma) {
    return Math.log(sigma) / 4;
  }
}
