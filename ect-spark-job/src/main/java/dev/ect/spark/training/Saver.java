package dev.ect.spark.training;

import dev.ect.model.dataset.ImageShape;
import dev.ect.model.dataset.Pixels;
import dev.ect.model.io.Store;
import dev.ect.model.network.Denoiser;
import dev.ect.model.network.Weights;
import dev.ect.model.sampling.ImageGrid;
import dev.ect.model.tuning.Tuner;
import dev.ect.spark.config.RunConfig;
import dev.ect.spark.evaluation.Generator;
import dev.ect.spark.evaluation.GridPlan;
import dev.ect.spark.report.RunDirectory;
import java.io.IOException;
import java.util.List;
import java.util.stream.LongStream;

/** Writes a run's checkpoints and sample grids when they are due. Borrows the tuner. */
final class Saver {
  private static final int MIN_PIXELS = 32;

  private final Store store;
  private final RunPlan plan;
  private final Tuner tuner;

  Saver(Store store, RunPlan plan, Tuner tuner) {
    this.store = store;
    this.plan = plan;
    this.tuner = tuner;
  }

  /** Keeps what the network is and makes before any step. */
  void initial() throws IOException {
    Checkpoints.writeSnapshot(store, plan.directory().initialSnapshot(), plan, tuner);
    List<List<Double>> samplers = plan.samplers();
    grid(plan.directory().file("model_init.png"), samplers.get(samplers.size() - 1));
  }

  /**
   * Saves what is due.
   *
   * @param ended whether the tick is complete; it is not where a run stops or ends inside one
   * @param last whether the replica stops here
   * @param stopped whether that is by request, before the run's end
   */
  void save(long tick, boolean ended, boolean last, boolean stopped) throws IOException {
    RunConfig run = plan.run();
    RunDirectory directory = plan.directory();
    long tickImages = plan.schedule().stepsPerTick() * plan.schedule().batch();
    String kimg = RunDirectory.kimg(tuner.progress().images(), tickImages);
    boolean done = last && !stopped;
    if (done || due(tick, ended, run.snapshotEvery())) {
      Checkpoints.writeSnapshot(store, directory.snapshot(kimg), plan, tuner);
    }
    if (done || due(tick, ended, run.stateEvery())) {
      Checkpoints.writeState(store, directory.state(kimg), plan, tuner);
    }
    if (last || due(tick, ended, run.checkpointEvery())) {
      Checkpoints.writeSnapshot(store, directory.latestSnapshot(), plan, tuner);
      Checkpoints.writeState(store, directory.latestState(), plan, tuner);
    }
    if (due(tick, ended, run.sampleEvery())) {
      for (List<Double> midT : plan.samplers()) {
        grid(directory.samples(kimg, midT.size() + 1), midT);
      }
    }
    if (done) {
      for (List<Double> midT : plan.samplers()) {
        grid(directory.file("final-" + (midT.size() + 1) + "step.png"), midT);
      }
    }
  }

  private static boolean due(long tick, boolean ended, long every) {
    return ended && tick > 0 && tick % every == 0;
  }

  private void grid(String path, List<Double> midT) throws IOException {
    GridPlan grid = plan.grid();
    Denoiser trained = tuner.denoiser();
    try (Weights ema =
        new Weights(
            trained.weights().engine(),
            trained.network().parameters(),
            tuner.vectors().ema(),
            null)) {
      Denoiser denoiser =
          new Denoiser(trained.network(), trained.preconditioning(), ema, trained.buffers());
      long[] numbers = LongStream.range(0, grid.images().length).toArray();
      float[][] images =
          Generator.generate(denoiser, midT, plan.run().seed(), numbers, grid.labels());
      byte[][] bytes = new byte[images.length][];
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] = Pixels.toGridBytes(images[i]);
      }
      ImageShape shape = plan.index().shape();
      ImageGrid.write(store, path, bytes, shape, grid.columns(), scale(shape));
    }
  }

  /** Small images are enlarged so that people can see them. */
  static int scale(ImageShape shape) {
    return shape.width() < MIN_PIXELS ? (MIN_PIXELS + shape.width() - 1) / shape.width() : 1;
  }
}
