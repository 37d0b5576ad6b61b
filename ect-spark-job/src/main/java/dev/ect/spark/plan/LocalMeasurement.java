package dev.ect.spark.plan;

import dev.ect.model.engine.Engine;
import dev.ect.model.engine.Engines;
import dev.ect.model.network.NetworkSpec;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.exchange.ThresholdBenchmark;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Measures everything that a plan is made from, on this machine. */
public final class LocalMeasurement {
  /** For which the steps of a size go on, those that are not counted and then those that are. */
  private static final double LEAST_SECONDS = 1;

  /** Values of the update that is encoded to time that. */
  private static final long MOST_VALUES = 1 << 22;

  private static final int WARM_UP_UPDATES = 2;

  private LocalMeasurement() {}

  /**
   * Measures.
   *
   * @param parameters of the network
   * @param sizes images of the rounds to measure; empty for as few as the plan can be told from
   * @param executors numbers of the plan
   * @param warmUp least steps of each size that are not counted
   * @param steps least steps of each that are, at least 1
   * @param progress gets a line for each part
   */
  public static Measurements run(
      JobConfig config,
      NetworkSpec spec,
      long parameters,
      List<Integer> sizes,
      List<Integer> executors,
      int warmUp,
      int steps,
      Consumer<String> progress)
      throws IOException, InterruptedException {
    int cores = Runtime.getRuntime().availableProcessors();
    Supplier<Engine> opener =
        () -> Engines.open(config.engine().name(), config.engine().options(cores));
    try (Engine engine = opener.get()) {
      boolean gpu = !engine.device().startsWith("cpu");
      StepCosts step =
          StepMeasurement.run(
              engine,
              spec,
              config.objective(),
              sizes.isEmpty() ? StepModel.rounds(config, executors, gpu) : sizes,
              warmUp,
              steps,
              LEAST_SECONDS,
              config.run().seed(),
              progress);
      ExchangeCosts exchange =
          ExchangeMeasurement.run(config.exchange(), opener, parameters, progress);
      ThresholdBenchmark.Result threshold =
          ThresholdBenchmark.run(
              engine,
              config.exchange().threshold(),
              Math.min(MOST_VALUES, parameters),
              WARM_UP_UPDATES,
              steps);
      progress.accept(
          String.format(
              Locale.ROOT,
              "threshold, ns per value: encoding %.1f, decoding %.1f and %.1f per message; %.3f"
                  + " bytes per value",
              threshold.encodeSeconds() * 1e9,
              threshold.decodeSeconds() * 1e9,
              threshold.messageSeconds() * 1e9,
              threshold.bytes()));
      return new Measurements(
          spec.arch().id(),
          parameters,
          engine.name(),
          engine.precision().id(),
          engine.device(),
          config.engine().options(cores).threads(),
          cores,
          step,
          exchange,
          threshold);
    }
  }
}
