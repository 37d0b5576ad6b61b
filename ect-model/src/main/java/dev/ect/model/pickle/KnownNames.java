package dev.ect.model.pickle;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The closed list of names that are understood as data, or are harmless beside such. */
final class KnownNames {
  private static final List<String> STORAGES =
      List.of(
          "Double",
          "Float",
          "Half",
          "BFloat16",
          "Long",
          "Int",
          "Short",
          "Char",
          "Byte",
          "Bool",
          "ComplexFloat",
          "ComplexDouble",
          "QInt8",
          "QUInt8",
          "QInt32");

  private static final Set<String> STORAGE_NAMES =
      STORAGES.stream().map(each -> each + "Storage").collect(Collectors.toSet());

  private static final Set<String> BUILTINS =
      Set.of(
          "object",
          "bool",
          "int",
          "long",
          "float",
          "complex",
          "str",
          "unicode",
          "bytes",
          "bytearray",
          "list",
          "tuple",
          "dict",
          "set",
          "frozenset",
          "slice",
          "range",
          "xrange",
          "getattr");

  private static final Set<String> MULTIARRAY = Set.of("_reconstruct", "scalar");
  private static final Set<String> FROM_BUFFER = Set.of("_frombuffer");
  private static final Set<String> COPYREG =
      Set.of("_reconstructor", "__newobj__", "__newobj_ex__");
  private static final Set<String> EASY_DICT = Set.of("EasyDict");

  private static final Map<String, Set<String>> NAMES =
      Map.ofEntries(
          Map.entry("builtins", BUILTINS),
          Map.entry("__builtin__", BUILTINS),
          Map.entry("copyreg", COPYREG),
          Map.entry("copy_reg", COPYREG),
          Map.entry("operator", Set.of(PickleBuilder.CALL.name())),
          Map.entry("_codecs", Set.of("encode")),
          Map.entry("collections", Set.of("OrderedDict", "defaultdict", "Counter", "deque")),
          Map.entry("numpy", Set.of("ndarray", "dtype")),
          Map.entry("numpy.core.multiarray", MULTIARRAY),
          Map.entry("numpy._core.multiarray", MULTIARRAY),
          Map.entry("numpy.core.numeric", FROM_BUFFER),
          Map.entry("numpy._core.numeric", FROM_BUFFER),
          Map.entry("dnnlib.util", EASY_DICT),
          Map.entry("dnnlib", EASY_DICT),
          Map.entry("torch_utils.persistence", Set.of("_reconstruct_persistent_obj")),
          Map.entry(
              "torch",
              union(
                  STORAGE_NAMES,
                  "Size",
                  "Tensor",
                  "device",
                  "dtype",
                  "strided",
                  "float64",
                  "double",
                  "float32",
                  "float",
                  "float16",
                  "half",
                  "bfloat16",
                  "int64",
                  "long",
                  "int32",
                  "int",
                  "int16",
                  "short",
                  "int8",
                  "uint8",
                  "uint16",
                  "uint32",
                  "uint64",
                  "bool",
                  "complex64",
                  "complex128")),
          Map.entry("torch.cuda", STORAGE_NAMES),
          Map.entry("torch.serialization", Set.of("_get_layout")),
          Map.entry(
              "torch.storage",
              Set.of(
                  "_load_from_bytes",
                  "TypedStorage",
                  "UntypedStorage",
                  "_TypedStorage",
                  "_UntypedStorage")),
          Map.entry(
              "torch._utils",
              Set.of(
                  "_rebuild_tensor",
                  "_rebuild_tensor_v2",
                  "_rebuild_tensor_v3",
                  "_rebuild_parameter",
                  "_rebuild_parameter_with_state")),
          Map.entry("torch._tensor", Set.of("_rebuild_from_type_v2")),
          Map.entry("torch.nn.parameter", Set.of("Parameter")),
          Map.entry(
              "torch.nn.modules.container",
              Set.of("Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict")));

  private KnownNames() {}

  static boolean contains(PickledName name) {
    return NAMES.getOrDefault(name.module(), Set.of()).contains(name.name());
  }

  private static Set<String> union(Set<String> some, String... more) {
    return Stream.concat(some.stream(), Stream.of(more))
        .collect(Collectors.toCollection(HashSet::new));
  }
}
