package dev.ect.model.checkpoint;

import dev.ect.model.io.Store;
import dev.ect.model.network.Network;
import dev.ect.model.network.NetworkSpec;
import dev.ect.model.network.Preconditioning;
import dev.ect.model.tuning.Progress;
import dev.ect.model.tuning.TuningVectors;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * All that a run needs to go on as if it had never stopped: weights ({@code net.*}), EMA ({@code
 * ema.*}), the optimiser's moments ({@code exp_avg.*}, {@code exp_avg_sq.*}), the network's buffers
 * ({@code buffer.*}), and in the metadata how far it has come. Everything random follows from the
 * run's seed and the progress. An instance is such a file opened for reading.
 *
 * <p>What is wrong with a file is a {@link dev.ect.model.io.BadFileException} that names it.
 */
public final class TrainingState implements AutoCloseable {
  private static final String WEIGHTS = "net.";
  private static final String EMA = "ema.";
  private static final String EXP_AVG = "exp_avg.";
  private static final String EXP_AVG_SQ = "exp_avg_sq.";
  private static final String BUFFER = "buffer.";
  private static final String PROGRESS = "progress";

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
        Checkpoint.writer(CheckpointKind.TRAINING_STATE, network, preconditioning, metadata)
            .metadata(PROGRESS, Checkpoint.toJson(progress));
    Checkpoint.add(writer, WEIGHTS, network.parameters(), vectors.weights());
    Checkpoint.add(writer, EMA, network.parameters(), vectors.ema());
    Checkpoint.add(writer, EXP_AVG, network.parameters(), vectors.expAvg());
    Checkpoint.add(writer, EXP_AVG_SQ, network.parameters(), vectors.expAvgSq());
    Checkpoint.add(writer, BUFFER, network.buffers(), buffers);
    writer.write(store, path);
  }

  /** The specification of the network inside. */
  public NetworkSpec spec() {
    return checkpoint.spec();
  }

  public Preconditioning preconditioning() {
    return checkpoint.preconditioning();
  }

  /** All metadata entries. */
  public Map<String, String> metadata() {
    return checkpoint.file().metadata();
  }

  /** How far the run had come. */
  public Progress progress() throws IOException {
    return checkpoint.json(PROGRESS, Progress.class);
  }

  /**
   * Reads weights, EMA and moments.
   *
   * @param network whose names and shapes the file must have
   * @param vectors receives them
   * @throws dev.ect.model.io.BadFileException naming every missing, extra and mis-shaped tensor
   */
  public void read(Network network, TuningVectors vectors) throws IOException {
    checkpoint.file().requireShapes(expected(network));
    checkpoint.read(WEIGHTS, network.parameters(), vectors.weights()::write);
    checkpoint.read(EMA, network.parameters(), vectors.ema()::write);
    checkpoint.read(EXP_AVG, network.parameters(), vectors.expAvg()::write);
    checkpoint.read(EXP_AVG_SQ, network.parameters(), vectors.expAvgSq()::write);
  }

  /** Reads the values of the network's buffers. */
  public float[] buffers(Network network) throws IOException {
    checkpoint.file().requireShapes(expected(network));
    return checkpoint.buffers(BUFFER, network.buffers());
  }

  private static Map<String, long[]> expected(Network network) {
    Map<String, long[]> expected = new LinkedHashMap<>();
    for (String prefix : new String[] {WEIGHTS, EMA, EXP_AVG, EXP_AVG_SQ}) {
      Checkpoint.expect(expected, prefix, network.parameters());
    }
    Checkpoint.expect(expected, BUFFER, network.buffers());
    return expected;
  }

  @Override
  public void close() throws IOException {
    checkpoint.close();
  }
}
