package dev.ect.model.checkpoint;

import dev.ect.model.checkpoint.pytorch.PyTorchFile;
import dev.ect.model.checkpoint.pytorch.PyTorchModule;
import dev.ect.model.checkpoint.pytorch.PyTorchTensor;
import dev.ect.model.io.BadFileException;
import dev.ect.model.io.Store;
import dev.ect.model.network.Network;
import dev.ect.model.network.NetworkSpec;
import dev.ect.model.network.Preconditioning;
import dev.ect.model.pickle.NumpyArray;
import dev.ect.model.pickle.PickledCall;
import dev.ect.model.pickle.PickledDict;
import dev.ect.model.pickle.Printable;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds a network, or a training state, in a file that PyTorch wrote: EDM's and ECT's {@code
 * network-snapshot-*.pkl} (a dict whose {@code ema} is a module) and {@code training-state-*.pt}
 * ({@code net} and {@code optimizer_state}; the EMA is in the snapshot of the same number), state
 * dicts, and this project's exports.
 */
final class PyTorchCheckpoint {
  /** Attribute of an exported state dict: the checkpoint's metadata. */
  static final String STATE_DICT_METADATA = "_ect_metadata";

  /** Entry of an exported training state: the checkpoint's metadata. */
  static final String STATE_METADATA = "metadata";

  static final String NET = "net";
  static final String EMA = "ema";

  /** Further moving averages by their ids. */
  static final String EMAS = "emas";

  static final String OPTIMIZER = "optimizer_state";

  private static final List<String> NETWORKS = List.of(EMA, NET, "model", "state_dict");
  private static final Pattern STATE_FILE = Pattern.compile("training-state-(.+)\\.pt");

  /**
   * A network in the file.
   *
   * @param about what a module says of itself
   */
  private record Found(
      Map<String, PyTorchTensor> parameters,
      Map<String, PyTorchTensor> buffers,
      NetworkSpec spec,
      Preconditioning preconditioning,
      Map<String, String> about) {}

  private final Store store;
  private final PyTorchFile file;
  private final NamedTensors view;

  private PyTorchCheckpoint(Store store, PyTorchFile file) {
    this.store = store;
    this.file = file;
    view = new NamedTensors(file.path());
    view.own(file);
  }

  /** Opens a file. */
  static Checkpoint open(Store store, String path) throws IOException {
    PyTorchCheckpoint checkpoint = new PyTorchCheckpoint(store, PyTorchFile.open(store, path));
    try {
      return checkpoint.read();
    } catch (IOException | RuntimeException e) {
      try (TensorFile view = checkpoint.view) {
        throw e;
      }
    }
  }

  private Checkpoint read() throws IOException {
    file.requireKnownNames();
    Object root = file.root();
    Optional<Map<Object, Object>> dict = PickledDict.of(root);
    if (dict.isPresent() && dict.get().containsKey(OPTIMIZER)) {
      return trainingState(dict.get());
    }
    Map<String, String> own = metadata(root);
    Found found = network(dict.isPresent() ? networkIn(dict.get(), root) : root);
    add("", found.parameters());
    add("", found.buffers());
    if (!own.isEmpty()) {
      return Checkpoint.described("state dict of this project", view, own);
    }
    return new Checkpoint(
        file.format(),
        view,
        found.about(),
        CheckpointKind.NETWORK_SNAPSHOT,
        found.spec(),
        found.preconditioning());
  }

  /** Of a dict that may be a state dict, or hold one or a module. */
  private Object networkIn(Map<Object, Object> dict, Object itself) {
    return NETWORKS.stream()
        .filter(dict::containsKey)
        .filter(key -> dict.get(key) != null)
        .findFirst()
        .map(dict::get)
        .orElse(itself);
  }

  private Found network(Object node) throws IOException {
    Optional<PyTorchModule> module = file.module(node);
    return module.isPresent() ? module(module.get()) : stateDict(node);
  }

  private Found module(PyTorchModule module) throws IOException {
    ConstructorArguments arguments =
        new ConstructorArguments(file.path(), module.className(), arguments(module));
    Preconditioning preconditioning = arguments.preconditioning();
    Map<String, PyTorchTensor> parameters = module.parameters();
    return new Found(
        StateDict.canonical(parameters),
        StateDict.canonical(module.buffers(), parameters.keySet()),
        arguments.spec(),
        preconditioning,
        Map.of("class", module.className()));
  }

  /** Those given by name; what became of defaults is among the attributes. */
  private Map<String, Object> arguments(PyTorchModule module) throws BadFileException {
    if (!module.positionalArguments().isEmpty()) {
      throw new BadFileException(
          file.path(),
          "its " + module.className() + " was made with arguments without names; expected names");
    }
    Map<String, Object> arguments = new LinkedHashMap<>();
    for (String name : ConstructorArguments.KEPT) {
      Object kept = module.attribute(name);
      if (kept instanceof Number || NumpyArray.isOne(kept)) {
        arguments.put(name, kept);
      }
    }
    PickledDict.of(module.attribute("_init_kwargs"))
        .orElse(Map.of())
        .forEach((name, value) -> arguments.put(Printable.value(name), value));
    return arguments;
  }

  private Found stateDict(Object node) throws IOException {
    Map<String, PyTorchTensor> all = StateDict.canonical(file.stateDict(node));
    NetworkSpec spec = NetworkShapes.infer(file.path(), infos(all));
    Network network = Checkpoint.network(file.path(), spec, all.size());
    Map<String, PyTorchTensor> parameters = new LinkedHashMap<>(all);
    Map<String, PyTorchTensor> buffers = new LinkedHashMap<>();
    network
        .buffers()
        .entries()
        .forEach(
            buffer -> {
              if (parameters.containsKey(buffer.name())) {
                buffers.put(buffer.name(), parameters.remove(buffer.name()));
              }
            });
    return new Found(parameters, buffers, spec, null, Map.of());
  }

  private static Map<String, TensorInfo> infos(Map<String, PyTorchTensor> tensors) {
    Map<String, TensorInfo> infos = new LinkedHashMap<>();
    tensors.forEach(
        (name, tensor) ->
            infos.put(
                name, new TensorInfo(name, tensor.dtype(), tensor.shape(), TensorInfo.SCATTERED)));
    return infos;
  }

  private Checkpoint trainingState(Map<Object, Object> root) throws IOException {
    if (!root.containsKey(NET)) {
      throw new BadFileException(
          file.path(), "has optimizer_state but no net; expected both, as ECT saves them");
    }
    Found net = network(root.get(NET));
    add(StateNames.WEIGHTS, net.parameters());
    add(StateNames.BUFFER, net.buffers());
    String emaFile = null;
    if (root.get(EMA) != null) {
      add(StateNames.EMA, network(root.get(EMA)).parameters());
    } else {
      emaFile = addEmaBeside();
    }
    for (Map.Entry<Object, Object> each :
        PickledDict.of(root.get(EMAS)).orElse(Map.of()).entrySet()) {
      add(
          StateNames.further(Printable.value(each.getKey())),
          network(each.getValue()).parameters());
    }
    OptimizerState optimizer = OptimizerState.of(file, root.get(OPTIMIZER));
    optimizer.addMoments(view, net.parameters());
    Map<String, String> own = strings(root.get(STATE_METADATA));
    if (!own.isEmpty()) {
      return Checkpoint.described("training state of this project, exported", view, own);
    }
    Map<String, String> about = new LinkedHashMap<>(net.about());
    about.put(Checkpoint.STEP, String.valueOf(optimizer.step()));
    if (emaFile != null) {
      about.put(Checkpoint.EMA_FILE, emaFile);
    }
    return new Checkpoint(
        file.format(),
        view,
        about,
        CheckpointKind.TRAINING_STATE,
        net.spec(),
        net.preconditioning());
  }

  /** ECT keeps the EMA in the network snapshot of the same number; gives its path. */
  private String addEmaBeside() throws IOException {
    Matcher name = STATE_FILE.matcher(Store.name(file.path()));
    String sibling = "network-snapshot-" + (name.matches() ? name.group(1) : "<number>") + ".pkl";
    String path = Store.join(Store.parent(file.path()), sibling);
    if (!name.matches() || !store.exists(path)) {
      throw new BadFileException(
          file.path(), "holds no EMA; expected " + sibling + " beside it, which does");
    }
    Checkpoint snapshot = Checkpoint.open(store, path, CheckpointKind.NETWORK_SNAPSHOT);
    view.own(snapshot.file());
    Network network = snapshot.network();
    network
        .parameters()
        .entries()
        .forEach(
            e ->
                view.add(
                    StateNames.EMA + e.name(),
                    DType.F32,
                    e.shape(),
                    (offset, into) -> snapshot.file().read(e.name(), offset, into)));
    return path;
  }

  private void add(String prefix, Map<String, PyTorchTensor> tensors) {
    tensors.forEach(
        (name, tensor) -> view.add(prefix + name, tensor.dtype(), tensor.shape(), tensor::read));
  }

  /** The metadata of an exported state dict; empty where it is none. */
  private static Map<String, String> metadata(Object node) {
    if (!(node instanceof PickledCall call)) {
      return Map.of();
    }
    return PickledDict.of(call.state())
        .map(attributes -> strings(attributes.get(STATE_DICT_METADATA)))
        .orElse(Map.of());
  }

  private static Map<String, String> strings(Object node) {
    Map<String, String> strings = new LinkedHashMap<>();
    PickledDict.of(node)
        .orElse(Map.of())
        .forEach(
            (key, value) -> {
              if (key instanceof String name && value instanceof String text) {
                strings.put(name, text);
              }
            });
    return strings;
  }
}
