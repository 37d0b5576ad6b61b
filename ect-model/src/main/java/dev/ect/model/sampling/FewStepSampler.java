package dev.ect.model.sampling;

import dev.ect.model.engine.Engine;
import dev.ect.model.engine.Tape;
import dev.ect.model.engine.Tensor;
import dev.ect.model.network.Conditioning;
import dev.ect.model.network.Denoiser;
import dev.ect.model.network.NetworkSpec;
import dev.ect.model.random.Philox;
import dev.ect.model.random.Purpose;
import java.util.Arrays;
import java.util.List;

/**
 * Generates images in one network evaluation, or one more for each intermediate time (ECT, arXiv
 * 2406.14548; Song et al., arXiv 2303.01469, algorithm 1): {@code x = D(T z, T)}, then {@code x =
 * D(x + t z', t)} for each intermediate time t.
 *
 * @param denoiser evaluated by its evaluation formulas
 * @param tMax T, the noise level to start from
 * @param midT the intermediate times, usually decreasing; empty for one step
 */
public record FewStepSampler(Denoiser denoiser, double tMax, List<Double> midT) {
  /** The noise level that sampling starts from, unless said otherwise. */
  public static final double T_MAX = 80;

  /**
   * @throws IllegalArgumentException if a time is not between 0 and tMax
   */
  public FewStepSampler {
    midT = List.copyOf(midT);
    for (double t : midT) {
      if (!(t > 0 && t < tMax)) {
        throw new IllegalArgumentException(
            "mid_t is " + t + "; expected more than 0 and less than " + tMax);
      }
    }
  }

  /**
   * Generates images by number: image i is the same whatever the batch around it.
   *
   * @param seed of the whole set
   * @param numbers the images' numbers
   * @param conditioning class labels, in the order of the numbers
   * @return {@code [N, C, H, W]} row-major, about [-1, 1]
   */
  public float[] sample(long seed, long[] numbers, Conditioning conditioning) {
    return sampleEach(denoiser, tMax, List.of(midT), seed, numbers, conditioning)[0];
  }

  /**
   * Generates the images of several samplers that differ in their intermediate times only: the same
   * bits as by each of them alone, with the evaluation at T done once for all.
   *
   * @param midTs the intermediate times of each
   * @return per sampler {@code [N, C, H, W]} row-major
   */
  public static float[][] sampleEach(
      Denoiser denoiser,
      double tMax,
      List<List<Double>> midTs,
      long seed,
      long[] numbers,
      Conditioning conditioning) {
    int most = midTs.stream().mapToInt(List::size).max().orElse(0);
    int size = denoiser.network().spec().imageSize();
    float[][] noises = new float[1 + most][];
    for (int step = 0; step < noises.length; step++) {
      noises[step] = new float[numbers.length * size];
      for (int i = 0; i < numbers.length; i++) {
        float[] z = new Philox(seed, Purpose.SAMPLING, step, numbers[i]).gaussians(size);
        System.arraycopy(z, 0, noises[step], i * size, size);
      }
    }
    return sampleEach(denoiser, tMax, midTs, noises, conditioning);
  }

  /**
   * Generates images from given noises.
   *
   * @param noises standard normal, {@code [N, C, H, W]} row-major: the latents, then one for each
   *     intermediate time
   * @return {@code [N, C, H, W]} row-major
   */
  public float[] sample(float[][] noises, Conditioning conditioning) {
    return sampleEach(denoiser, tMax, List.of(midT), noises, conditioning)[0];
  }

  private static float[][] sampleEach(
      Denoiser denoiser,
      double tMax,
      List<List<Double>> midTs,
      float[][] noises,
      Conditioning conditioning) {
    NetworkSpec spec = denoiser.network().spec();
    Engine engine = denoiser.weights().engine();
    int n = noises[0].length / spec.imageSize();
    long[] shape = {n, spec.imgChannels(), spec.imgResolution(), spec.imgResolution()};
    double[] one = constant(n, 1);
    float[][] images = new float[midTs.size()][];
    try (Tape tape = Tape.inference(engine)) {
      double[] start = constant(n, tMax);
      Tensor z = tape.own(engine.create(noises[0], shape));
      Tensor noisy = tape.own(engine.combine(z, start, null, null));
      Tensor first = denoiser.evaluate(tape, noisy, start, conditioning);
      for (int sampler = 0; sampler < images.length; sampler++) {
        try (Tape.Frame frame = tape.frame()) {
          Tensor x = first;
          for (int step = 0; step < midTs.get(sampler).size(); step++) {
            double[] t = constant(n, midTs.get(sampler).get(step));
            z = tape.own(engine.create(noises[step + 1], shape));
            noisy = tape.own(engine.combine(x, one, z, t));
            x = denoiser.evaluate(tape, noisy, t, conditioning);
          }
          images[sampler] = x.toArray();
        }
      }
    }
    return images;
  }

  private static double[] constant(int n, double value) {
    double[] values = new double[n];
    Arrays.fill(values, value);
    return values;
  }
}
