package dev.ect.model.network;

import dev.ect.model.engine.Tape;
import dev.ect.model.engine.Tensor;
import java.nio.FloatBuffer;

/**
 * Embeddings of noise levels and labels; the waves are computed on the host: N numbers are too few
 * to be worth a kernel.
 */
final class Embeddings {
  private static final double MAX_PERIOD = 10000;

  private Embeddings() {}

  /**
   * Frequencies of the positional embedding (Vaswani et al., arXiv 1706.03762), falling
   * geometrically from 1.
   *
   * @param endpoint whether the last one is 1/10000, or the one that would follow it
   */
  static double[] positional(int count, boolean endpoint) {
    double[] frequencies = new double[count];
    // A single frequency has no last one to reach.
    double steps = Math.max(1, endpoint ? count - 1 : count);
    for (int i = 0; i < count; i++) {
      frequencies[i] = Math.pow(1 / MAX_PERIOD, i / steps);
    }
    return frequencies;
  }

  /**
   * {@code [cos, sin](frequency * c_noise)}, or {@code [sin, cos]}.
   *
   * @return {@code [N, 2 * frequencies]}, owned by the tape's innermost frame
   */
  static Tensor waves(Tape tape, double[] cNoise, double[] frequencies, boolean sineFirst) {
    int half = frequencies.length;
    float[] e = new float[2 * half * cNoise.length];
    for (int n = 0; n < cNoise.length; n++) {
      int row = 2 * half * n;
      for (int i = 0; i < half; i++) {
        double angle = cNoise[n] * frequencies[i];
        e[row + i] = (float) (sineFirst ? Math.sin(angle) : Math.cos(angle));
        e[row + half + i] = (float) (sineFirst ? Math.cos(angle) : Math.sin(angle));
      }
    }
    return tape.own(tape.engine().create(e, cNoise.length, 2L * half));
  }

  /**
   * {@code e + layer(labels * factor)}.
   *
   * @param e {@code [N, C]}
   * @param labels {@code [N][width]}
   * @return {@code [N, C]}, owned by the tape's innermost frame
   */
  static Tensor plus(Pass pass, Tensor e, String layer, float[][] labels, double factor) {
    int width = labels[0].length;
    FloatBuffer values = FloatBuffer.allocate(labels.length * width);
    for (float[] label : labels) {
      for (float value : label) {
        values.put((float) (value * factor));
      }
    }
    Tensor x = pass.tape().own(pass.tape().engine().create(values.flip(), labels.length, width));
    return pass.tape().addScaled(e, pass.linear(layer, x), 1);
  }
}
