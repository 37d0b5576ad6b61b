package dev.ect.model.checkpoint;

import dev.ect.model.checkpoint.pytorch.PyTorchFile;
import dev.ect.model.checkpoint.pytorch.PyTorchModule;
import dev.ect.model.checkpoint.pytorch.PyTorchTensor;
import dev.ect.model.io.BadFileException;
import dev.ect.model.io.RandomInput;
import dev.ect.model.io.Store;
import dev.ect.model.pickle.PickledCall;
import dev.ect.model.pickle.PickledDict;
import dev.ect.model.pickle.PickledTuple;
import dev.ect.model.pickle.Printable;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What is in a file, for people, also where it is no checkpoint that can be used.
 *
 * @param format of the file
 * @param entries what else there is to say, by name
 * @param tensors in it
 */
public record CheckpointContents(
    String format, Map<String, String> entries, List<TensorInfo> tensors) {
  /** Looks into a file, whatever it is. */
  public static CheckpointContents of(Store store, String path) throws IOException {
    try {
      if (Checkpoint.isPyTorch(store, path)) {
        try (PyTorchFile file = PyTorchFile.open(store, path)) {
          return new Search(file).contents();
        }
      }
      return ofSafetensors(store, path);
    } catch (BadFileException e) {
      return new CheckpointContents("unknown", Map.of(), List.of());
    }
  }

  private static CheckpointContents ofSafetensors(Store store, String path) throws IOException {
    try (RandomInput input = store.openRandom(path)) {
      Map<String, String> foreign = new LinkedHashMap<>();
      SafetensorsHeader header = SafetensorsHeader.read(path, input, foreign);
      Map<String, String> entries = new LinkedHashMap<>(header.metadata());
      if (!foreign.isEmpty()) {
        entries.put("of other types", foreign.size() + " tensors");
        entries.putAll(foreign);
      }
      return new CheckpointContents("safetensors", entries, List.copyOf(header.tensors().values()));
    }
  }

  /**
   * Goes through everything in a pickle, without recursion: it may be deep, or hold itself. What is
   * shared is listed once, and no more than a few times what the file holds.
   */
  private static final class Search {
    private static final int LINE = 64;
    private static final int MOST_KEYS = 1000;
    private static final int DAMAGED_SHARE = 64;
    private static final long FLOOR = 1 << 20;

    private record Place(String name, Object value) {}

    private final PyTorchFile file;
    private final List<TensorInfo> tensors = new ArrayList<>();
    private final Map<String, String> entries = new LinkedHashMap<>();
    private final Deque<Place> open = new ArrayDeque<>();
    private final Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());

    /** Characters that may still be listed. */
    private long left;

    Search(PyTorchFile file) {
      this.file = file;
      left = FLOOR + 4 * file.length();
    }

    CheckpointContents contents() throws IOException {
      PickledDict.of(file.root())
          .ifPresent(
              dict ->
                  entries.put(
                      "top level",
                      dict.keySet().stream()
                          .limit(MOST_KEYS)
                          .map(Printable::value)
                          .collect(Collectors.joining(", "))));
      if (!file.unknownNames().isEmpty()) {
        entries.put("unknown names", String.join(", ", file.unknownNames()));
      }
      push("", "", file.root());
      while (!open.isEmpty() && left > 0) {
        Place place = open.pop();
        visit(place.name(), place.value());
      }
      if (left <= 0) {
        entries.put("not listed", "the rest, since it repeats itself too often");
      }
      return new CheckpointContents(file.format(), entries, tensors);
    }

    private void visit(String name, Object value) throws IOException {
      try {
        Optional<PyTorchTensor> tensor = file.tensor(value);
        if (tensor.isPresent()) {
          add(name, tensor.get());
          return;
        }
        Optional<PyTorchModule> module = file.module(value);
        if (module.isPresent()) {
          if (seen.add(module.get().origin())) {
            module(name, module.get());
          }
          return;
        }
      } catch (BadFileException e) {
        // It may have taken long to find out.
        left -= FLOOR / DAMAGED_SHARE + file.length() / DAMAGED_SHARE;
        entries.put(name + " (damaged)", e.getMessage());
        return;
      }
      parts(name, value);
    }

    private void module(String name, PyTorchModule module) throws IOException {
      entries.put("class of " + (name.isEmpty() ? "root" : name), Printable.of(module.className()));
      left -= LINE + name.length();
      module.parameters().forEach((each, found) -> add(join(name, each), found));
      module.buffers().forEach((each, found) -> add(join(name, each), found));
    }

    private void parts(String name, Object value) {
      Optional<Map<Object, Object>> dict = PickledDict.of(value);
      if (dict.isPresent()) {
        dict.get().forEach((key, each) -> push(name, key, each));
      } else if (value instanceof List<?> list) {
        list.forEach(each -> push(name, "", each));
      } else if (value instanceof PickledTuple tuple) {
        tuple.items().forEach(each -> push(name, "", each));
      } else if (value instanceof PickledCall call) {
        call.arguments().forEach(each -> push(name, "", each));
        push(name, "", call.state());
        call.items().forEach(each -> push(name, "", each));
        call.entries().forEach((key, each) -> push(name, key, each));
      }
    }

    /** To be visited, if it may hold something and is new. */
    private void push(String name, Object key, Object value) {
      boolean container =
          value instanceof List
              || value instanceof Map
              || value instanceof PickledTuple
              || value instanceof PickledCall;
      if (container && left > 0 && seen.add(value)) {
        open.push(new Place("".equals(key) ? name : join(name, key), value));
      }
    }

    private void add(String name, PyTorchTensor tensor) {
      left -= LINE;
      if (left > 0) {
        tensors.add(new TensorInfo(name, tensor.dtype(), tensor.shape(), TensorInfo.SCATTERED));
      }
    }

    /** Long names come from nesting without end only. */
    private String join(String name, Object key) {
      String last = Printable.value(key);
      String joined = name.isEmpty() ? last : name + "." + last;
      left -= joined.length();
      return joined.length() < 200 ? joined : "..." + joined.substring(joined.length() - 150);
    }
  }
}
