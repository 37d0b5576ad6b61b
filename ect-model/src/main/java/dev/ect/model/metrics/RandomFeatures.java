package dev.ect.model.metrics;

import dev.ect.model.random.Philox;
import dev.ect.model.random.Purpose;
import java.util.Arrays;

/**
 * Features of an image from three 3x3 convolutions whose weights are random but always the same,
 * with leaky ReLU after each and 2x2 average pooling between them. Two filters of three sum to 0
 * over their window, so that they see edges and grain and not the brightness: without those a
 * blurred image passes for a sharp one.
 *
 * <p>The numbers depend on the image only, not on the machine. Safe for use by several threads.
 */
final class RandomFeatures {
  private static final long SEED = 20240614;
  private static final int[] WIDTHS = {12, 24, 24};
  private static final int TAPS = 9;
  private static final float SLOPE = 0.2f;

  private final int channels;
  private final int height;
  private final int width;

  /** Per layer [out][in * 9]. */
  private final float[][][] weights = new float[WIDTHS.length][][];

  RandomFeatures(int channels, int height, int width) {
    this.channels = channels;
    this.height = height;
    this.width = width;
    int in = channels;
    for (int layer = 0; layer < WIDTHS.length; layer++) {
      weights[layer] = new float[WIDTHS[layer]][];
      for (int out = 0; out < WIDTHS[layer]; out++) {
        weights[layer][out] = filter(layer, out, in);
      }
      in = WIDTHS[layer];
    }
  }

  /**
   * Number of features: means of the channels; mean and deviation of the channels of each layer.
   */
  int count() {
    return channels + 2 * Arrays.stream(WIDTHS).sum();
  }

  /**
   * @param images [N,C,H,W], clamped to [-1, 1]
   * @param offset of the image's first value
   */
  double[] of(float[] images, int offset) {
    double[] features = new double[count()];
    Planes planes = Planes.zeros(channels, height, width);
    for (int c = 0; c < channels; c++) {
      for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
          float value = images[offset + (c * height + y) * width + x];
          planes.values[planes.at(c, y, x)] = Math.min(Math.max(value, -1), 1);
        }
      }
      features[c] = planes.mean(c);
    }
    int next = channels;
    for (int layer = 0; layer < WIDTHS.length; layer++) {
      planes = convolve(layer == 0 ? planes : planes.pooled(), weights[layer]);
      for (int c = 0; c < planes.channels; c++) {
        double mean = planes.mean(c);
        features[next++] = mean;
        features[next++] = planes.deviation(c, mean);
      }
    }
    return features;
  }

  private static float[] filter(int layer, int out, int in) {
    float[] filter = new Philox(SEED, Purpose.FEATURES, layer, out).gaussians(in * TAPS);
    if (out % 3 != 2) {
      for (int from = 0; from < filter.length; from += TAPS) {
        double sum = 0;
        for (int i = from; i < from + TAPS; i++) {
          sum += filter[i];
        }
        for (int i = from; i < from + TAPS; i++) {
          filter[i] -= (float) (sum / TAPS);
        }
      }
    }
    double squares = 0;
    for (float value : filter) {
      squares += (double) value * value;
    }
    float scale = (float) Math.sqrt(2 / squares);
    for (int i = 0; i < filter.length; i++) {
      filter[i] *= scale;
    }
    return filter;
  }

  private static Planes convolve(Planes in, float[][] filters) {
    Planes out = Planes.zeros(filters.length, in.height, in.width);
    for (int o = 0; o < filters.length; o++) {
      for (int c = 0; c < in.channels; c++) {
        for (int y = 0; y < in.height; y++) {
          addRow(in, c, y, filters[o], out, out.at(o, y, 0));
        }
      }
      for (int y = 0; y < in.height; y++) {
        int from = out.at(o, y, 0);
        for (int i = from; i < from + in.width; i++) {
          out.values[i] = Math.max(out.values[i], SLOPE * out.values[i]);
        }
      }
    }
    return out;
  }

  /** Adds channel c's part of one row; the border of zeros makes every neighbour an element. */
  private static void addRow(Planes in, int c, int y, float[] filter, Planes out, int to) {
    float[] from = in.values;
    float[] sums = out.values;
    for (int dy = 0; dy < 3; dy++) {
      float left = filter[c * TAPS + 3 * dy];
      float middle = filter[c * TAPS + 3 * dy + 1];
      float right = filter[c * TAPS + 3 * dy + 2];
      int row = in.at(c, y + dy - 1, -1);
      for (int x = 0; x < in.width; x++) {
        sums[to + x] +=
            left * from[row + x] + middle * from[row + x + 1] + right * from[row + x + 2];
      }
    }
  }

  /** Planes with a border of one zero on every side. */
  private static final class Planes {
    final int channels;
    final int height;
    final int width;
    final float[] values;

    private Planes(int channels, int height, int width, float[] values) {
      this.channels = channels;
      this.height = height;
      this.width = width;
      this.values = values;
    }

    static Planes zeros(int channels, int height, int width) {
      return new Planes(channels, height, width, new float[channels * (height + 2) * (width + 2)]);
    }

    int at(int c, int y, int x) {
      return (c * (height + 2) + y + 1) * (width + 2) + x + 1;
    }

    Planes pooled() {
      Planes out = zeros(channels, height / 2, width / 2);
      for (int c = 0; c < channels; c++) {
        for (int y = 0; y < out.height; y++) {
          for (int x = 0; x < out.width; x++) {
            int upper = at(c, 2 * y, 2 * x);
            int lower = at(c, 2 * y + 1, 2 * x);
            out.values[out.at(c, y, x)] =
                (values[upper] + values[upper + 1] + values[lower] + values[lower + 1]) / 4;
          }
        }
      }
      return out;
    }

    double mean(int c) {
      double sum = 0;
      for (int y = 0; y < height; y++) {
        int row = at(c, y, 0);
        for (int i = row; i < row + width; i++) {
          sum += values[i];
        }
      }
      return sum / (height * width);
    }

    double deviation(int c, double mean) {
      double sum = 0;
      for (int y = 0; y < height; y++) {
        int row = at(c, y, 0);
        for (int i = row; i < row + width; i++) {
          double difference = values[i] - mean;
          sum += difference * difference;
        }
      }
      return Math.sqrt(sum / (height * width));
    }
  }
}
