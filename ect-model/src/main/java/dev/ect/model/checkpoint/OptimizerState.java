package dev.ect.model.checkpoint;

import dev.ect.model.checkpoint.pytorch.PyTorchFile;
import dev.ect.model.checkpoint.pytorch.PyTorchTensor;
import dev.ect.model.io.BadFileException;
import dev.ect.model.pickle.PickledDict;
import dev.ect.model.pickle.Printable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The {@code state_dict()} of PyTorch's Adam or RAdam: moments by number, in the order of the
 * module's parameters. A parameter that has had no gradient yet has none.
 */
final class OptimizerState {
  private final PyTorchFile file;
  private final Map<Object, Object> state;
  private final List<Object> ids;

  private OptimizerState(PyTorchFile file, Map<Object, Object> state, List<Object> ids) {
    this.file = file;
    this.state = state;
    this.ids = ids;
  }

  /**
   * @throws BadFileException if it is no optimiser's state
   */
  static OptimizerState of(PyTorchFile file, Object node) throws IOException {
    Map<Object, Object> dict = PickledDict.of(node).orElse(Map.of());
    List<Object> ids = new ArrayList<>();
    if (dict.get("param_groups") instanceof List<?> groups) {
      for (Object group : groups) {
        if (PickledDict.of(group).orElse(Map.of()).get("params") instanceof List<?> params) {
          for (Object id : params) {
            // Others, such as lists, could be hashed without end.
            if (!(id instanceof Long || id instanceof String)) {
              throw new BadFileException(
                  file.path(),
                  "its optimizer_state numbers a parameter by "
                      + Printable.value(id)
                      + "; expected an integer or a name");
            }
            ids.add(id);
          }
        }
      }
    }
    Map<Object, Object> state = PickledDict.of(dict.get("state")).orElse(null);
    if (state == null || ids.isEmpty()) {
      throw new BadFileException(
          file.path(),
          "its optimizer_state has no state and param_groups; expected the state_dict() of Adam or"
              + " RAdam");
    }
    return new OptimizerState(file, state, ids);
  }

  /** Updates done. */
  long step() throws IOException {
    long most = 0;
    for (Object id : ids) {
      Object step = of(id).get("step");
      if (step instanceof Number number) {
        most = Math.max(most, number.longValue());
      } else if (step != null) {
        most = Math.max(most, (long) required(step, "step").item());
      }
    }
    return most;
  }

  /**
   * Adds the moments under the parameters' names; zeros where a parameter has none.
   *
   * @param parameters of the module, in its order
   */
  void addMoments(NamedTensors view, Map<String, PyTorchTensor> parameters) throws IOException {
    if (ids.size() != parameters.size()) {
      throw new BadFileException(
          file.path(),
          "its optimizer_state has "
              + ids.size()
              + " parameters and its net "
              + parameters.size()
              + "; expected as many");
    }
    int i = 0;
    for (Map.Entry<String, PyTorchTensor> parameter : parameters.entrySet()) {
      Map<Object, Object> moments = of(ids.get(i++));
      add(view, StateNames.EXP_AVG, parameter, moments.get("exp_avg"));
      add(view, StateNames.EXP_AVG_SQ, parameter, moments.get("exp_avg_sq"));
    }
  }

  private Map<Object, Object> of(Object id) {
    return PickledDict.of(state.get(id)).orElse(Map.of());
  }

  private void add(
      NamedTensors view, String prefix, Map.Entry<String, PyTorchTensor> parameter, Object moment)
      throws IOException {
    String name = prefix + parameter.getKey();
    if (moment == null) {
      view.add(
          name,
          DType.F32,
          parameter.getValue().shape(),
          (offset, into) -> {
            while (into.hasRemaining()) {
              into.put(0);
            }
          });
      return;
    }
    PyTorchTensor tensor = required(moment, name);
    view.add(name, tensor.dtype(), tensor.shape(), tensor::read);
  }

  private PyTorchTensor required(Object node, String name) throws IOException {
    return file.tensor(node)
        .orElseThrow(
            () ->
                new BadFileException(
                    file.path(), "its optimizer_state's " + name + " is not a tensor"));
  }
}
