package dev.ect.model.checkpoint.pytorch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.model.Goldens;
import dev.ect.model.io.LocalStore;
import dev.ect.model.pickle.PickledDict;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the PyTorch implementation of ECT wrote. */
class PyTorchGoldenTest {
  private static final String PARAMETER = "param.";

  static Stream<Path> snapshots() {
    return Goldens.files("network-snapshot-", ".pkl").stream();
  }

  static Stream<Path> states() {
    return Goldens.files("training-state-", ".pt").stream();
  }

  private static PyTorchFile open(Path path) throws IOException {
    PyTorchFile file = PyTorchFile.open(new LocalStore(), path.toString());
    file.requireKnownNames();
    return file;
  }

  private static Goldens expected(Path file, String kind, String suffix) {
    String stem = String.valueOf(file.getFileName()).replaceFirst("\\.\\w+$", "");
    String number = stem.substring(stem.lastIndexOf('-') + 1);
    return Goldens.read(Goldens.files(kind + number, suffix).get(0));
  }

  private static Object at(Object dict, Object key) {
    Map<Object, Object> entries = PickledDict.of(dict).orElseThrow();
    assertTrue(entries.containsKey(key), key + " in " + entries.keySet());
    return entries.get(key);
  }

  private static PyTorchModule module(PyTorchFile file, String name) {
    return file.module(at(file.root(), name)).orElseThrow();
  }

  @ParameterizedTest
  @MethodSource("snapshots")
  void readsEveryWeightOfASnapshotBitForBit(Path path) throws IOException {
    Goldens expected = expected(path, "network-snapshot-", ".expected.safetensors");
    try (PyTorchFile file = open(path)) {
      PyTorchModule ema = module(file, "ema");
      Map<String, PyTorchTensor> found = new LinkedHashMap<>(ema.parameters());
      found.putAll(ema.buffers());
      Set<String> names = new TreeSet<>();
      for (String name : expected.names()) {
        if (name.startsWith(PARAMETER)) {
          names.add(name.substring(PARAMETER.length()));
        }
      }
      assertTrue(names.size() > 50);
      assertEquals(names, new TreeSet<>(found.keySet()));
      for (String name : names) {
        PyTorchTensor tensor = found.get(name);
        assertArrayEquals(expected.shape(PARAMETER + name), tensor.shape(), name);
        assertArrayEquals(bits(expected.floats(PARAMETER + name)), bits(tensor.floats()), name);
      }
    }
  }

  private static int[] bits(float[] values) {
    int[] bits = new int[values.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Float.floatToRawIntBits(values[i]);
    }
    return bits;
  }

  private static Object argument(PyTorchModule module, String name) {
    return PickledDict.of(module.attribute("_init_kwargs")).orElseThrow().get(name);
  }

  @ParameterizedTest
  @MethodSource("snapshots")
  void readsHowTheNetworkWasMade(Path path) throws IOException {
    Goldens expected = expected(path, "network-snapshot-", ".expected.safetensors");
    try (PyTorchFile file = open(path)) {
      PyTorchModule ema = module(file, "ema");
      assertEquals("ECMPrecond", ema.className());
      assertEquals((long) expected.number("img_resolution"), argument(ema, "img_resolution"));
      assertEquals((long) expected.number("img_channels"), argument(ema, "img_channels"));
      PyTorchModule model =
          file.module(PickledDict.of(ema.attribute("_modules")).orElseThrow().get("model"))
              .orElseThrow();
      assertEquals("SongUNet", model.className());
      assertEquals(
          (long) expected.number("kwargs", "model_channels"), argument(model, "model_channels"));
      assertEquals(argument(ema, "img_resolution"), ema.attribute("img_resolution"));
    }
  }

  @ParameterizedTest
  @MethodSource("states")
  void matchesMomentsToParametersByTheirOrder(Path path) throws IOException {
    try (PyTorchFile file = open(path)) {
      List<PyTorchTensor> parameters = new ArrayList<>(module(file, "net").parameters().values());
      Object optimizer = at(file.root(), "optimizer_state");
      Map<Object, Object> state = PickledDict.of(at(optimizer, "state")).orElseThrow();
      assertEquals(parameters.size(), state.size());
      List<?> groups = assertInstanceOf(List.class, at(optimizer, "param_groups"));
      List<?> numbers = assertInstanceOf(List.class, at(groups.get(0), "params"));
      assertEquals(parameters.size(), numbers.size());
      double step = file.stateDict(state.get(0L)).get("step").item();
      assertTrue(step > 0);
      int nonZero = 0;
      for (int i = 0; i < parameters.size(); i++) {
        assertEquals((long) i, numbers.get(i));
        Map<String, PyTorchTensor> moments = file.stateDict(state.get((long) i));
        assertEquals(Set.of("step", "exp_avg", "exp_avg_sq"), moments.keySet());
        assertArrayEquals(parameters.get(i).shape(), moments.get("exp_avg").shape());
        assertArrayEquals(parameters.get(i).shape(), moments.get("exp_avg_sq").shape());
        assertEquals(step, moments.get("step").item());
        for (float square : moments.get("exp_avg_sq").floats()) {
          assertTrue(square >= 0);
          nonZero += square > 0 ? 1 : 0;
        }
      }
      assertTrue(nonZero > 0);
    }
  }

  @ParameterizedTest
  @MethodSource("states")
  void namesTheWeightsOfAStateAsItsSnapshotDoes(Path path) throws IOException {
    Goldens expected = expected(path, "network-snapshot-", ".expected.safetensors");
    try (PyTorchFile file = open(path)) {
      for (Map.Entry<String, PyTorchTensor> each : module(file, "net").parameters().entrySet()) {
        assertArrayEquals(expected.shape(PARAMETER + each.getKey()), each.getValue().shape());
        assertEquals(each.getValue().elements(), each.getValue().floats().length);
      }
    }
  }
}
