package dev.ect.model.tuning;

import dev.ect.model.engine.Tensor;
import dev.ect.model.network.Denoiser;
import dev.ect.model.network.NetworkSpec;
import java.util.Arrays;

/** What the losses share. */
final class Losses {
  private Losses() {}

  static double[] fill(int n, double value) {
    double[] values = new double[n];
    Arrays.fill(values, value);
    return values;
  }

  static Tensor images(Denoiser denoiser, float[] values, int n) {
    NetworkSpec spec = denoiser.network().spec();
    return denoiser
        .weights()
        .engine()
        .create(values, n, spec.imgChannels(), spec.imgResolution(), spec.imgResolution());
  }
}
