package dev.ect.model.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ect.model.io.BadFileException;
import dev.ect.model.io.RandomInput;
import dev.ect.model.io.Store;
import dev.ect.model.network.Network;
import dev.ect.model.network.NetworkSpec;
import dev.ect.model.network.ParameterLayout;
import dev.ect.model.network.Preconditioning;
import dev.ect.model.pickle.Printable;
import dev.ect.model.tuning.Progress;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * A network snapshot or training state opened for reading, whatever wrote it: a safetensors file of
 * this project, whose metadata says which network it holds; a pickle of EDM or ECT; a state dict in
 * PyTorch's or the safetensors format, whose network is known by its tensors.
 *
 * <p>A network snapshot's tensors have PyTorch's names. A training state has weights ({@code
 * net.*}), EMA ({@code ema.*}), the optimiser's moments ({@code exp_avg.*}, {@code exp_avg_sq.*}),
 * further moving averages ({@code ema[sigma-rel=0.05].*}) and the network's buffers ({@code
 * buffer.*}).
 *
 * <p>What is wrong with a file is a {@link BadFileException} that names it.
 */
public final class Checkpoint implements AutoCloseable {
  /** Metadata keys. */
  static final String KIND = "kind";

  static final String NETWORK = "network";
  static final String PRECONDITIONING = "preconditioning";
  static final String PROGRESS = "progress";

  /** Optimiser updates done, where the number of images is not known. */
  static final String STEP = "step";

  /** The file of the EMA, where that is another one. */
  public static final String EMA_FILE = "ema-file";

  /** What the run was: must be equal for another one to go on from it. */
  public static final String IDENTITY = "identity";

  /** Those that say which network it is. */
  static final List<String> OWN = List.of(KIND, NETWORK, PRECONDITIONING);

  private static final ObjectMapper JSON =
      new ObjectMapper()
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES);
  private static final int PIECE = 1 << 20;
  private static final int SNIFFED = Long.BYTES + 1;

  private final String format;
  private final TensorFile file;
  private final Map<String, String> metadata;
  private final CheckpointKind kind;
  private final NetworkSpec spec;
  private final Preconditioning preconditioning;

  /**
   * @param format of the file, for people
   * @param file is closed with this
   * @param preconditioning null where the file does not say
   */
  Checkpoint(
      String format,
      TensorFile file,
      Map<String, String> metadata,
      CheckpointKind kind,
      NetworkSpec spec,
      Preconditioning preconditioning) {
    this.format = format;
    this.file = file;
    this.metadata = metadata;
    this.kind = kind;
    this.spec = spec;
    this.preconditioning = preconditioning;
  }

  /** Opens a file and finds out what it holds. No weights are read. */
  public static Checkpoint open(Store store, String path) throws IOException {
    if (isPyTorch(store, path)) {
      return PyTorchCheckpoint.open(store, path);
    }
    SafetensorsFile file = SafetensorsFile.open(store, path);
    try {
      return file.metadata().containsKey(KIND) ? own(file) : stateDict(file);
    } catch (IOException | RuntimeException e) {
      try (file) {
        throw e;
      }
    }
  }

  /** The same for a file that must hold something certain. */
  public static Checkpoint open(Store store, String path, CheckpointKind kind) throws IOException {
    Checkpoint checkpoint = open(store, path);
    if (checkpoint.kind != kind) {
      try (checkpoint) {
        throw new BadFileException(
            path, "holds a " + checkpoint.kind.id() + "; expected a " + kind.id());
      }
    }
    return checkpoint;
  }

  /** Whether a file is one of PyTorch's, if any: it looks like no safetensors file. */
  static boolean isPyTorch(Store store, String path) throws IOException {
    try (RandomInput input = store.openRandom(path)) {
      byte[] bytes = new byte[(int) Math.min(SNIFFED, input.length())];
      input.readFully(0, bytes, 0, bytes.length);
      return !SafetensorsHeader.looksLike(bytes);
    }
  }

  private static Checkpoint own(SafetensorsFile file) throws IOException {
    boolean exported =
        file.tensors().keySet().stream().anyMatch(name -> name.endsWith(StateDict.RESAMPLE_FILTER));
    return described(
        "safetensors of this project", exported ? canonical(file) : file, file.metadata());
  }

  /**
   * A checkpoint whose metadata are those of own files.
   *
   * @throws BadFileException if they are not
   */
  static Checkpoint described(String format, TensorFile file, Map<String, String> metadata)
      throws IOException {
    try {
      return new Checkpoint(
          format,
          file,
          metadata,
          CheckpointKind.of(require(file.path(), metadata, KIND)),
          NetworkSpec.fromJson(require(file.path(), metadata, NETWORK)),
          Preconditioning.fromJson(require(file.path(), metadata, PRECONDITIONING)));
    } catch (IllegalArgumentException e) {
      throw new BadFileException(file.path(), "metadata " + e.getMessage(), e);
    }
  }

  private static Checkpoint stateDict(SafetensorsFile file) throws IOException {
    TensorFile tensors = canonical(file);
    return new Checkpoint(
        "safetensors",
        tensors,
        file.metadata(),
        CheckpointKind.NETWORK_SNAPSHOT,
        NetworkShapes.infer(file.path(), tensors.tensors()),
        null);
  }

  private static TensorFile canonical(SafetensorsFile file) {
    NamedTensors view = new NamedTensors(file.path());
    view.own(file);
    StateDict.canonical(file.tensors())
        .forEach(
            (name, info) ->
                view.add(
                    name,
                    info.dtype(),
                    info.shape(),
                    (offset, into) -> file.read(info.name(), offset, into)));
    return view;
  }

  /** Where it was opened. */
  public String path() {
    return file.path();
  }

  /** What wrote the file, in a few words. */
  public String format() {
    return format;
  }

  public CheckpointKind kind() {
    return kind;
  }

  public NetworkSpec spec() {
    return spec;
  }

  /** Empty where the file does not say. */
  public Optional<Preconditioning> preconditioning() {
    return Optional.ofNullable(preconditioning);
  }

  /** What else the file says: configuration, progress, provenance. */
  public Map<String, String> metadata() {
    return metadata;
  }

  /** The metadata less what {@link #kind}, {@link #spec} and {@link #preconditioning} give. */
  public Map<String, String> furtherMetadata() {
    Map<String, String> further = new LinkedHashMap<>(metadata);
    further.keySet().removeAll(OWN);
    return further;
  }

  /** The metadata that say how far a run has come. */
  public static Map<String, String> metadata(Progress progress) {
    return Map.of(PROGRESS, CheckpointWriter.toJson(progress));
  }

  /** The tensors; closed with this. */
  public TensorFile file() {
    return file;
  }

  /**
   * How far the run had come.
   *
   * @param batch images per step, for files that count steps only; 0 if that is not known
   * @throws BadFileException if the file does not say
   */
  public Progress progress(long batch) throws IOException {
    String step = metadata.get(STEP);
    if (metadata.containsKey(PROGRESS) || step == null) {
      return parsed(require(path(), metadata, PROGRESS));
    }
    if (batch <= 0) {
      throw new BadFileException(
          path(), "counts " + step + " steps but not their images; expected --batch with it");
    }
    try {
      return new Progress(steps(), Math.multiplyExact(steps(), batch));
    } catch (ArithmeticException e) {
      throw new BadFileException(
          path(), "counts " + steps() + " steps, with " + batch + " images each too many", e);
    }
  }

  private Progress parsed(String json) throws BadFileException {
    JsonProcessingException cause = null;
    try {
      Progress progress = JSON.readValue(json, Progress.class);
      if (progress != null && progress.step() >= 0 && progress.images() >= 0) {
        return progress;
      }
    } catch (JsonProcessingException e) {
      cause = e;
    }
    throw new BadFileException(
        path(),
        "metadata progress is "
            + Printable.of(json)
            + "; expected a JSON object of the numbers step and images",
        cause);
  }

  private long steps() throws BadFileException {
    String step = metadata.get(STEP);
    if (!step.matches("\\d{1,18}")) {
      throw new BadFileException(
          path(), "metadata step is " + Printable.of(step) + "; expected a number");
    }
    return Long.parseLong(step);
  }

  /**
   * Builds the network.
   *
   * @throws BadFileException if there is none of that specification, or the file cannot hold it
   */
  public Network network() throws BadFileException {
    return network(path(), spec, file.tensors().size());
  }

  /**
   * The network of a specification in a file.
   *
   * @param tensors in the file: each of the network's blocks has some
   */
  static Network network(String path, NetworkSpec spec, int tensors) throws BadFileException {
    long blocks = (long) spec.channelMult().size() * spec.numBlocks();
    if (blocks > tensors) {
      throw new BadFileException(
          path,
          "says that its network has " + blocks + " blocks, but holds " + tensors + " tensors");
    }
    try {
      return Network.of(spec);
    } catch (IllegalArgumentException e) {
      throw new BadFileException(path, e.getMessage(), e);
    }
  }

  /**
   * Compares names and shapes with what a network expects.
   *
   * @throws BadFileException one line that names every missing, extra and mis-shaped tensor
   */
  public void requireFits(Network network) throws IOException {
    file.requireShapes("", expected(network));
  }

  /**
   * Writes a file of the own format with the same tensors, widened to float32.
   *
   * @param preconditioning to be recorded
   * @param more metadata entries besides those that say which network it is
   */
  public void copy(
      Store store, String path, Preconditioning preconditioning, Map<String, String> more)
      throws IOException {
    Map<String, long[]> expected = expected(network());
    file.requireShapes("", expected);
    SafetensorsWriter writer = CheckpointWriter.of(kind, spec, preconditioning, more);
    expected.forEach(
        (name, shape) ->
            writer.floats(name, (offset, into) -> file.read(name, offset, into), shape));
    writer.write(store, path);
  }

  /** The further moving averages in a training state, by their ids. */
  public Set<String> emas() {
    return StateNames.emas(file.tensors().keySet());
  }

  /** The names and shapes of a file of this kind that holds a network. */
  Map<String, long[]> expected(Network network) {
    return kind == CheckpointKind.NETWORK_SNAPSHOT
        ? StateNames.ofSnapshot(network)
        : StateNames.ofState(network, emas());
  }

  /** Optimiser updates done. */
  long step() throws IOException {
    return metadata.containsKey(STEP) ? steps() : progress(0).step();
  }

  /** Fills a flat vector. Names and shapes have been checked. */
  void read(String prefix, ParameterLayout layout, FloatSink vector) throws IOException {
    FloatBuffer piece = FloatBuffer.allocate(PIECE);
    for (ParameterLayout.Entry e : layout.entries()) {
      for (long done = 0; done < e.elements(); done += PIECE) {
        piece.clear().limit((int) Math.min(PIECE, e.elements() - done));
        file.read(prefix + e.name(), done, piece);
        vector.write(e.offset() + done, piece.flip());
      }
    }
  }

  /**
   * A flat vector that is read when asked for, each piece within one tensor. Names and shapes have
   * been checked.
   */
  FloatSource source(String prefix, ParameterLayout layout) {
    NavigableMap<Long, ParameterLayout.Entry> entries = new TreeMap<>();
    layout.entries().forEach(e -> entries.put(e.offset(), e));
    return (offset, into) -> {
      ParameterLayout.Entry e = entries.floorEntry(offset).getValue();
      file.read(prefix + e.name(), offset - e.offset(), into);
    };
  }

  /** The buffers' values. Names and shapes have been checked. */
  float[] buffers(String prefix, ParameterLayout layout) throws IOException {
    float[] values = new float[(int) layout.size()];
    for (ParameterLayout.Entry e : layout.entries()) {
      file.read(
          prefix + e.name(), 0, FloatBuffer.wrap(values, (int) e.offset(), (int) e.elements()));
    }
    return values;
  }

  private static String require(String path, Map<String, String> metadata, String key)
      throws IOException {
    String value = metadata.get(key);
    if (value == null) {
      throw new BadFileException(path, "has no metadata " + key + "; it has " + metadata.keySet());
    }
    return value;
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
