package dev.ect.model.dataset;

/** Weights of neighbouring pixels in resizing, with Pillow's definitions. */
public enum ResizeFilter {
  /** The mean of the pixels under an output pixel. */
  BOX(0.5) {
    @Override
    double weight(double x) {
      return x > -0.5 && x <= 0.5 ? 1 : 0;
    }
  },

  /** Cubic convolution with a = -1/2 (Keys, 1981). */
  BICUBIC(2) {
    @Override
    double weight(double x) {
      double d = Math.abs(x);
      if (d < 1) {
        return ((KEYS + 2) * d - (KEYS + 3)) * d * d + 1;
      }
      return d < 2 ? (((d - 5) * d + 8) * d - 4) * KEYS : 0;
    }
  },

  /** sinc(x) sinc(x/3). */
  LANCZOS(3) {
    @Override
    double weight(double x) {
      return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
    }
  };

  private static final double KEYS = -0.5;

  private final double support;

  ResizeFilter(double support) {
    this.support = support;
  }

  /** Half the width of the range in which weights are not zero, in pixels of the smaller image. */
  double support() {
    return support;
  }

  /**
   * @param x distance of a pixel's centre, in pixels of the smaller image
   */
  abstract double weight(double x);

  private static double sinc(double x) {
    return x == 0 ? 1 : StrictMath.sin(x * Math.PI) / (x * Math.PI);
  }
}
