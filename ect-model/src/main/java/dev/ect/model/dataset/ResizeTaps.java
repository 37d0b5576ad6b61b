package dev.ect.model.dataset;

import java.util.Arrays;

/**
 * For one axis: which pixels make each pixel of the result, and their weights in fixed point. The
 * weights are computed in float64, made to sum to 1, and rounded half away from zero.
 */
final class ResizeTaps {
  /** Bits after the point: 32, less 8 for the byte and 2 for sums beyond the range of bytes. */
  private static final int FRACTION = 32 - 8 - 2;

  private static final int HALF = 1 << (FRACTION - 1);
  private static final int LARGEST = 255;

  private final int[] first;
  private final int[][] weights;

  ResizeTaps(int from, int to, ResizeFilter filter) {
    first = new int[to];
    weights = new int[to][];
    double scale = (double) from / to;
    double widening = Math.max(scale, 1);
    double narrowing = 1 / widening;
    double reach = filter.support() * widening;
    for (int i = 0; i < to; i++) {
      double centre = (i + 0.5) * scale;
      first[i] = Math.max((int) (centre - reach + 0.5), 0);
      int end = Math.min((int) (centre + reach + 0.5), from);
      double[] exact = new double[end - first[i]];
      double sum = 0;
      for (int j = 0; j < exact.length; j++) {
        exact[j] = filter.weight((j + first[i] - centre + 0.5) * narrowing);
        sum += exact[j];
      }
      weights[i] = new int[exact.length];
      for (int j = 0; j < exact.length; j++) {
        double weight = sum == 0 ? exact[j] : exact[j] / sum;
        weights[i][j] = (int) (weight * (1 << FRACTION) + (weight < 0 ? -0.5 : 0.5));
      }
    }
  }

  /** One row: pixels that follow each other. */
  void row(byte[] in, int from, byte[] out, int to) {
    for (int i = 0; i < first.length; i++) {
      int at = from + first[i];
      int sum = HALF;
      for (int weight : weights[i]) {
        sum += (in[at++] & LARGEST) * weight;
      }
      out[to + i] = toByte(sum);
    }
  }

  /** All columns of a plane, row by row of the result. */
  void columns(byte[] in, int from, int width, byte[] out, int to) {
    int[] sums = new int[width];
    for (int i = 0; i < first.length; i++) {
      Arrays.fill(sums, HALF);
      int at = from + first[i] * width;
      for (int weight : weights[i]) {
        for (int x = 0; x < width; x++) {
          sums[x] += (in[at + x] & LARGEST) * weight;
        }
        at += width;
      }
      for (int x = 0; x < width; x++) {
        out[to + i * width + x] = toByte(sums[x]);
      }
    }
  }

  private static byte toByte(int sum) {
    return (byte) Math.min(Math.max(sum >> FRACTION, 0), LARGEST);
  }
}
