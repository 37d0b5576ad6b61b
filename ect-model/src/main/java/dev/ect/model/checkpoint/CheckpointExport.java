package dev.ect.model.checkpoint;

import dev.ect.model.checkpoint.pytorch.PyTorchWriter;
import dev.ect.model.io.Store;
import dev.ect.model.network.Network;
import dev.ect.model.network.ParameterLayout;
import dev.ect.model.network.Preconditioning;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes checkpoints for PyTorch, with the resampling filters that its networks keep as buffers.
 * What this project says in a checkpoint's metadata goes with them, so that they can come back.
 */
public final class CheckpointExport {
  private final Checkpoint checkpoint;
  private final Network network;

  private CheckpointExport(Checkpoint checkpoint) throws IOException {
    this.checkpoint = checkpoint;
    network = checkpoint.network();
    checkpoint.requireFits(network);
  }

  /**
   * Writes a network snapshot as a safetensors file whose tensors are those of {@code
   * net.state_dict()}.
   *
   * @throws IllegalArgumentException if it is a training state
   */
  public static void toSafetensors(Checkpoint checkpoint, Store store, String path)
      throws IOException {
    if (checkpoint.kind() != CheckpointKind.NETWORK_SNAPSHOT) {
      throw new IllegalArgumentException(
          checkpoint.path() + " is a " + checkpoint.kind().id() + "; expected a network snapshot");
    }
    CheckpointExport export = new CheckpointExport(checkpoint);
    SafetensorsWriter writer = new SafetensorsWriter();
    export.metadata().forEach(writer::metadata);
    for (ParameterLayout layout : export.layouts()) {
      layout.entries().forEach(e -> writer.floats(e.name(), export.source(e.name()), e.shape()));
    }
    export
        .network
        .resampleFilters()
        .forEach((name, values) -> writer.floats(name, values, filterShape(values)));
    writer.write(store, path);
  }

  /**
   * Writes a file for {@code torch.load(path, weights_only=True)}: a network snapshot as the state
   * dict of a network, a training state as a dict of the state dicts {@code net}, {@code ema} and
   * {@code optimizer_state}, and {@code emas} where there are further averages.
   *
   * @param learningRate which PyTorch keeps in the optimiser's state
   */
  public static void toPyTorch(Checkpoint checkpoint, double learningRate, Store store, String path)
      throws IOException {
    CheckpointExport export = new CheckpointExport(checkpoint);
    Map<String, Object> metadata = new LinkedHashMap<>(export.metadata());
    if (checkpoint.kind() == CheckpointKind.NETWORK_SNAPSHOT) {
      PyTorchWriter.write(
          store,
          path,
          PyTorchWriter.annotated(
              export.stateDict("", ""), Map.of(PyTorchCheckpoint.STATE_DICT_METADATA, metadata)));
      return;
    }
    Map<String, Object> state = new LinkedHashMap<>();
    state.put(PyTorchCheckpoint.NET, export.stateDict(StateNames.WEIGHTS, StateNames.BUFFER));
    state.put(PyTorchCheckpoint.EMA, export.stateDict(StateNames.EMA, StateNames.BUFFER));
    Map<String, Object> emas = new LinkedHashMap<>();
    checkpoint
        .emas()
        .forEach(id -> emas.put(id, export.stateDict(StateNames.further(id), StateNames.BUFFER)));
    if (!emas.isEmpty()) {
      state.put(PyTorchCheckpoint.EMAS, emas);
    }
    state.put(PyTorchCheckpoint.OPTIMIZER, export.optimizer(learningRate));
    state.put(PyTorchCheckpoint.STATE_METADATA, metadata);
    PyTorchWriter.write(store, path, state);
  }

  private List<ParameterLayout> layouts() {
    return List.of(network.parameters(), network.buffers());
  }

  private Map<String, String> metadata() {
    Map<String, String> metadata = new LinkedHashMap<>(checkpoint.metadata());
    // Without its formulas it is a plain state dict, here as there.
    checkpoint
        .preconditioning()
        .ifPresent(
            preconditioning -> {
              metadata.put(Checkpoint.KIND, checkpoint.kind().id());
              metadata.put(Checkpoint.NETWORK, checkpoint.spec().toJson());
              metadata.put(Checkpoint.PRECONDITIONING, Preconditioning.toJson(preconditioning));
            });
    return metadata;
  }

  private FloatSource source(String name) {
    return (offset, into) -> checkpoint.file().read(name, offset, into);
  }

  private static long[] filterShape(float[] filter) {
    long taps = Math.round(Math.sqrt(filter.length));
    return new long[] {1, 1, taps, taps};
  }

  private Map<String, Object> stateDict(String parameters, String buffers) {
    Map<String, Object> dict = new LinkedHashMap<>();
    network
        .parameters()
        .entries()
        .forEach(e -> dict.put(e.name(), tensor(parameters + e.name(), e.shape())));
    network
        .buffers()
        .entries()
        .forEach(e -> dict.put(e.name(), tensor(buffers + e.name(), e.shape())));
    network
        .resampleFilters()
        .forEach(
            (name, values) ->
                dict.put(name, PyTorchWriter.floats(FloatSource.of(values), filterShape(values))));
    return dict;
  }

  private PyTorchWriter.Tensor tensor(String name, long[] shape) {
    return PyTorchWriter.floats(source(name), shape);
  }

  /** As {@code optimizer.state_dict()} of PyTorch's Adam and RAdam. */
  private Map<String, Object> optimizer(double learningRate) throws IOException {
    float step = checkpoint.step();
    Map<Object, Object> state = new LinkedHashMap<>();
    List<Object> ids = new ArrayList<>();
    for (ParameterLayout.Entry e : network.parameters().entries()) {
      long id = ids.size();
      ids.add(id);
      if (step > 0) {
        Map<String, Object> moments = new LinkedHashMap<>();
        moments.put("step", PyTorchWriter.floats(FloatSource.of(new float[] {step})));
        moments.put("exp_avg", tensor(StateNames.EXP_AVG + e.name(), e.shape()));
        moments.put("exp_avg_sq", tensor(StateNames.EXP_AVG_SQ + e.name(), e.shape()));
        state.put(id, moments);
      }
    }
    Map<String, Object> group = new LinkedHashMap<>();
    group.put("lr", learningRate);
    group.put("betas", List.of(0.9, 0.999));
    group.put("eps", 1e-8);
    group.put("weight_decay", 0.0);
    group.put("params", ids);
    Map<String, Object> optimizer = new LinkedHashMap<>();
    optimizer.put("state", state);
    optimizer.put("param_groups", List.of(group));
    return optimizer;
  }
}
