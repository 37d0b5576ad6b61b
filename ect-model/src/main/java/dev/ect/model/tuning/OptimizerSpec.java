package dev.ect.model.tuning;

import dev.ect.model.engine.AdamUpdate;
import java.util.Locale;

/**
 * An optimiser of the Adam family and its learning rate.
 *
 * @param kind which one
 * @param lr learning rate
 * @param beta1 decay of the gradient's moving average
 * @param beta2 decay of the squared gradient's moving average
 * @param eps added to the denominator
 * @param rampUpImages the learning rate rises linearly from 0 over this many images; 0 for none
 */
public record OptimizerSpec(
    Kind kind, double lr, double beta1, double beta2, double eps, double rampUpImages) {
  /** Adam's relatives; both without weight decay. */
  public enum Kind {
    /** Kingma and Ba, arXiv 1412.6980. */
    ADAM,
    /** Liu et al., arXiv 1908.03265, as PyTorch defines it. */
    RADAM;

    /** {@code adam} or {@code radam}. */
    public String id() {
      return name().toLowerCase(Locale.ROOT);
    }

    /**
     * @throws IllegalArgumentException if no optimiser has that name
     */
    public static Kind of(String id) {
      for (Kind k : values()) {
        if (k.id().equals(id)) {
          return k;
        }
      }
      throw new IllegalArgumentException("optim is '" + id + "'; expected adam or radam");
    }
  }

  /** With the usual betas (0.9, 0.999), eps 1e-8 and no ramp-up. */
  public static OptimizerSpec of(Kind kind, double lr) {
    return new OptimizerSpec(kind, lr, 0.9, 0.999, 1e-8, 0);
  }

  /**
   * The scalars of one update.
   *
   * @param step number of this update, from 1
   * @param imagesSeen images processed before it
   */
  public AdamUpdate update(long step, double imagesSeen) {
    double rate = rampUpImages > 0 ? lr * Math.min(imagesSeen / rampUpImages, 1) : lr;
    double correction1 = 1 - Math.pow(beta1, (double) step);
    double correction2 = 1 - Math.pow(beta2, (double) step);
    if (kind == Kind.ADAM) {
      return new AdamUpdate(beta1, beta2, eps, rate / correction1, 1 / Math.sqrt(correction2));
    }
    double rhoInf = 2 / (1 - beta2) - 1;
    double rho = rhoInf - 2.0 * step * Math.pow(beta2, (double) step) / correction2;
    if (rho <= 5) {
      return new AdamUpdate(beta1, beta2, eps, rate / correction1, 0);
    }
    double rectification =
        Math.sqrt((rho - 4) * (rho - 2) * rhoInf / ((rhoInf - 4) * (rhoInf - 2) * rho));
    return new AdamUpdate(
        beta1, beta2, eps, rate / correction1 * rectification * Math.sqrt(correction2), 1);
  }
}
