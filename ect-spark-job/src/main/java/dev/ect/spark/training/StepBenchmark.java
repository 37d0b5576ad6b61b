package dev.ect.spark.training;

import dev.ect.model.engine.Engine;
import dev.ect.model.engine.EngineOptions;
import dev.ect.model.engine.KernelTimer;
import dev.ect.model.engine.KernelTimes;
import dev.ect.model.engine.Precision;
import dev.ect.model.network.Conditioning;
import dev.ect.model.network.Network;
import dev.ect.model.network.NetworkSpec;
import dev.ect.model.network.Preconditioning;
import dev.ect.model.random.Philox;
import dev.ect.model.random.Purpose;
import dev.ect.model.tuning.Batch;
import dev.ect.model.tuning.EctLoss;
import dev.ect.model.tuning.Loss;
import dev.ect.model.tuning.TickSchedule;
import dev.ect.model.tuning.Tuner;
import dev.ect.spark.config.ObjectiveConfig;
import dev.ect.spark.evaluation.FastestConvolution;
import dev.ect.spark.evaluation.NetworkCost;
import dev.ect.spark.evaluation.SampleBenchmark;
import dev.ect.spark.report.Memory;
import dev.ect.spark.report.Timings;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.stream.LongStream;

/**
 * Times tuning steps of a network on an engine, in a plain loop with random images, at the last
 * stage of the schedule: at the first few there are images without a teacher, which cost less.
 */
public final class StepBenchmark {
  /**
   * What was measured.
   *
   * @param engine in words
   * @param precision number format
   * @param forwardPrecision number format of student and teacher: float32 at a stage too fine for
   *     precision
   * @param device in words
   * @param parameters of the network
   * @param batch images per step
   * @param steps that were timed
   * @param stage of the schedule, from 0
   * @param teacherShare share of the images for which the teacher was evaluated
   * @param secondsPerStep median
   * @param imagesPerSecond batch / secondsPerStep
   * @param gflopsPerSecond by the operations counted in {@link NetworkCost}, mean over the steps
   * @param fastestGflopsPerSecond of the {@link FastestConvolution}
   * @param peakGib highest resident memory of the process
   * @param devicePeakGib most memory in use on a GPU; 0 without one, or where it is not known
   * @param kernels where the time of one further step went; null unless wanted
   */
  public record Result(
      String engine,
      String precision,
      String forwardPrecision,
      String device,
      long parameters,
      int batch,
      int steps,
      int stage,
      double teacherShare,
      double secondsPerStep,
      double imagesPerSecond,
      double gflopsPerSecond,
      double fastestGflopsPerSecond,
      double peakGib,
      double devicePeakGib,
      KernelTimes kernels) {}

  private final Engine engine;
  private final EngineOptions options;
  private final Network network;
  private final ObjectiveConfig objective;
  private final Loss loss;
  private final int batch;
  private final long seed;

  /**
   * @param options that the engine was opened with
   * @param batch images per step, at least 1
   */
  public StepBenchmark(
      Engine engine,
      EngineOptions options,
      NetworkSpec spec,
      ObjectiveConfig objective,
      int batch,
      long seed) {
    this.engine = engine;
    this.options = options;
    this.network = Network.of(spec);
    this.objective = objective;
    this.loss = objective.loss(lastStage(objective));
    this.batch = batch;
    this.seed = seed;
  }

  /** The stage of the schedule that is measured, from 0. */
  public static int lastStage(ObjectiveConfig objective) {
    TickSchedule schedule = objective.schedule();
    return schedule.stage(schedule.totalSteps() - 1);
  }

  /**
   * Measures.
   *
   * @param warmUp steps that are not counted
   * @param steps steps that are, at least 1
   * @param kernels whether one further step is to be taken to pieces
   */
  public Result run(int warmUp, int steps, boolean kernels) {
    NetworkCost cost = NetworkCost.of(network);
    double[] seconds = new double[steps];
    double flops = 0;
    long taught = 0;
    try (Tuner tuner = tuner(engine)) {
      for (int step = 0; step < warmUp + steps; step++) {
        Batch images = images(step);
        long begin = System.nanoTime();
        step(tuner, images);
        engine.synchronize();
        if (step >= warmUp) {
          seconds[step - warmUp] = (System.nanoTime() - begin) / 1e9;
          long teachers = teachers((EctLoss) loss, images);
          flops += cost.stepFlops(batch, teachers);
          taught += teachers;
        }
      }
    }
    double median = Timings.median(seconds);
    double peakGib = Memory.peakGib();
    double devicePeakGib = Memory.gib(engine.deviceMemoryPeak());
    return new Result(
        engine.name(),
        engine.precision().id(),
        forwardPrecision().id(),
        engine.device(),
        network.parameters().size(),
        batch,
        steps,
        lastStage(objective),
        (double) taught / ((long) batch * steps),
        median,
        batch / median,
        flops / Arrays.stream(seconds).sum() / 1e9,
        FastestConvolution.gflopsPerSecond(engine, network, batch),
        peakGib,
        devicePeakGib,
        kernels ? kernels() : null);
  }

  /** Takes a step to pieces. */
  private KernelTimes kernels() {
    KernelTimer timer = new KernelTimer(engine);
    try (Tuner tuner = tuner(timer.engine())) {
      // the first step makes what later ones find
      step(tuner, images(0));
      Batch images = images(1);
      return timer.measure(() -> step(tuner, images));
    }
  }

  /** As the loss chooses it. */
  private Precision forwardPrecision() {
    double fineness = Math.pow(objective.q(), lastStage(objective) + 1);
    return options.needsFloat32(fineness) ? Precision.FLOAT32 : options.precision();
  }

  private Tuner tuner(Engine on) {
    Tuner tuner =
        new Tuner(
            on,
            network,
            Preconditioning.ECM,
            network.initialBuffers(seed),
            objective.optimizer(),
            objective.ema(),
            objective.emas(),
            seed);
    try {
      tuner.vectors().weights().write(0, FloatBuffer.wrap(network.initialParameters(seed)));
      tuner.begin();
      return tuner;
    } catch (RuntimeException | Error e) {
      tuner.close();
      throw e;
    }
  }

  private void step(Tuner tuner, Batch images) {
    tuner.gradient(loss, images, batch, Math.min(batch, objective.batchGpu()));
    tuner.update(batch);
  }

  private Batch images(long step) {
    return images(network.spec(), batch, seed, step);
  }

  /** Random images of a step with their draws, classes in turn. */
  public static Batch images(NetworkSpec spec, int batch, long seed, long step) {
    float[] pixels =
        new Philox(seed, Purpose.SYNTHESIS, step, 0).gaussians(batch * spec.imageSize());
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = Math.max(-1, Math.min(1, pixels[i] / 2));
    }
    float[][] labels = SampleBenchmark.classesInTurn(batch, spec.labelDim());
    return Batch.draw(
        pixels, new Conditioning(labels, null), LongStream.range(0, batch).toArray(), seed, step);
  }

  /** Images whose r is above 0, for which the teacher is evaluated. */
  public static long teachers(EctLoss loss, Batch images) {
    long count = 0;
    for (float normal : images.normal()) {
      if (loss.r(loss.t(normal)) > 0) {
        count++;
      }
    }
    return count;
  }
}
