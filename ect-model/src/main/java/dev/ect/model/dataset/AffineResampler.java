package dev.ect.model.dataset;

import java.util.Arrays;

/**
 * Samples one image under an affine map: reflect-pad, upsample by 2, sample bilinearly, downsample
 * by 2. Rows of twice the resolution keep their even columns first and their odd columns after
 * them: then every filter reads and writes contiguous floats, which the compiler vectorises.
 */
final class AffineResampler {
  private static final int TAPS = 12;
  private static final int HALF = TAPS / 2;
  private static final int BORDER = 3;

  /** The sym6 wavelet's low-pass filter. */
  private static final double[] SYM6 = {
    0.015404109327027373,
    0.0034907120842174702,
    -0.11799011114819057,
    -0.048311742585633,
    0.4910559419267466,
    0.787641141030194,
    0.3379294217276218,
    -0.07263752278646252,
    -0.021060292512300564,
    0.04472490177066578,
    0.0017677118642428036,
    -0.007800708325034148
  };

  private static final float[] EVEN = everySecond(0);
  private static final float[] ODD = everySecond(1);
  private static final float[] EVEN_REVERSED = reversed(ODD);
  private static final float[] ODD_REVERSED = reversed(EVEN);

  private final int channels;
  private final int height;
  private final int width;

  AffineResampler(int channels, int height, int width) {
    this.channels = channels;
    this.height = height;
    this.width = width;
  }

  /**
   * @param image [C,H,W]
   * @param inverse from output to input, in pixels from the centre
   */
  float[] apply(float[] image, Affine inverse) {
    double cx = (width - 1) / 2.0;
    double cy = (height - 1) / 2.0;
    double reachX = Math.abs(inverse.xx()) * cx + Math.abs(inverse.xy()) * cy;
    double reachY = Math.abs(inverse.yx()) * cx + Math.abs(inverse.yy()) * cy;
    int left = margin(reachX - inverse.x0(), width);
    int right = margin(reachX + inverse.x0(), width);
    int top = margin(reachY - inverse.y0(), height);
    int bottom = margin(reachY + inverse.y0(), height);
    int paddedWidth = left + width + right;
    int paddedHeight = top + height + bottom;

    float[] padded = pad(image, left, top, paddedHeight, paddedWidth);
    float[] tall = upsampleRows(padded, paddedHeight, paddedWidth + 2 * BORDER);
    float[] fine = upsampleColumns(tall, 2 * paddedHeight, paddedWidth);

    // Centres of even-sized grids lie between pixels: hence the halves around the map at twice the
    // resolution.
    Affine map = Affine.translate((left - right) / 2.0, (top - bottom) / 2.0).after(inverse);
    map =
        Affine.translate(paddedWidth - 1.0, paddedHeight - 1.0)
            .after(Affine.scale(2, 2))
            .after(map)
            .after(Affine.scale(0.5, 0.5))
            .after(Affine.translate(-4.0 - width, -4.0 - height));
    float[] sampled = sample(fine, 2 * paddedHeight, paddedWidth, map);
    return downsample(sampled);
  }

  /** Pixels of reflection that a side needs for an image that reaches this far from the centre. */
  private static int margin(double reach, int size) {
    return (int) Math.ceil(Math.min(Math.max(reach + HALF - (size - 1) / 2.0, 0), size - 1));
  }

  /** Reflection, then a border of zeros for the filter: [C, paddedHeight+6, paddedWidth+6]. */
  private float[] pad(float[] image, int left, int top, int paddedHeight, int paddedWidth) {
    int rows = paddedHeight + 2 * BORDER;
    int columns = paddedWidth + 2 * BORDER;
    int[] source = new int[paddedWidth];
    for (int x = 0; x < paddedWidth; x++) {
      source[x] = reflect(x - left, width);
    }
    float[] out = new float[channels * rows * columns];
    for (int c = 0; c < channels; c++) {
      for (int y = 0; y < paddedHeight; y++) {
        int from = (c * height + reflect(y - top, height)) * width;
        int to = (c * rows + y + BORDER) * columns + BORDER;
        for (int x = 0; x < paddedWidth; x++) {
          out[to + x] = image[from + source[x]];
        }
      }
    }
    return out;
  }

  private static int reflect(int i, int size) {
    int positive = Math.abs(i);
    return positive < size ? positive : 2 * (size - 1) - positive;
  }

  /** [C, rows+6, columns] to [C, 2*rows, columns]. */
  private float[] upsampleRows(float[] in, int rows, int columns) {
    float[] out = new float[channels * 2 * rows * columns];
    for (int c = 0; c < channels; c++) {
      for (int y = 0; y < rows; y++) {
        int from = (c * (rows + 2 * BORDER) + y) * columns;
        int to = (c * rows + y) * 2 * columns;
        filter(in, from, columns, EVEN_REVERSED, out, to, columns);
        filter(in, from + columns, columns, ODD_REVERSED, out, to + columns, columns);
      }
    }
    return out;
  }

  /** [C, rows, columns+6] to [C, rows, (even, odd), columns]. */
  private float[] upsampleColumns(float[] in, int rows, int columns) {
    float[] out = new float[channels * rows * 2 * columns];
    for (int row = 0; row < channels * rows; row++) {
      int from = row * (columns + 2 * BORDER);
      int to = row * 2 * columns;
      filter(in, from, 1, EVEN_REVERSED, out, to, columns);
      filter(in, from + 1, 1, ODD_REVERSED, out, to + columns, columns);
    }
    return out;
  }

  /**
   * Bilinear sampling, zero outside.
   *
   * @param in [C, rows, (even, odd), columns/2]
   * @param map from output to input pixels
   * @return [C, 2*height+10, (even, odd), width+5]: of the 2*(size+6) places on an axis the first
   *     and the last reach no pixel that remains after cropping, and are left out
   */
  private float[] sample(float[] in, int rows, int halfColumns, Affine map) {
    int columns = 2 * halfColumns;
    int plane = rows * columns;
    int outHalf = width + TAPS / 2 - 1;
    int outRows = 2 * height + TAPS - 2;
    int outPlane = outRows * 2 * outHalf;
    float[] out = new float[channels * outPlane];
    for (int v = 0; v < outRows; v++) {
      for (int u = 0; u < 2 * outHalf; u++) {
        double px = map.x(u, v);
        double py = map.y(u, v);
        if (!(px > -1 && px < columns && py > -1 && py < rows)) {
          continue;
        }
        int x = (int) (px + 1) - 1;
        int y = (int) (py + 1) - 1;
        float fx = (float) (px - x);
        float fy = (float) (py - y);
        // A neighbour outside keeps weight 0 and any valid address.
        float wx0 = x < 0 ? 0 : 1 - fx;
        float wx1 = x + 1 < columns ? fx : 0;
        float wy0 = y < 0 ? 0 : 1 - fy;
        float wy1 = y + 1 < rows ? fy : 0;
        int x0 = column(Math.max(x, 0), halfColumns);
        int x1 = column(Math.min(x + 1, columns - 1), halfColumns);
        int y0 = Math.max(y, 0) * columns;
        int y1 = Math.min(y + 1, rows - 1) * columns;
        int to = v * 2 * outHalf + column(u, outHalf);
        for (int c = 0; c < channels; c++) {
          int base = c * plane;
          out[c * outPlane + to] =
              wy0 * (wx0 * in[base + y0 + x0] + wx1 * in[base + y0 + x1])
                  + wy1 * (wx0 * in[base + y1 + x0] + wx1 * in[base + y1 + x1]);
        }
      }
    }
    return out;
  }

  private static int column(int x, int half) {
    return (x >> 1) + (x & 1) * half;
  }

  /** [C, 2*height+10, (even, odd), width+5] to [C, height, width]. */
  private float[] downsample(float[] in) {
    int rows = 2 * height + TAPS - 2;
    int half = width + TAPS / 2 - 1;
    float[] narrow = new float[channels * rows * width];
    for (int row = 0; row < channels * rows; row++) {
      int from = row * 2 * half;
      filter(in, from, 1, EVEN, narrow, row * width, width);
      add(in, from + half, 1, ODD, narrow, row * width, width);
    }
    float[] out = new float[channels * height * width];
    for (int c = 0; c < channels; c++) {
      for (int y = 0; y < height; y++) {
        int from = (c * rows + 2 * y) * width;
        int to = (c * height + y) * width;
        filter(narrow, from, 2 * width, EVEN, out, to, width);
        add(narrow, from + width, 2 * width, ODD, out, to, width);
      }
    }
    return out;
  }

  /** {@code out[to+i] = sum over t < 6 of taps[t] * in[from + t*stride + i]}. */
  private static void filter(
      float[] in, int from, int stride, float[] taps, float[] out, int to, int count) {
    Arrays.fill(out, to, to + count, 0);
    add(in, from, stride, taps, out, to, count);
  }

  private static void add(
      float[] in, int from, int stride, float[] taps, float[] out, int to, int count) {
    float a = taps[0];
    float b = taps[1];
    float c = taps[2];
    float d = taps[3];
    float e = taps[4];
    float f = taps[5];
    for (int i = 0; i < count; i++) {
      int p = from + i;
      out[to + i] +=
          a * in[p]
              + b * in[p + stride]
              + c * in[p + 2 * stride]
              + d * in[p + 3 * stride]
              + e * in[p + 4 * stride]
              + f * in[p + 5 * stride];
    }
  }

  private static float[] everySecond(int first) {
    float[] taps = new float[HALF];
    for (int i = 0; i < HALF; i++) {
      taps[i] = (float) SYM6[first + 2 * i];
    }
    return taps;
  }

  private static float[] reversed(float[] taps) {
    float[] out = new float[taps.length];
    for (int i = 0; i < taps.length; i++) {
      out[i] = taps[taps.length - 1 - i];
    }
    return out;
  }
}
