package dev.ect.spark.training;

import dev.ect.model.engine.Engine;
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
   * @param device in words
   * @param parameters of the network
   * @param batch images per step
   * @param steps that were timed
   * @param stage of the schedule, from 0
   * @param teacherShare share of the images for which the teacher was evaluated
   * @param secondsPerStep median
   * @param imagesPerSecond batch / secondsPerStep
   * @param gflopsPerSecond by the operations counted in {@link NetworkCost}, mean over the steps
   * @param peakGib highest resident memory of the process
   */
  public record Result(
      String engine,
      String precision,
      String device,
      long parameters,
      int batch,
      int steps,
      int stage,
      double teacherShare,
      double secondsPerStep,
      double imagesPerSecond,
      double gflopsPerSecond,
      double peakGib) {}

  private StepBenchmark() {}

  /**
   * Measures.
   *
   * @param batch images per step, at least 1
   * @param warmUp steps that are not counted
   * @param steps steps that are, at least 1
   */
  public static Result run(
      Engine engine,
      NetworkSpec spec,
      ObjectiveConfig objective,
      int batch,
      int warmUp,
      int steps,
      long seed) {
    Network network = Network.of(spec);
    NetworkCost cost = NetworkCost.of(network);
    TickSchedule schedule = objective.schedule();
    int stage = schedule.stage(schedule.totalSteps() - 1);
    Loss loss = objective.loss(stage);
    double[] seconds = new double[steps];
    double flops = 0;
    long taught = 0;
    try (Tuner tuner =
        new Tuner(
            engine,
            network,
            Preconditioning.ECM,
            network.initialBuffers(seed),
            objective.optimizer(),
            objective.ema(),
            objective.emas(),
            seed)) {
      tuner.vectors().weights().write(0, FloatBuffer.wrap(network.initialParameters(seed)));
      tuner.begin();
      for (int step = 0; step < warmUp + steps; step++) {
        Batch images = images(spec, batch, seed, step);
        long begin = System.nanoTime();
        tuner.gradient(loss, images, batch, Math.min(batch, objective.batchGpu()));
        tuner.update(batch);
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
    return new Result(
        engine.name(),
        engine.precision().id(),
        engine.device(),
        network.parameters().size(),
        batch,
        steps,
        stage,
        (double) taught / ((long) batch * steps),
        median,
        batch / median,
        flops / Arrays.stream(seconds).sum() / 1e9,
        Memory.peakGib());
  }

  private static Batch images(NetworkSpec spec, int batch, long seed, long step) {
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
  private static long teachers(EctLoss loss, Batch images) {
    long count = 0;
    for (float normal : images.normal()) {
      if (loss.r(loss.t(normal)) > 0) {
        count++;
      }
    }
    return count;
  }
}
