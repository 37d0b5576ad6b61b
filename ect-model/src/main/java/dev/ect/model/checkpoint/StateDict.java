package dev.ect.model.checkpoint;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** The names of a state dict's tensors, which depend on what module it was taken of. */
final class StateDict {
  /**
   * How the names of tensors end that PyTorch keeps in resampling layers and that follow from the
   * architecture. Own files do without them.
   */
  static final String RESAMPLE_FILTER = ".resample_filter";

  private static final String FAMILIAR = "map_layer0.weight";
  private static final String MODEL = "model.";

  private StateDict() {}

  /**
   * The tensors under the names that they have in EDM's preconditioned networks, {@code model.*}:
   * what wrappers put before it is dropped, and a U-Net's own names get it. Resampling filters,
   * which follow from the architecture, are left out.
   */
  static <T> Map<String, T> canonical(Map<String, T> tensors) {
    return canonical(tensors, tensors.keySet());
  }

  /**
   * The same for some of a module's tensors.
   *
   * @param all names of the module's parameters, which tell what precedes them
   */
  static <T> Map<String, T> canonical(Map<String, T> tensors, Set<String> all) {
    String found = all.stream().filter(name -> name.endsWith(FAMILIAR)).findFirst().orElse("");
    String prefix = found.isEmpty() ? "" : found.substring(0, found.length() - FAMILIAR.length());
    Map<String, T> canonical = new LinkedHashMap<>();
    tensors.forEach(
        (name, tensor) -> {
          if (!name.endsWith(RESAMPLE_FILTER)) {
            canonical.put(
                name.startsWith(prefix) ? MODEL + name.substring(prefix.length()) : name, tensor);
          }
        });
    return canonical;
  }
}
