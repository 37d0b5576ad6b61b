package dev.ect.model.metrics;

import java.util.Arrays;
import java.util.Random;

/** Features to test with. */
final class FeatureSets {
  private FeatureSets() {}

  /**
   * Features scaled like those of the Inception network: not negative, mostly below 1, with spectra
   * that fall off, a mean well above 0 and some features that are nearly always 0.
   *
   * @return [count, width]
   */
  static float[] inception(int count, int width, long seed) {
    Random random = new Random(seed);
    int hidden = Math.max(4, width / 8);
    Random fixed = new Random(99);
    float[] mix = new float[hidden * width];
    for (int i = 0; i < mix.length; i++) {
      int cause = i / width;
      mix[i] = (float) (0.5 * fixed.nextGaussian() / (1 + 0.2 * cause));
    }
    float[] rows = new float[count * width];
    float[] causes = new float[hidden];
    for (int n = 0; n < count; n++) {
      for (int h = 0; h < hidden; h++) {
        causes[h] = (float) random.nextGaussian();
      }
      for (int j = 0; j < width; j++) {
        double sum = j % 16 == 0 ? -1 : 0.35;
        for (int h = 0; h < hidden; h++) {
          sum += mix[h * width + j] * causes[h];
        }
        rows[n * width + j] = (float) Math.max(0, sum + 0.05 * random.nextGaussian());
      }
    }
    return rows;
  }

  /** Rows from one to another. */
  static float[] rows(float[] all, int width, int from, int to) {
    return Arrays.copyOfRange(all, from * width, to * width);
  }

  static FeatureStatistics statistics(float[] rows, int width, CovarianceDivisor divisor) {
    return new FeatureMoments().add(rows, rows.length / width).statistics(divisor);
  }
}
