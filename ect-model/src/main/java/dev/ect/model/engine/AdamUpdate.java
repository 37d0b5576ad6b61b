package dev.ect.model.engine;

/**
 * The scalars of one {@link Engine#adamUpdate}.
 *
 * @param beta1 decay of the first moment
 * @param beta2 decay of the second moment
 * @param eps added to the denominator
 * @param step step size, bias corrections included
 * @param vScale factor of {@code sqrt(v)} in the denominator; 0 for an update without denominator
 */
public record AdamUpdate(double beta1, double beta2, double eps, double step, double vScale) {
  /** The same update of {@code factor} times the step size. */
  public AdamUpdate times(double factor) {
    return new AdamUpdate(beta1, beta2, eps, step * factor, vScale);
  }
}
