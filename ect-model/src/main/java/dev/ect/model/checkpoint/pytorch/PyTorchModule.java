package dev.ect.model.checkpoint.pytorch;

import dev.ect.model.io.BadFileException;
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

/**
 * A module in a {@link PyTorchFile}: pickled with the source of its class, as EDM and ECT do
 * ({@code torch_utils.persistence}), or as an object of a class by name.
 */
public final class PyTorchModule {
  private static final String MODULES = "_modules";
  private static final int DEEPEST = 1000;
  private static final int LONGEST_NAME = 4096;

  /** Characters of all names together, beyond the file's size: names of nested modules repeat. */
  private static final long NAMES_FLOOR = 1 << 20;

  private final PyTorchFile file;
  private final PickledCall node;
  private final Object origin;
  private final String className;
  private final Map<Object, Object> state;

  private PyTorchModule(
      PyTorchFile file,
      PickledCall node,
      Object origin,
      String className,
      Map<Object, Object> state) {
    this.file = file;
    this.origin = origin;
    this.node = node;
    this.className = className;
    this.state = state;
  }

  static Optional<PyTorchModule> of(PyTorchFile file, Object node) {
    if (!(node instanceof PickledCall call)) {
      return Optional.empty();
    }
    if (call.isCallOf("torch_utils.persistence", "_reconstruct_persistent_obj")) {
      Map<Object, Object> meta =
          call.arguments().size() == 1
              ? PickledDict.of(call.arguments().get(0)).orElse(Map.of())
              : Map.of();
      Optional<Map<Object, Object>> state = PickledDict.of(meta.get("state"));
      return meta.get("class_name") instanceof String name && state.isPresent()
          ? Optional.of(new PyTorchModule(file, call, meta.get("state"), name, state.get()))
          : Optional.empty();
    }
    Map<Object, Object> state = PickledDict.of(call.state()).orElse(Map.of());
    return state.containsKey(MODULES) && state.containsKey("_parameters")
        ? Optional.of(new PyTorchModule(file, call, call.state(), call.callee().name(), state))
        : Optional.empty();
  }

  /** The value in the file that its attributes come from, which several modules can share. */
  public Object origin() {
    return origin;
  }

  /** The name of its class, such as {@code SongUNet}. */
  public String className() {
    return className;
  }

  /** The arguments that its constructor was given by position. */
  public List<Object> positionalArguments() {
    Object given = state.get("_init_args");
    if (given instanceof PickledTuple tuple) {
      return tuple.items();
    }
    return given instanceof List<?> list ? Collections.unmodifiableList(list) : List.of();
  }

  /** An attribute of the object; null where there is none of that name, or it is None. */
  public Object attribute(String name) {
    return state.get(name);
  }

  /**
   * The parameters by full name, such as {@code model.enc.32x32_conv.weight}, in the order in which
   * PyTorch's optimisers number them: a module's own before those of the modules inside, each in
   * the order of registration, each once.
   *
   * @throws BadFileException if one is damaged, or modules are nested beyond reason
   */
  public Map<String, PyTorchTensor> parameters() throws IOException {
    return collect("_parameters");
  }

  /** The buffers by full name, in the same order. */
  public Map<String, PyTorchTensor> buffers() throws IOException {
    return collect("_buffers");
  }

  private record Visit(String prefix, int depth, PyTorchModule module) {}

  private Map<String, PyTorchTensor> collect(String kind) throws IOException {
    Map<String, PyTorchTensor> found = new LinkedHashMap<>();
    // Modules and tensors can be shared, and modules can hold themselves.
    Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    seen.add(node);
    Deque<Visit> open = new ArrayDeque<>(List.of(new Visit("", 0, this)));
    long characters = NAMES_FLOOR + file.length();
    while (!open.isEmpty()) {
      Visit visit = open.pop();
      Map<Object, Object> members = members(visit, kind, seen);
      for (Map.Entry<Object, Object> member : members.entrySet()) {
        if (member.getValue() == null || !seen.add(member.getValue())) {
          continue;
        }
        String name = name(visit, member.getKey());
        characters -= name.length();
        Optional<PyTorchTensor> tensor = file.tensor(member.getValue());
        if (tensor.isEmpty() || found.put(name, tensor.get()) != null) {
          throw bad(name, tensor.isEmpty() ? "is no tensor" : "is there twice");
        }
      }
      List<Visit> inside = new ArrayList<>();
      for (Map.Entry<Object, Object> member : members(visit, MODULES, seen).entrySet()) {
        if (member.getValue() == null || !seen.add(member.getValue())) {
          continue;
        }
        String name = name(visit, member.getKey());
        characters -= name.length();
        Optional<PyTorchModule> module = of(file, member.getValue());
        if (module.isEmpty()) {
          throw bad(name, "is no module");
        }
        inside.add(new Visit(name + ".", visit.depth() + 1, module.get()));
        if (visit.depth() > DEEPEST || characters < 0) {
          throw bad(name, "is nested in more modules than any network has");
        }
      }
      Collections.reverse(inside);
      inside.forEach(open::push);
    }
    return Collections.unmodifiableMap(found);
  }

  private Map<Object, Object> members(Visit visit, String kind, Set<Object> seen)
      throws BadFileException {
    Object members = visit.module().state.get(kind);
    if (members == null) {
      return Map.of();
    }
    if (!seen.add(members)) {
      throw bad(visit.prefix() + kind, "belongs to two modules");
    }
    return PickledDict.of(members)
        .orElseThrow(() -> bad(visit.prefix() + kind, "is no dict of members"));
  }

  private String name(Visit visit, Object key) throws BadFileException {
    if (!(key instanceof String name) || visit.prefix().length() + name.length() > LONGEST_NAME) {
      throw bad(visit.prefix(), "has a member whose name is no text or is too long");
    }
    return visit.prefix() + name;
  }

  private BadFileException bad(String name, String how) {
    return new BadFileException(
        file.path(),
        "in module " + Printable.of(className) + ", " + Printable.of(name) + " " + how);
  }

  @Override
  public String toString() {
    return "module " + className;
  }
}
