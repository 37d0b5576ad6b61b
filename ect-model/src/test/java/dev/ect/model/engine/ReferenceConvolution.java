package dev.ect.model.engine;

/**
 * Convolutions and resampling of {@link ReferenceEngine}: plain sums, the innermost loop along a
 * row.
 */
final class ReferenceConvolution {
  private ReferenceConvolution() {}

  /**
   * Visits every (image, output channel, input channel, tap) with the rows and columns where the
   * tap meets the image.
   */
  private interface Tap {
    /**
     * @param weight index of the tap's weight
     * @param out index of the first value of an output row
     * @param in index of the input value that meets the first value of the output row; may lie
     *     before the row
     * @param from first column of the output row that meets the image
     * @param to last such column, exclusive
     */
    void row(int weight, int out, int in, int from, int to);
  }

  private static void each(
      ReferenceTensor x, ReferenceTensor w, long[] outShape, int padding, Tap tap) {
    int cin = x.dim(1);
    int h = x.dim(2);
    int wide = x.dim(3);
    int cout = w.dim(0);
    int k = w.dim(2);
    int oh = (int) outShape[2];
    int ow = (int) outShape[3];
    for (int n = 0; n < x.dim(0); n++) {
      for (int o = 0; o < cout; o++) {
        for (int c = 0; c < cin; c++) {
          for (int t = 0; t < k * k; t++) {
            int dy = t / k - padding;
            int dx = t % k - padding;
            int from = Math.max(0, -dx);
            int to = Math.min(ow, wide - dx);
            for (int y = Math.max(0, -dy); y < Math.min(oh, h - dy); y++) {
              tap.row(
                  (o * cin + c) * k * k + t,
                  ((n * cout + o) * oh + y) * ow,
                  ((n * cin + c) * h + y + dy) * wide + dx,
                  from,
                  to);
            }
          }
        }
      }
    }
  }

  static ReferenceTensor forward(
      ReferenceTensor x, ReferenceTensor w, ReferenceTensor b, int padding, long[] shape) {
    ReferenceTensor y = new ReferenceTensor(x.engine, shape);
    if (b != null) {
      int plane = y.dim(2) * y.dim(3);
      for (int i = 0; i < y.count(); i++) {
        y.set(i, b.get(i / plane % y.dim(1)));
      }
    }
    each(
        x,
        w,
        shape,
        padding,
        (weight, out, in, from, to) -> {
          double factor = w.get(weight);
          for (int i = from; i < to; i++) {
            y.add(out + i, factor * x.get(in + i));
          }
        });
    return y;
  }

  static ReferenceTensor inputGradient(
      ReferenceTensor gy, ReferenceTensor x, ReferenceTensor w, int padding) {
    ReferenceTensor gx = new ReferenceTensor(x.engine, x.shape());
    each(
        x,
        w,
        gy.shape(),
        padding,
        (weight, out, in, from, to) -> {
          double factor = w.get(weight);
          for (int i = from; i < to; i++) {
            gx.add(in + i, factor * gy.get(out + i));
          }
        });
    return gx;
  }

  static void weightGradient(
      ReferenceTensor gy, ReferenceTensor x, int padding, ReferenceTensor gw) {
    each(
        x,
        gw,
        gy.shape(),
        padding,
        (weight, out, in, from, to) -> {
          double sum = 0;
          for (int i = from; i < to; i++) {
            sum += gy.get(out + i) * x.get(in + i);
          }
          gw.add(weight, sum);
        });
  }

  static void biasGradient(ReferenceTensor gy, ReferenceTensor gb) {
    int plane = gy.dim(2) * gy.dim(3);
    for (int i = 0; i < gy.count(); i++) {
      gb.add(i / plane % gy.dim(1), gy.get(i));
    }
  }

  static ReferenceTensor downsample(
      ReferenceTensor x, double[] filter, int padding, double gain, long[] shape) {
    ReferenceTensor y = new ReferenceTensor(x.engine, shape);
    resample(x, y, filter, padding, gain, true);
    return y;
  }

  static ReferenceTensor upsample(
      ReferenceTensor x, double[] filter, int padding, double gain, long[] shape) {
    ReferenceTensor y = new ReferenceTensor(x.engine, shape);
    resample(y, x, filter, padding, gain, false);
    return y;
  }

  /** Carries values between images and images of half the size, one way or the other. */
  private static void resample(
      ReferenceTensor large,
      ReferenceTensor small,
      double[] f,
      int padding,
      double gain,
      boolean down) {
    double sum = 0;
    for (double v : f) {
      sum += v;
    }
    int h = large.dim(2);
    int w = large.dim(3);
    int sh = small.dim(2);
    int sw = small.dim(3);
    for (int plane = 0; plane < large.dim(0) * large.dim(1); plane++) {
      for (int i = 0; i < sh * sw * f.length * f.length; i++) {
        int tap = i % (f.length * f.length);
        int s = i / (f.length * f.length);
        int y = 2 * (s / sw) + tap / f.length - padding;
        int x = 2 * (s % sw) + tap % f.length - padding;
        if (y >= 0 && y < h && x >= 0 && x < w) {
          double factor = gain * f[tap / f.length] * f[tap % f.length] / (sum * sum);
          int at = (plane * h + y) * w + x;
          int to = plane * sh * sw + s;
          if (down) {
            small.add(to, factor * large.get(at));
          } else {
            large.add(at, factor * small.get(to));
          }
        }
      }
    }
  }
}
