package dev.ect.spark.training;

import dev.ect.model.checkpoint.StateVectors;
import dev.ect.model.dataset.ImageShape;
import dev.ect.model.dataset.Pixels;
import dev.ect.model.io.Store;
import dev.ect.model.network.Denoiser;
import dev.ect.model.network.Weights;
import dev.ect.model.sampling.ImageGrid;
import dev.ect.model.tuning.Progress;
import dev.ect.model.tuning.Tuner;
import dev.ect.model.tuning.TuningVectors;
import dev.ect.spark.config.RunConfig;
import dev.ect.spark.evaluation.Generator;
import dev.ect.spark.evaluation.GridPlan;
import dev.ect.spark.report.RunDirectory;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/**
 * Writes a run's checkpoints and sample grids when they are due. A checkpoint's vectors are copied,
 * which is all that the run waits for; its files are written in the background. Borrows the tuner;
 * used by one thread.
 */
final class Saver implements AutoCloseable {
  private static final int MIN_PIXELS = 32;

  /** How long the end of a replica waits for a checkpoint. */
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final Store store;
  private final RunPlan plan;
  private final Tuner tuner;
  private final int executors;
  private final BackgroundWriter writer = new BackgroundWriter(PATIENCE);

  // What is being written.
  private final VectorCopy weights = new VectorCopy();
  private final VectorCopy ema = new VectorCopy();
  private final VectorCopy expAvg = new VectorCopy();
  private final VectorCopy expAvgSq = new VectorCopy();

  /** The further moving averages by their ids. */
  private final Map<String, VectorCopy> emas = new LinkedHashMap<>();

  /**
   * @param executors that train together
   */
  Saver(Store store, RunPlan plan, Tuner tuner, int executors) {
    this.store = store;
    this.plan = plan;
    this.tuner = tuner;
    this.executors = executors;
    tuner.vectors().emas().keySet().forEach(spec -> emas.put(spec.id(), new VectorCopy()));
  }

  /** Keeps what the network is and makes before any step. */
  void initial() throws IOException {
    Checkpoints.writeSnapshot(
        store,
        plan.directory().initialSnapshot(),
        plan,
        tuner.denoiser(),
        tuner.vectors().ema()::read,
        tuner.progress(),
        executors);
    List<List<Double>> samplers = plan.samplers();
    grid(plan.directory().file("model_init.png"), samplers.get(samplers.size() - 1));
  }

  /**
   * A moment at which something may be due.
   *
   * @param tick number, from 0
   * @param tickEnded whether the tick is complete; it is not where a run stops or ends inside one
   * @param segmentEnd whether a segment ends here; a run can always go on from there
   * @param finished whether the run is complete
   */
  record Moment(long tick, boolean tickEnded, boolean segmentEnd, boolean finished) {
    private boolean due(long every) {
      return finished || isMultiple(every);
    }

    /** False where {@code every} is 0. */
    private boolean isMultiple(long every) {
      return tickEnded && tick > 0 && every > 0 && tick % every == 0;
    }
  }

  /** Whether a training state is to be written. */
  boolean checkpointDue(Moment moment) {
    return latestDue(moment) || moment.due(plan.run().stateEvery());
  }

  private boolean latestDue(Moment moment) {
    return moment.segmentEnd() || moment.due(plan.run().checkpointEvery());
  }

  /**
   * Saves what is due. Checkpoints are on disk after {@link #finish} only; before another one is
   * begun, the one under way is waited for.
   *
   * @throws IOException if a grid cannot be written now, or a checkpoint could not be before
   */
  void save(Moment moment) throws IOException, InterruptedException {
    RunConfig run = plan.run();
    RunDirectory directory = plan.directory();
    long tickImages = plan.schedule().stepsPerTick() * plan.schedule().batch();
    String kimg = RunDirectory.kimg(tuner.progress().images(), tickImages);
    List<String> snapshots = new ArrayList<>();
    List<String> states = new ArrayList<>();
    if (moment.due(run.snapshotEvery())) {
      snapshots.add(directory.snapshot(kimg));
    }
    if (moment.due(run.stateEvery())) {
      states.add(directory.state(kimg));
    }
    if (latestDue(moment)) {
      snapshots.add(directory.latestSnapshot());
      states.add(directory.latestState());
    }
    Map<String, String> averages = new LinkedHashMap<>();
    if (moment.due(run.emaEvery())) {
      emas.keySet().forEach(id -> averages.put(id, directory.ema(id, kimg)));
    }
    write(snapshots, states, averages);
    if (moment.isMultiple(run.sampleEvery())) {
      for (List<Double> midT : plan.samplers()) {
        grid(directory.samples(kimg, midT.size() + 1), midT);
      }
    }
    if (moment.finished()) {
      for (List<Double> midT : plan.samplers()) {
        grid(directory.file("final-" + (midT.size() + 1) + "step.png"), midT);
      }
    }
  }

  /**
   * @param averages a path for the id of each further moving average that is due
   */
  private void write(List<String> snapshots, List<String> states, Map<String, String> averages)
      throws IOException, InterruptedException {
    if (snapshots.isEmpty() && states.isEmpty() && averages.isEmpty()) {
      writer.check();
      return;
    }
    writer.await();
    TuningVectors vectors = tuner.vectors();
    if (!snapshots.isEmpty() || !states.isEmpty()) {
      ema.copy(vectors.ema());
    }
    if (!states.isEmpty()) {
      weights.copy(vectors.weights());
      expAvg.copy(vectors.expAvg());
      expAvgSq.copy(vectors.expAvgSq());
    }
    if (!states.isEmpty() || !averages.isEmpty()) {
      vectors.emas().forEach((spec, average) -> emas.get(spec.id()).copy(average));
    }
    Denoiser denoiser = tuner.denoiser();
    Progress progress = tuner.progress();
    StateVectors state =
        new StateVectors(weights, ema, expAvg, expAvgSq, new LinkedHashMap<>(emas));
    writer.begin(
        () -> {
          for (String path : snapshots) {
            Checkpoints.writeSnapshot(store, path, plan, denoiser, ema, progress, executors);
          }
          for (Map.Entry<String, String> each : averages.entrySet()) {
            String id = each.getKey();
            Checkpoints.writeEma(
                store, each.getValue(), plan, denoiser, id, emas.get(id), progress, executors);
          }
          for (String path : states) {
            Checkpoints.writeState(store, path, plan, denoiser, state, progress, executors);
          }
        });
  }

  /**
   * Waits until all is on disk.
   *
   * @throws IOException if a checkpoint could not be written
   */
  void finish() throws IOException, InterruptedException {
    writer.await();
  }

  /** Waits a while for what is being written. */
  @Override
  public void close() {
    writer.close();
    List.of(weights, ema, expAvg, expAvgSq).forEach(VectorCopy::free);
    emas.values().forEach(VectorCopy::free);
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
