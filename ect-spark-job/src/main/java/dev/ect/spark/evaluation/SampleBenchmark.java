package dev.ect.spark.evaluation;

import dev.ect.model.engine.Engine;
import dev.ect.model.engine.KernelTimer;
import dev.ect.model.engine.KernelTimes;
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
   * @param fastestGflopsPerSecond of the {@link FastestConvolution}; null unless wanted
   * @param peakGib highest resident memory of the process so far
   * @param devicePeakGib most memory in use on a GPU; 0 without one, or where it is not known
   * @param kernels where the time of one further batch went; null unless wanted
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
      Double fastestGflopsPerSecond,
      double peakGib,
      double devicePeakGib,
      KernelTimes kernels) {}

  private final Engine engine;
  private final Network network;
  private final int batch;
  private final long seed;
  private final Conditioning conditioning;
  private final Tensor values;

  private SampleBenchmark(Engine engine, Network network, int batch, long seed) {
    this.engine = engine;
    this.network = network;
    this.batch = batch;
    this.seed = seed;
    conditioning = new Conditioning(classesInTurn(batch, network.spec().labelDim()), null);
    values = engine.create(network.initialParameters(seed), network.parameters().size());
  }

  /**
   * Puts random weights on an engine.
   *
   * @param batch images at a time, at least 1
   * @param seed of the weights and of the images
   */
  public static SampleBenchmark open(Engine engine, NetworkSpec spec, int batch, long seed) {
    return new SampleBenchmark(engine, Network.of(spec), batch, seed);
  }

  /**
   * Measures.
   *
   * @param midT intermediate times; empty for one step
   * @param warmUp batches that are not counted
   * @param batches batches that are, at least 1
   * @param kernels whether one further batch is to be taken to pieces
   * @param fastest whether to measure the fastest convolution, too, whose memory shows in later
   *     runs
   */
  public Result run(List<Double> midT, int warmUp, int batches, boolean kernels, boolean fastest) {
    double[] seconds = new double[batches];
    try (Weights weights = weights(engine)) {
      FewStepSampler sampler = sampler(weights, midT);
      for (int i = -warmUp; i < batches; i++) {
        long begin = System.nanoTime();
        sample(sampler, i + warmUp);
        if (i >= 0) {
          seconds[i] = (System.nanoTime() - begin) / 1e9;
        }
      }
    }
    int steps = 1 + midT.size();
    double flops = NetworkCost.of(network).forwardFlops() * steps * batch * batches;
    double median = Timings.median(seconds);
    double peakGib = Memory.peakGib();
    double devicePeakGib = Memory.gib(engine.deviceMemoryPeak());
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
        fastest ? FastestConvolution.gflopsPerSecond(engine, network, batch) : null,
        peakGib,
        devicePeakGib,
        kernels ? kernels(midT) : null);
  }

  private KernelTimes kernels(List<Double> midT) {
    KernelTimer timer = new KernelTimer(engine);
    try (Weights weights = weights(timer.engine())) {
      FewStepSampler sampler = sampler(weights, midT);
      // the first use of these views of the weights, which an engine may convert then
      sample(sampler, 0);
      return timer.measure(() -> sample(sampler, 1));
    }
  }

  private Weights weights(Engine on) {
    return new Weights(on, network.parameters(), values, null);
  }

  private FewStepSampler sampler(Weights weights, List<Double> midT) {
    Denoiser denoiser =
        new Denoiser(network, Preconditioning.ECM, weights, network.initialBuffers(seed));
    return new FewStepSampler(denoiser, FewStepSampler.T_MAX, midT);
  }

  private void sample(FewStepSampler sampler, int number) {
    long first = (long) number * batch;
    sampler.sample(seed, LongStream.range(first, first + batch).toArray(), conditioning);
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
    values.close();
  }
}
