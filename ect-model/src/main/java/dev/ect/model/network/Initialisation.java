package dev.ect.model.network;

import dev.ect.model.random.Philox;

/**
 * How a layer's weight and bias are drawn, by the fans of the weight: {@code fanIn = in * k * k},
 * {@code fanOut = out * k * k}.
 *
 * @param distribution of weight and bias alike
 * @param weightGain factor of the weight; 0 gives exact zeros
 * @param biasGain factor of the bias; 0 gives exact zeros
 */
record Initialisation(Distribution distribution, double weightGain, double biasGain) {
  /** Zero mean; the scale is that of a gain of 1. */
  enum Distribution {
    /** Uniform in {@code +-sqrt(6 / (fanIn + fanOut))} (Glorot and Bengio, AISTATS 2010). */
    XAVIER_UNIFORM,
    /** Uniform in {@code +-sqrt(3 / fanIn)} (He et al., arXiv 1502.01852). */
    KAIMING_UNIFORM,
    /** Normal with variance {@code 1 / fanIn}. */
    KAIMING_NORMAL
  }

  /** The values of one tensor. */
  interface Draw {
    /**
     * @param stream the tensor's own stream of random numbers
     * @param values receives them
     */
    void fill(Philox stream, float[] values, int offset, int length);
  }

  Draw weight(long fanIn, long fanOut) {
    return draw(weightGain, fanIn, fanOut);
  }

  Draw bias(long fanIn, long fanOut) {
    return draw(biasGain, fanIn, fanOut);
  }

  private Draw draw(double gain, long fanIn, long fanOut) {
    if (gain == 0) {
      return constant(0);
    }
    return switch (distribution) {
      case XAVIER_UNIFORM -> uniform(gain * Math.sqrt(6.0 / (fanIn + fanOut)));
      case KAIMING_UNIFORM -> uniform(gain * Math.sqrt(3.0 / fanIn));
      case KAIMING_NORMAL -> normal(gain * Math.sqrt(1.0 / fanIn));
    };
  }

  static Draw constant(float value) {
    return (stream, values, offset, length) -> {
      for (int i = 0; i < length; i++) {
        values[offset + i] = value;
      }
    };
  }

  static Draw normal(double deviation) {
    return (stream, values, offset, length) -> {
      for (int i = 0; i < length; i++) {
        values[offset + i] = (float) (deviation * stream.nextGaussian());
      }
    };
  }

  private static Draw uniform(double bound) {
    return (stream, values, offset, length) -> {
      for (int i = 0; i < length; i++) {
        values[offset + i] = (float) (bound * 0x1p-31 * stream.nextInt());
      }
    };
  }
}
