package dev.ect.spark.evaluation;

import dev.ect.model.engine.Engine;
import dev.ect.model.engine.Tensor;
import dev.ect.model.network.Conditioning;
import dev.ect.model.network.Denoiser;
import dev.ect.model.network.Network;
import dev.ect.model.network.NetworkSpec;
import dev.ect.model.network.Preconditioning;
import dev.ect.model.network.Weights;
import dev.ect.model.sampling.FewStepSampler;
import dev.ect.spark.report.Memory;
import dev.ect.spark.report.Timings;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;

/**
 * Times the generation of images by a network with random weights, from drawing their noise to
 * having them in Java. Borrows the engine.
 */
public final class SampleBenchmark implements AutoCloseable {
  /**
   * What was measured.
   *
   * @param engine in words
   * @param precision number format
   * @param device in words
   * @param parameters of the network
   * @param batch images at a time
   * @param batches that were timed
   * @param steps evaluations of the network per image
   * @param midT intermediate times, one less than steps
   * @param secondsPerBatch median
   * @param imagesPerSecond batch / secondsPerBatch
   * @param gflopsPerSecond by the operations counted in {@link NetworkCost}, mean over the batches
   * @param peakGib highest resident memory of the process so far
   */
  public record Result(
      String engine,
      String precision,
      String device,
      long parameters,
      int batch,
      int batches,
      int steps,
      List<Double> midT,
      double secondsPerBatch,
      double imagesPerSecond,
      double gflopsPerSecond,
      double peakGib) {}

  private final Tensor values;
  private final Weights weights;
  private final Denoiser denoiser;
  private final long seed;

  private SampleBenchmark(Tensor values, Weights weights, Denoiser denoiser, long seed) {
    this.values = values;
    this.weights = weights;
    this.denoiser = denoiser;
    this.seed = seed;
  }

  /**
   * Puts random weights on an engine.
   *
   * @param seed of the weights and of the images
   */
  public static SampleBenchmark open(Engine engine, NetworkSpec spec, long seed) {
    Network network = Network.of(spec);
    Tensor values = engine.zeros(network.parameters().size());
    try {
      Weights weights = new Weights(engine, network.parameters(), values, null);
      weights.write(network.initialParameters(seed));
      Denoiser denoiser =
          new Denoiser(network, Preconditioning.ECM, weights, network.initialBuffers(seed));
      return new SampleBenchmark(values, weights, denoiser, seed);
    } catch (RuntimeException | Error e) {
      values.close();
      throw e;
    }
  }

  /**
   * Measures.
   *
   * @param midT intermediate times; empty for one step
   * @param batch images at a time, at least 1
   * @param warmUp batches that are not counted
   * @param batches batches that are, at least 1
   */
  public Result run(List<Double> midT, int batch, int warmUp, int batches) {
    FewStepSampler sampler = new FewStepSampler(denoiser, FewStepSampler.T_MAX, midT);
    Network network = denoiser.network();
    Conditioning conditioning =
        new Conditioning(classesInTurn(batch, network.spec().labelDim()), null);
    double[] seconds = new double[batches];
    for (int i = -warmUp; i < batches; i++) {
      long first = (long) (i + warmUp) * batch;
      long begin = System.nanoTime();
      sampler.sample(seed, LongStream.range(first, first + batch).toArray(), conditioning);
      if (i >= 0) {
        seconds[i] = (System.nanoTime() - begin) / 1e9;
      }
    }
    int steps = 1 + midT.size();
    double flops = NetworkCost.of(network).forwardFlops() * steps * batch * batches;
    double median = Timings.median(seconds);
    Engine engine = weights.engine();
    return new Result(
        engine.name(),
        engine.precision().id(),
        engine.device(),
        network.parameters().size(),
        batch,
        batches,
        steps,
        List.copyOf(midT),
        median,
        batch / median,
        flops / Arrays.stream(seconds).sum() / 1e9,
        Memory.peakGib());
  }

  /**
   * Class labels for a benchmark: image i is of class i modulo their number.
   *
   * @return {@code [images][labelDim]}, one-hot; null for an unconditional network
   */
  public static float[][] classesInTurn(int images, int labelDim) {
    if (labelDim == 0) {
      return null;
    }
    float[][] labels = new float[images][labelDim];
    for (int i = 0; i < images; i++) {
      labels[i][i % labelDim] = 1;
    }
    return labels;
  }

  @Override
  public void close() {
    weights.close();
    values.close();
  }
}
