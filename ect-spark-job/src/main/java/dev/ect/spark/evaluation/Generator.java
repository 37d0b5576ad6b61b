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
    float[][] images = new float[numbers.length][];
    for (int from = 0; from < numbers.length; from += BATCH) {
      int to = Math.min(from + BATCH, numbers.length);
      float[][] part = labels == null ? null : Arrays.copyOfRange(labels, from, to);
      long[] some = Arrays.copyOfRange(numbers, from, to);
      float[][] batch = batch(denoiser, List.of(midT), seed, some, part)[0];
      System.arraycopy(batch, 0, images, from, batch.length);
    }
    return images;
  }

  /**
   * Generates one batch with several samplers, which share their first evaluation.
   *
   * @param midTs the intermediate times of each
   * @return per sampler {@code [N][C*H*W]}, about [-1, 1]
   */
  static float[][][] batch(
      Denoiser denoiser, List<List<Double>> midTs, long seed, long[] numbers, float[][] labels) {
    int size = denoiser.network().spec().imageSize();
    float[][] batches =
        FewStepSampler.sampleEach(
            denoiser, FewStepSampler.T_MAX, midTs, seed, numbers, new Conditioning(labels, null));
    float[][][] images = new float[batches.length][numbers.length][];
    for (int sampler = 0; sampler < batches.length; sampler++) {
      for (int i = 0; i < numbers.length; i++) {
        images[sampler][i] = Arrays.copyOfRange(batches[sampler], i * size, (i + 1) * size);
      }
    }
    return images;
  }
}
