package dev.ect.model.tuning;

import java.io.Serializable;

/**
 * A moving average of the weights, updated after every step: {@code ema = net + beta (ema - net)}.
 */
public sealed interface EmaSpec extends Serializable
    permits EmaSpec.Fixed, EmaSpec.HalfLife, PowerFunctionEma {
  /** How the {@link #id} of a fixed beta begins. */
  String BETA = "beta=";

  /** How that of a half-life begins. */
  String HALF_LIFE = "halflife-kimg=";

  /** How that of a power function begins. */
  String SIGMA_REL = "sigma-rel=";

  /**
   * The decay of one update.
   *
   * @param batch images in this step
   * @param imagesSeen images processed before it
   */
  double beta(long batch, double imagesSeen);

  /** Names it in configurations and files: what {@link #parse} reads. */
  String id();

  /**
   * The same decay at every step.
   *
   * @param beta in [0, 1)
   */
  record Fixed(double beta) implements EmaSpec {
    @Override
    public double beta(long batch, double imagesSeen) {
      return beta;
    }

    @Override
    public String id() {
      return BETA + number(beta);
    }
  }

  /**
   * A decay that follows from a half-life.
   *
   * @param images over which a weight's influence halves
   * @param rampUpRatio the half-life is at most this share of the images seen; 0 for no ramp-up,
   *     and the only value that {@link #parse} knows
   */
  record HalfLife(double images, double rampUpRatio) implements EmaSpec {
    @Override
    public double beta(long batch, double imagesSeen) {
      double halfLife = rampUpRatio > 0 ? Math.min(images, imagesSeen * rampUpRatio) : images;
      return Math.pow(0.5, batch / Math.max(halfLife, 1e-8));
    }

    @Override
    public String id() {
      String ramp = rampUpRatio > 0 ? ",rampup-ratio=" + number(rampUpRatio) : "";
      return HALF_LIFE + number(images / 1000) + ramp;
    }
  }

  /** A fixed beta. */
  static EmaSpec fixed(double beta) {
    return new Fixed(beta);
  }

  /** A half-life in images, with ramp-up ratio (0 for none). */
  static EmaSpec halfLife(double images, double rampUpRatio) {
    return new HalfLife(images, rampUpRatio);
  }

  /**
   * Reads {@code beta=0.999}, {@code halflife-kimg=500} or {@code sigma-rel=0.05}.
   *
   * @throws IllegalArgumentException if it is none of them
   */
  static EmaSpec parse(String text) {
    int equals = text.indexOf('=') + 1;
    double value = Double.NaN;
    try {
      value = Double.parseDouble(text.substring(equals));
    } catch (NumberFormatException e) {
      // Stays NaN, which is out of every range.
    }
    String key = text.substring(0, equals);
    if (key.equals(BETA) && value >= 0 && value < 1) {
      return new Fixed(value);
    }
    if (key.equals(HALF_LIFE) && value > 0 && value < Double.POSITIVE_INFINITY) {
      return new HalfLife(value * 1000, 0);
    }
    if (key.equals(SIGMA_REL) && PowerFunctionEma.isWidth(value)) {
      return new PowerFunctionEma(value);
    }
    throw new IllegalArgumentException(
        "moving average '"
            + text
            + "'; expected beta=B with B at least 0 and less than 1, halflife-kimg=K with K more"
            + " than 0, or sigma-rel=S with S "
            + PowerFunctionEma.WIDTHS);
  }

  /** A number in an {@link #id}: as short as it reads back the same. */
  static String number(double value) {
    return String.valueOf(value).replaceFirst("\\.0$", "");
  }
}
