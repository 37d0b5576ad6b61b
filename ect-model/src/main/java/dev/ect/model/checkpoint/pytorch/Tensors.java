package dev.ect.model.checkpoint.pytorch;

import dev.ect.model.io.BadFileException;
import dev.ect.model.pickle.PersistentId;
import dev.ect.model.pickle.PickleMemory;
import dev.ect.model.pickle.PickledBytes;
import dev.ect.model.pickle.PickledCall;
import dev.ect.model.pickle.PickledName;
import dev.ect.model.pickle.PickledTuple;
import java.io.IOException;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Interprets the calls that rebuild tensors. */
final class Tensors {
  private static final String UTILS = "torch._utils";

  /** As many axes as PyTorch's own tensors have at most. */
  private static final int MOST_AXES = 64;

  private static final String PARAMETER = "_rebuild_parameter";

  /** Bytes of a storage's own file that are read at once: enough for what precedes its elements. */
  private static final int PREFIX = 1 << 11;

  private final String file;
  private final Storages storages;

  private final PickleMemory memory;

  /** By the bytes or text that hold them, which tensors share; empty where it holds none. */
  private final Map<Object, Optional<Storage>> loaded =
      Collections.synchronizedMap(new IdentityHashMap<>());

  /**
   * @param memory for the pickles of nested storages
   */
  Tensors(String file, Storages storages, PickleMemory memory) {
    this.file = file;
    this.storages = storages;
    this.memory = memory;
  }

  /** The tensor that a value stands for; nothing if it is anything else. */
  Optional<PyTorchTensor> of(Object node) throws IOException {
    Object value = node;
    while (value instanceof PickledCall call
        && call.callee().module().equals(UTILS)
        && call.callee().name().startsWith(PARAMETER)) {
      // The tensor is part of the arguments, which were there before the call: no loop has no end.
      value = call.arguments().isEmpty() ? null : call.arguments().get(0);
    }
    PickledName callee = null;
    List<Object> arguments = List.of();
    if (value instanceof PickledCall call) {
      callee = call.callee();
      arguments = call.arguments();
      if (callee.is("torch._tensor", "_rebuild_from_type_v2")
          && arguments.size() == 4
          && arguments.get(0) instanceof PickledName function
          && arguments.get(2) instanceof PickledTuple inner) {
        callee = function;
        arguments = inner.items();
      }
    }
    if (callee != null && callee.module().equals(UTILS)) {
      int expected =
          switch (callee.name()) {
            case "_rebuild_tensor" -> 4;
            case "_rebuild_tensor_v2" -> 6;
            case "_rebuild_tensor_v3" -> 7;
            default -> 0;
          };
      if (expected > 0) {
        if (arguments.size() < expected) {
          throw damaged("its description is too short");
        }
        return Optional.of(rebuilt(arguments, callee.name().endsWith("v3")));
      }
    }
    if (value != node) {
      throw damaged("its parameter holds no tensor");
    }
    return Optional.empty();
  }

  private PyTorchTensor rebuilt(List<Object> arguments, boolean typed) throws IOException {
    Storage storage = storage(arguments.get(0));
    if (typed) {
      storage = storage.as(StorageId.dtypeNamed(file, arguments.get(6)));
    }
    if (!(arguments.get(1) instanceof Long offset)) {
      throw damaged("its offset is no number");
    }
    return PyTorchTensor.of(
        file, storage, offset, numbers(arguments.get(2)), numbers(arguments.get(3)));
  }

  private Storage storage(Object node) throws IOException {
    if (node instanceof PersistentId persistent) {
      Optional<StorageId> id = StorageId.of(file, persistent);
      if (id.isPresent()) {
        return storages.find(id.get());
      }
    }
    if (node instanceof PickledCall call
        && call.isCallOf("torch.storage", "_load_from_bytes")
        && call.arguments().size() == 1) {
      return loaded(call.arguments().get(0));
    }
    throw damaged("its storage is of an unknown kind");
  }

  private Storage loaded(Object content) throws IOException {
    Object bytes = unwrapped(content);
    Optional<Storage> known = bytes == null ? Optional.empty() : loaded.get(bytes);
    if (known == null) {
      known = Optional.empty();
      try {
        known =
            Optional.of(
                load(
                    PickledBytes.of(file, content)
                        .orElseThrow(() -> damaged("its storage has no bytes"))));
      } finally {
        loaded.put(bytes, known);
      }
    }
    return known.orElseThrow(() -> damaged("its storage has no bytes"));
  }

  /**
   * The bytes or text that a value is made of, which calls without number can share; null where
   * there is none.
   */
  private static Object unwrapped(Object content) {
    Object value = content;
    // Twice, as in bytearray(_codecs.encode(text, 'latin1')).
    for (int i = 0; i < 2 && value instanceof PickledCall call; i++) {
      value = call.arguments().isEmpty() ? null : call.arguments().get(0);
    }
    return value instanceof PickledBytes || value instanceof String ? value : null;
  }

  private Storage load(PickledBytes bytes) throws IOException {
    int prefix = (int) Math.min(PREFIX, bytes.length());
    CachedInput cached = new CachedInput(bytes.input(), bytes.position(), prefix);
    Storage found =
        LegacyFile.storage(
            file, cached, bytes.position(), bytes.position() + bytes.length(), memory);
    return new Storage(found.dtype(), bytes.input(), found.position(), found.bytes());
  }

  private long[] numbers(Object value) throws BadFileException {
    Object list =
        value instanceof PickledCall call
                && call.isCallOf("torch", "Size")
                && call.arguments().size() == 1
            ? call.arguments().get(0)
            : value;
    if (list instanceof PickledTuple tuple && tuple.items().size() <= MOST_AXES) {
      List<Object> items = tuple.items();
      long[] numbers = new long[items.size()];
      for (int i = 0; i < numbers.length; i++) {
        if (!(items.get(i) instanceof Long number)) {
          throw damaged("its shape or strides are no numbers");
        }
        numbers[i] = number;
      }
      return numbers;
    }
    throw damaged("its shape or strides are no tuple of at most " + MOST_AXES);
  }

  private BadFileException damaged(String how) {
    return new BadFileException(file, "has a tensor that is damaged: " + how);
  }
}
