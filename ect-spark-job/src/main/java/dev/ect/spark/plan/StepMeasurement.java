package dev.ect.spark.plan;

import dev.ect.model.engine.Engine;
import dev.ect.model.engine.Tensor;
import dev.ect.model.network.Network;
import dev.ect.model.network.NetworkSpec;
import dev.ect.model.network.Preconditioning;
import dev.ect.model.tuning.Batch;
import dev.ect.model.tuning.EctLoss;
import dev.ect.model.tuning.TickSchedule;
import dev.ect.model.tuning.Tuner;
import dev.ect.spark.config.ObjectiveConfig;
import dev.ect.spark.report.Timings;
import dev.ect.spark.training.StepBenchmark;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * Measures what {@link StepCosts} holds, with steps of random images at the last stage of the
 * schedule, where most images have a teacher.
 */
public final class StepMeasurement {
  private static final int BLOCK = 1 << 20;

  /** Of a normal distribution's standard deviation and median absolute deviation. */
  private static final double DEVIATION = 1.4826;

  private final Engine engine;
  private final NetworkSpec spec;
  private final long seed;
  private final EctLoss loss;
  private final int warmUp;
  private final int steps;
  private final long leastNanos;
  private final List<Double> deviations = new ArrayList<>();
  private final List<Double> updates = new ArrayList<>();
  private final List<Double> proposals = new ArrayList<>();
  private final float[] probe = new float[1];
  private long taught;
  private long images;
  private long step;

  private StepMeasurement(
      Engine engine,
      NetworkSpec spec,
      ObjectiveConfig objective,
      int warmUp,
      int steps,
      double leastSeconds,
      long seed) {
    this.engine = engine;
    this.spec = spec;
    this.seed = seed;
    this.warmUp = warmUp;
    this.steps = steps;
    leastNanos = (long) (leastSeconds * 1e9);
    TickSchedule schedule = objective.schedule();
    loss = (EctLoss) objective.loss(schedule.stage(schedule.totalSteps() - 1));
  }

  /**
   * Measures.
   *
   * @param sizes of the rounds, at least 1 image each
   * @param warmUp least steps of each size that are not counted
   * @param steps least steps of each that are, at least 1
   * @param leastSeconds for which steps of each size go on, those that are not counted and then
   *     those that are
   * @param progress gets a line for each size
   */
  public static StepCosts run(
      Engine engine,
      NetworkSpec spec,
      ObjectiveConfig objective,
      List<Integer> sizes,
      int warmUp,
      int steps,
      double leastSeconds,
      long seed,
      Consumer<String> progress) {
    Network network = Network.of(spec);
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
      return new StepMeasurement(engine, spec, objective, warmUp, steps, leastSeconds, seed)
          .measure(tuner, sizes, progress);
    }
  }

  private StepCosts measure(Tuner tuner, List<Integer> sizes, Consumer<String> progress) {
    List<RoundCost> rounds = new ArrayList<>();
    List<Ready> ready = List.of();
    for (int size : new TreeSet<>(sizes)) {
      List<Double> taken = new ArrayList<>();
      List<List<Ready>> courses = new ArrayList<>();
      int warm = repeat(warmUp, () -> step(tuner, size, new ArrayList<>(), false));
      repeat(
          steps,
          () -> {
            List<Ready> course = new ArrayList<>();
            taken.add(step(tuner, size, course, true));
            courses.add(course);
          });
      double[] seconds = taken.stream().mapToDouble(each -> each).toArray();
      double median = Timings.median(seconds);
      ready = courses.get(nearest(seconds, median));
      double[] off = Arrays.stream(seconds).map(s -> Math.abs(s - median) / median).toArray();
      deviations.add(DEVIATION * Timings.median(off));
      rounds.add(new RoundCost(size, median));
      progress.accept(
          String.format(
              Locale.ROOT,
              "round of %d images: %.3f s, median of %d after %d; update %.4f s",
              size,
              median,
              seconds.length,
              warm,
              median(updates)));
    }
    double checkpoint = checkpointSeconds(tuner);
    return new StepCosts(
        rounds,
        deviations.stream().mapToDouble(each -> each).average().orElse(0),
        ready,
        median(updates),
        median(proposals),
        checkpoint,
        (double) taught / images);
  }

  /** Does something so often, and again while that takes little time; returns how often. */
  private int repeat(int times, Runnable what) {
    long begin = System.nanoTime();
    int done = 0;
    while (done < times || System.nanoTime() - begin < leastNanos) {
      what.run();
      done++;
    }
    return done;
  }

  private static int nearest(double[] values, double wanted) {
    int best = 0;
    for (int i = 1; i < values.length; i++) {
      best = Math.abs(values[i] - wanted) < Math.abs(values[best] - wanted) ? i : best;
    }
    return best;
  }

  private static double median(List<Double> values) {
    return Timings.median(values.stream().mapToDouble(each -> each).toArray());
  }

  /** A step with each kind of update; returns the seconds of its round. */
  private double step(Tuner tuner, int size, List<Ready> course, boolean counts) {
    Batch batch = StepBenchmark.images(spec, size, seed, step++);
    Tensor gradient = tuner.vectors().gradient();
    double values = gradient.elements();
    List<Long> moments = new ArrayList<>();
    List<Double> shares = new ArrayList<>();
    engine.synchronize();
    long begin = System.nanoTime();
    tuner.gradient(
        loss,
        batch,
        size,
        size,
        from -> {
          // As the exchange does: this waits for a GPU that is behind.
          gradient.read(Math.min(from, gradient.elements() - 1), FloatBuffer.wrap(probe));
          moments.add(System.nanoTime());
          shares.add(1 - from / values);
        });
    engine.synchronize();
    long passed = System.nanoTime();
    tuner.update(size);
    engine.synchronize();
    long updated = System.nanoTime();
    tuner.proposeUpdate(size, size);
    tuner.applyUpdate(size);
    engine.synchronize();
    long proposed = System.nanoTime();
    for (int i = 0; i < moments.size(); i++) {
      course.add(new Ready((double) (moments.get(i) - begin) / (passed - begin), shares.get(i)));
    }
    if (counts) {
      updates.add((updated - passed) / 1e9);
      proposals.add((proposed - updated) / 1e9);
      images += size;
      taught += StepBenchmark.teachers(loss, batch);
    }
    return (passed - begin) / 1e9;
  }

  /** What rank 0 keeps the others waiting for. */
  private static double checkpointSeconds(Tuner tuner) {
    long begin = System.nanoTime();
    tuner.vectors().weightsDigest();
    List<Tensor> saved = new ArrayList<>(tuner.vectors().emas().values());
    saved.addAll(
        List.of(
            tuner.vectors().weights(),
            tuner.vectors().ema(),
            tuner.vectors().expAvg(),
            tuner.vectors().expAvgSq()));
    float[] block = new float[BLOCK];
    for (Tensor each : saved) {
      for (long from = 0; from < each.elements(); from += BLOCK) {
        int count = (int) Math.min(BLOCK, each.elements() - from);
        each.read(from, FloatBuffer.wrap(block, 0, count));
      }
    }
    return (System.nanoTime() - begin) / 1e9;
  }
}
