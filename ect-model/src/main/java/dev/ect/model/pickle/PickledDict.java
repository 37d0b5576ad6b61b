package dev.ect.model.pickle;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Dicts and the objects that are dicts in all but name. */
public final class PickledDict {
  private PickledDict() {}

  /**
   * The entries of a dict, OrderedDict, defaultdict, Counter or EasyDict, not to be changed.
   *
   * @return nothing if it is anything else
   */
  public static Optional<Map<Object, Object>> of(Object value) {
    if (value instanceof LinkedHashMap<?, ?> dict) {
      return Optional.of(Collections.unmodifiableMap(dict));
    }
    if (!(value instanceof PickledCall call)) {
      return Optional.empty();
    }
    PickledName callee = call.callee();
    List<Object> arguments = call.arguments();
    if (callee.is("collections", "Counter")
        && !arguments.isEmpty()
        && arguments.get(0) instanceof LinkedHashMap<?, ?> counts) {
      return Optional.of(Collections.unmodifiableMap(counts));
    }
    if (copiesArgument(callee) || callee.is("collections", "defaultdict") || isEasyDict(callee)) {
      return Optional.of(call.entries());
    }
    // Protocols 0 and 1: the class, its base dict and the content.
    if ((callee.is("copyreg", "_reconstructor") || callee.is("copy_reg", "_reconstructor"))
        && arguments.size() == 3
        && arguments.get(0) instanceof PickledName type
        && isEasyDict(type)
        && arguments.get(2) instanceof LinkedHashMap<?, ?> dict) {
      return Optional.of(Collections.unmodifiableMap(dict));
    }
    return Optional.empty();
  }

  private static boolean isEasyDict(PickledName name) {
    return name.is("dnnlib.util", "EasyDict") || name.is("dnnlib", "EasyDict");
  }

  /** Whether it is a class that takes its first entries from an argument. */
  static boolean copiesArgument(PickledName callee) {
    return callee.is("collections", "OrderedDict") || Builtins.is(callee, "dict");
  }
}
