package dev.ect.spark.training;

import dev.ect.model.engine.Engine;
import dev.ect.model.engine.Engines;
import dev.ect.model.io.Store;
import dev.ect.model.network.Network;
import dev.ect.model.tuning.Tuner;
import dev.ect.spark.data.BatchLoader;
import dev.ect.spark.data.BatchSettings;
import dev.ect.spark.data.Slice;
import java.io.IOException;
import java.nio.FloatBuffer;

/** A run's steps in a plain loop, to compare the job with. */
public final class PlainLoop {
  private PlainLoop() {}

  /**
   * Does the first steps of a run: images, gradient, update.
   *
   * @param warmUp steps that are not timed
   * @param steps steps that are
   * @return seconds that the timed ones took
   */
  public static double seconds(Store store, RunPlan plan, int warmUp, int steps)
      throws IOException, InterruptedException {
    Network network = plan.network();
    long seed = plan.run().seed();
    try (Engine engine = Engines.open(plan.engine().name(), plan.engine().options(plan.threads()));
        Tuner tuner =
            new Tuner(
                engine,
                network,
                plan.preconditioning(),
                network.initialBuffers(seed),
                plan.objective().optimizer(),
                plan.objective().ema(),
                plan.objective().emas(),
                seed);
        BatchLoader loader =
            new BatchLoader(
                store,
                plan.index(),
                plan.shards(),
                Slice.slots(plan.shards(), 0, 1),
                BatchSettings.of(plan.data(), plan.objective(), plan.threads()))) {
      tuner.vectors().weights().write(0, FloatBuffer.wrap(network.initialParameters(seed)));
      tuner.begin();
      long begin = System.nanoTime();
      for (int step = 0; step < warmUp + steps; step++) {
        if (step == warmUp) {
          begin = System.nanoTime();
        }
        tuner.gradient(
            plan.objective().loss(plan.schedule().stage(step)),
            loader.take(step),
            plan.objective().batch(),
            plan.objective().batchGpu());
        tuner.update(plan.objective().batch());
        engine.synchronize();
      }
      return (System.nanoTime() - begin) / 1e9;
    }
  }
}
