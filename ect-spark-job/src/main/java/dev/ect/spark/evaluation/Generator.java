package dev.ect.spark.evaluation;

import dev.ect.model.network.Conditioning;
import dev.ect.model.network.Denoiser;
import dev.ect.model.sampling.FewStepSampler;
import java.util.Arrays;
import java.util.List;

/** Generates any number of images, some at a time. */
public final class Generator {
  private static final int BATCH = 64;

  private Generator() {}

  /**
   * Generates images by number; image i is the same whatever else is generated.
   *
   * @param midT intermediate times; empty for one step
   * @param seed of the whole set
   * @param numbers the images' numbers
   * @param labels class labels in the order of the numbers, or null
   * @return {@code [N][C*H*W]}, about [-1, 1]
   */
  public static float[][] generate(
      Denoiser denoiser, List<Double> midT, long seed, long[] numbers, float[][] labels) {
    FewStepSampler sampler = new FewStepSampler(denoiser, FewStepSampler.T_MAX, midT);
    int size = denoiser.network().spec().imageSize();
    float[][] images = new float[numbers.length][];
    for (int from = 0; from < numbers.length; from += BATCH) {
      int to = Math.min(from + BATCH, numbers.length);
      float[][] part = labels == null ? null : Arrays.copyOfRange(labels, from, to);
      float[] batch =
          sampler.sample(seed, Arrays.copyOfRange(numbers, from, to), new Conditioning(part, null));
      for (int i = from; i < to; i++) {
        images[i] = Arrays.copyOfRange(batch, (i - from) * size, (i - from + 1) * size);
      }
    }
    return images;
  }
}
