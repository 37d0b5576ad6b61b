package dev.ect.model.checkpoint;

import dev.ect.model.engine.Tensor;
import dev.ect.model.io.BadFileException;
import dev.ect.model.io.Store;
import dev.ect.model.network.Network;
import dev.ect.model.network.NetworkSpec;
import dev.ect.model.network.Preconditioning;
import dev.ect.model.tuning.EmaSpec;
import dev.ect.model.tuning.Progress;
import dev.ect.model.tuning.TuningVectors;
import java.io.IOException;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * All that a run needs to go on as if it had never stopped: weights ({@code net.*}), EMA ({@code
 * ema.*}), the optimiser's moments ({@code exp_avg.*}, {@code exp_avg_sq.*}), the network's buffers
 * ({@code buffer.*}), further moving averages ({@code ema[sigma-rel=0.05].*}), and in the metadata
 * how far it has come. Everything random follows from the run's seed and the progress. An instance
 * is such a file opened for reading, or one of PyTorch's, see {@link Checkpoint}.
 *
 * <p>What is wrong with a file is a {@link BadFileException} that names it.
 */
public final class TrainingState implements AutoCloseable {
  private final Checkpoint checkpoint;

  private TrainingState(Checkpoint checkpoint) {
    this.checkpoint = checkpoint;
  }

  /** Opens a file and reads its metadata. */
  public static TrainingState open(Store store, String path) throws IOException {
    return new TrainingState(Checkpoint.open(store, path, CheckpointKind.TRAINING_STATE));
  }

  /**
   * Writes a file, replacing an older one at once or not at all.
   *
   * @param vectors of {@code network.parameters()}
   * @param buffers values of {@code network.buffers()}
   * @param metadata further entries: configuration, seed, provenance
   */
  public static void write(
      Store store,
      String path,
      Network network,
      Preconditioning preconditioning,
      StateVectors vectors,
      float[] buffers,
      Progress progress,
      Map<String, String> metadata)
      throws IOException {
    SafetensorsWriter writer =
        CheckpointWriter.of(
                CheckpointKind.TRAINING_STATE, network.spec(), preconditioning, metadata)
            .metadata(Checkpoint.PROGRESS, CheckpointWriter.toJson(progress));
    CheckpointWriter.add(writer, StateNames.WEIGHTS, network.parameters(), vectors.weights());
    CheckpointWriter.add(writer, StateNames.EMA, network.parameters(), vectors.ema());
    CheckpointWriter.add(writer, StateNames.EXP_AVG, network.parameters(), vectors.expAvg());
    CheckpointWriter.add(writer, StateNames.EXP_AVG_SQ, network.parameters(), vectors.expAvgSq());
    vectors
        .emas()
        .forEach(
            (id, ema) ->
                CheckpointWriter.add(writer, StateNames.further(id), network.parameters(), ema));
    CheckpointWriter.add(writer, StateNames.BUFFER, network.buffers(), buffers);
    writer.write(store, path);
  }

  /** The specification of the network inside. */
  public NetworkSpec spec() {
    return checkpoint.spec();
  }

  /** All metadata entries. */
  public Map<String, String> metadata() {
    return checkpoint.metadata();
  }

  /**
   * How far the run had come.
   *
   * @param batch images per step, for PyTorch's files, which count steps only
   */
  public Progress progress(long batch) throws IOException {
    return checkpoint.progress(batch);
  }

  /** The further moving averages inside, by their ids. */
  public Set<String> emas() {
    return checkpoint.emas();
  }

  /**
   * Reads weights, EMAs and moments.
   *
   * @param network whose names and shapes the file must have
   * @param vectors receives them
   * @throws BadFileException if the further moving averages are others; else naming every missing,
   *     extra and mis-shaped tensor
   */
  public void read(Network network, TuningVectors vectors) throws IOException {
    Set<String> wanted = new TreeSet<>();
    vectors.emas().keySet().forEach(spec -> wanted.add(spec.id()));
    if (!emas().equals(wanted)) {
      throw new BadFileException(
          checkpoint.path(),
          "holds the further moving averages " + emas() + "; expected " + wanted);
    }
    checkpoint.requireFits(network);
    checkpoint.read(StateNames.WEIGHTS, network.parameters(), vectors.weights()::write);
    checkpoint.read(StateNames.EMA, network.parameters(), vectors.ema()::write);
    checkpoint.read(StateNames.EXP_AVG, network.parameters(), vectors.expAvg()::write);
    checkpoint.read(StateNames.EXP_AVG_SQ, network.parameters(), vectors.expAvgSq()::write);
    for (Map.Entry<EmaSpec, Tensor> each : vectors.emas().entrySet()) {
      String prefix = StateNames.further(each.getKey().id());
      checkpoint.read(prefix, network.parameters(), each.getValue()::write);
    }
  }

  /** Reads the values of the network's buffers. */
  public float[] buffers(Network network) throws IOException {
    checkpoint.requireFits(network);
    return checkpoint.buffers(StateNames.BUFFER, network.buffers());
  }

  @Override
  public void close() throws IOException {
    checkpoint.close();
  }
}
