package dev.ect.model.checkpoint.pytorch;

import dev.ect.model.checkpoint.DType;
import dev.ect.model.io.BadFileException;
import dev.ect.model.pickle.PersistentId;
import dev.ect.model.pickle.PickledName;
import dev.ect.model.pickle.PickledTuple;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What torch.save writes in place of a storage: {@code ('storage', type, key, location, size)}, and
 * in legacy files the part of it that is meant.
 *
 * @param dtype the storage's elements
 * @param key its name in the file
 * @param elements its size
 * @param from the first element that is meant
 */
record StorageId(DType dtype, String key, long elements, long from) {
  private static final Map<String, DType> TYPES =
      Map.of(
          "DoubleStorage", DType.F64,
          "FloatStorage", DType.F32,
          "HalfStorage", DType.F16,
          "BFloat16Storage", DType.BF16,
          "LongStorage", DType.I64,
          "IntStorage", DType.I32,
          "ShortStorage", DType.I16,
          "CharStorage", DType.I8,
          "ByteStorage", DType.U8,
          "BoolStorage", DType.BOOL);

  private static final Map<String, DType> NAMES =
      Map.ofEntries(
          Map.entry("float64", DType.F64),
          Map.entry("float32", DType.F32),
          Map.entry("float16", DType.F16),
          Map.entry("bfloat16", DType.BF16),
          Map.entry("int64", DType.I64),
          Map.entry("int32", DType.I32),
          Map.entry("int16", DType.I16),
          Map.entry("int8", DType.I8),
          Map.entry("uint64", DType.U64),
          Map.entry("uint32", DType.U32),
          Map.entry("uint16", DType.U16),
          Map.entry("uint8", DType.U8),
          Map.entry("bool", DType.BOOL));

  /** Interprets a persistent id; nothing if it is none of a storage. */
  static Optional<StorageId> of(String file, PersistentId id) throws BadFileException {
    if (!(id.id() instanceof PickledTuple tuple)) {
      return Optional.empty();
    }
    List<Object> parts = tuple.items();
    if (parts.size() < 5 || parts.size() > 6 || !"storage".equals(parts.get(0))) {
      return Optional.empty();
    }
    if (!(parts.get(1) instanceof PickledName type)
        || !(parts.get(2) instanceof String key)
        || !(parts.get(4) instanceof Long elements)
        || elements < 0) {
      throw new BadFileException(file, "has a storage without a type, key or size; it is damaged");
    }
    long from = 0;
    if (parts.size() == 6 && parts.get(5) != null) {
      if (!(parts.get(5) instanceof PickledTuple view)
          || view.items().size() != 3
          || !(view.items().get(1) instanceof Long offset)
          || offset < 0) {
        throw new BadFileException(file, "has a storage with a view that is not understood");
      }
      from = offset;
    }
    return Optional.of(new StorageId(dtype(file, type), key, elements, from));
  }

  private static DType dtype(String file, PickledName type) throws BadFileException {
    boolean untyped =
        type.is("torch.storage", "UntypedStorage") || type.is("torch.storage", "_UntypedStorage");
    boolean torch = type.module().equals("torch") || type.module().equals("torch.cuda");
    DType dtype = untyped ? DType.U8 : torch ? TYPES.get(type.name()) : null;
    if (dtype == null) {
      throw new BadFileException(
          file, "has a tensor of " + type + "; expected floating numbers, integers or booleans");
    }
    return dtype;
  }

  /** The element type that a name such as {@code torch.float32} stands for. */
  static DType dtypeNamed(String file, Object name) throws BadFileException {
    DType dtype =
        name instanceof PickledName found && found.module().equals("torch")
            ? NAMES.get(found.name())
            : null;
    if (dtype == null) {
      throw new BadFileException(
          file,
          "has a tensor of "
              + (name instanceof PickledName ? name : "no named type")
              + "; expected floating numbers, integers or booleans");
    }
    return dtype;
  }
}
