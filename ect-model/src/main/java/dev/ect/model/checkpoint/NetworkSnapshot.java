package dev.ect.model.checkpoint;

import dev.ect.model.engine.Tensor;
import dev.ect.model.io.BadFileException;
import dev.ect.model.io.Store;
import dev.ect.model.network.Network;
import dev.ect.model.network.NetworkSpec;
import dev.ect.model.network.Preconditioning;
import dev.ect.model.tuning.Progress;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/**
 * A network to sample from or to tune on: the EMA weights and the buffers under their PyTorch names
 * in a safetensors file, with the network's specification and preconditioning in its metadata. An
 * instance is such a file opened for reading, or one of PyTorch's, see {@link Checkpoint}.
 *
 * <p>What is wrong with a file is a {@link dev.ect.model.io.BadFileException} that names it.
 */
public final class NetworkSnapshot implements AutoCloseable {
  /**
   * Metadata: which further moving average of the weights it holds, a {@link
   * dev.ect.model.tuning.EmaSpec#id}; absent where it is the run's own.
   */
  public static final String EMA = "ema";

  /** Metadata: {@link dev.ect.model.tuning.Progress}, how far the run had come. */
  public static final String PROGRESS = Checkpoint.PROGRESS;

  private static final String MAP_AUGMENT = "model.map_augment.weight";

  private final Checkpoint checkpoint;

  private NetworkSnapshot(Checkpoint checkpoint) {
    this.checkpoint = checkpoint;
  }

  /** Opens a file and reads its metadata. */
  public static NetworkSnapshot open(Store store, String path) throws IOException {
    return new NetworkSnapshot(Checkpoint.open(store, path, CheckpointKind.NETWORK_SNAPSHOT));
  }

  /**
   * Writes a file, replacing an older one at once or not at all.
   *
   * @param parameters the values of {@code network.parameters()}, a flat vector
   * @param buffers values of {@code network.buffers()}
   * @param metadata further entries: configuration, progress, provenance
   */
  public static void write(
      Store store,
      String path,
      Network network,
      Preconditioning preconditioning,
      FloatSource parameters,
      float[] buffers,
      Map<String, String> metadata)
      throws IOException {
    SafetensorsWriter writer =
        CheckpointWriter.of(
            CheckpointKind.NETWORK_SNAPSHOT, network.spec(), preconditioning, metadata);
    CheckpointWriter.add(writer, "", network.parameters(), parameters);
    CheckpointWriter.add(writer, "", network.buffers(), buffers);
    writer.write(store, path);
  }

  /** The specification of the network inside. */
  public NetworkSpec spec() {
    return checkpoint.spec();
  }

  /**
   * Builds the network inside.
   *
   * @throws dev.ect.model.io.BadFileException if there is none of the file's specification
   */
  public Network network() throws IOException {
    return checkpoint.network();
  }

  /**
   * How it is to be evaluated.
   *
   * @throws dev.ect.model.io.BadFileException if the file does not say
   */
  public Preconditioning preconditioning() throws IOException {
    return checkpoint
        .preconditioning()
        .orElseThrow(
            () ->
                new BadFileException(
                    checkpoint.path(),
                    "does not say how its network is preconditioned; import it with"
                        + " --preconditioning edm, ecm, vp or ve"));
  }

  /** All metadata entries. */
  public Map<String, String> metadata() {
    return checkpoint.metadata();
  }

  /**
   * Reads the weights.
   *
   * @param network whose names and shapes the file must have
   * @param parameters receives them; flat vector of {@code network.parameters()}
   * @throws dev.ect.model.io.BadFileException naming every missing, extra and mis-shaped tensor
   */
  public void read(Network network, FloatSink parameters) throws IOException {
    checkpoint.requireFits(network);
    checkpoint.read("", network.parameters(), parameters);
  }

  /** How far the run had come. */
  public Progress progress() throws IOException {
    return checkpoint.progress(0);
  }

  /** The weights, to be read as they are asked for, each piece within one tensor. */
  FloatSource parameters(Network network) throws IOException {
    checkpoint.requireFits(network);
    return checkpoint.source("", network.parameters());
  }

  /**
   * Reads the weights to start tuning from. A network without augmentation leaves the file's
   * embedding of augmentation labels aside; otherwise as {@link #read}.
   *
   * @return the names of the tensors left aside
   */
  public List<String> transfer(Network network, Tensor parameters) throws IOException {
    List<String> leftAside = requireTransferable(network);
    checkpoint.read("", network.parameters(), parameters::write);
    return leftAside;
  }

  /** Checks that {@link #transfer} is possible, without reading the weights; otherwise the same. */
  public List<String> requireTransferable(Network network) throws IOException {
    Map<String, long[]> expected = checkpoint.expected(network);
    TensorInfo augment = checkpoint.file().tensors().get(MAP_AUGMENT);
    boolean leftAside = augment != null && !expected.containsKey(MAP_AUGMENT);
    if (leftAside) {
      expected.put(MAP_AUGMENT, augment.shape());
    }
    checkpoint.file().requireShapes("", expected);
    return leftAside ? List.of(MAP_AUGMENT) : List.of();
  }

  /** Reads the values of the network's buffers, which {@link #transfer} would accept. */
  public float[] buffers(Network network) throws IOException {
    requireTransferable(network);
    return checkpoint.buffers("", network.buffers());
  }

  @Override
  public void close() throws IOException {
    checkpoint.close();
  }
}
