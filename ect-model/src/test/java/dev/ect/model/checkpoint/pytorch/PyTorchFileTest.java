package dev.ect.model.checkpoint.pytorch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.model.Goldens;
import dev.ect.model.checkpoint.DType;
import dev.ect.model.io.BadFileException;
import dev.ect.model.io.LocalStore;
import dev.ect.model.io.Store;
import dev.ect.model.pickle.NumpyArray;
import dev.ect.model.pickle.PickledDict;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The files in test resources pytorch/ were written by PyTorch 1.13. */
class PyTorchFileTest {
  private static final float INFINITY = Float.POSITIVE_INFINITY;

  @TempDir Path folder;

  private static PyTorchFile open(String name) throws IOException {
    return open(Goldens.resource("pytorch/" + name));
  }

  private static PyTorchFile open(Path path) throws IOException {
    return PyTorchFile.open(new LocalStore(), path.toString());
  }

  private static Object at(PyTorchFile file, String key) {
    return assertInstanceOf(Map.class, file.root()).get(key);
  }

  private static void assertFloats(PyTorchTensor tensor, long[] shape, float... values)
      throws IOException {
    assertArrayEquals(shape, tensor.shape());
    assertEquals(values.length, tensor.elements());
    assertArrayEquals(values, tensor.floats());
    // Piece by piece, from every place on.
    for (int from = 0; from < values.length; from++) {
      float[] rest = new float[values.length - from];
      tensor.read(from, FloatBuffer.wrap(rest));
      assertArrayEquals(Arrays.copyOfRange(values, from, values.length), rest);
    }
  }

  private static float[] exact(float... more) {
    float[] common = {0, -0f, 1.5f, -2, 0x1p-14f, INFINITY, -INFINITY, Float.NaN};
    float[] all = Arrays.copyOf(common, common.length + more.length);
    System.arraycopy(more, 0, all, common.length, more.length);
    return all;
  }

  @ParameterizedTest
  @ValueSource(strings = {"zip.pt", "legacy.pt", "protocol2.pkl", "protocol4.pkl"})
  void readsEveryElementTypeFromEveryFormat(String name) throws IOException {
    try (PyTorchFile file = open(name)) {
      assertEquals(Set.of(), file.unknownNames());
      Map<String, PyTorchTensor> tensors = file.stateDict(at(file, "dtypes"));
      long[] ten = {10};
      assertFloats(tensors.get("f16"), ten, exact(65504, 0x1p-24f));
      assertFloats(tensors.get("bf16"), ten, exact(0x1p127f, 0x1p-126f));
      assertFloats(tensors.get("f32"), ten, exact(Float.MIN_VALUE, 0.1f));
      assertFloats(tensors.get("f64"), ten, exact(INFINITY, 0.1f));
      assertEquals(1e300, tensors.get("f64").doubles()[8]);
      assertEquals(0.1, tensors.get("f64").doubles()[9]);
      assertEquals(DType.BF16, tensors.get("bf16").dtype());
      assertArrayEquals(new long[] {0, -1, 1L << 62}, tensors.get("i64").longs());
      assertArrayEquals(new long[] {0, -1, 1 << 30}, tensors.get("i32").longs());
      assertArrayEquals(new long[] {0, -1, 1 << 14}, tensors.get("i16").longs());
      assertArrayEquals(new long[] {0, -1, 127}, tensors.get("i8").longs());
      assertArrayEquals(new long[] {0, 1, 255}, tensors.get("u8").longs());
      assertArrayEquals(new long[] {1, 0}, tensors.get("bool").longs());
      assertEquals(10, tensors.size());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"zip.pt", "legacy.pt", "protocol2.pkl", "protocol4.pkl"})
  void readsEveryViewFromEveryFormat(String name) throws IOException {
    try (PyTorchFile file = open(name)) {
      Map<String, PyTorchTensor> views = file.stateDict(at(file, "views"));
      float[] whole = new float[24];
      float[] transposed = new float[24];
      float[] last = new float[24];
      for (int i = 0; i < 24; i++) {
        whole[i] = i;
        last[i] = i;
        transposed[i % 4 * 6 + i / 4 % 3 * 2 + i / 12] = i;
      }
      assertFloats(views.get("whole"), new long[] {2, 3, 4}, whole);
      assertFloats(views.get("transposed"), new long[] {4, 3, 2}, transposed);
      assertFloats(views.get("part"), new long[] {2, 2}, 16, 18, 20, 22);
      assertFloats(views.get("expanded"), new long[] {2, 3}, 5, 5, 5, 6, 6, 6);
      assertFloats(views.get("channels_last"), new long[] {1, 2, 3, 4}, last);
      assertFloats(views.get("scalar"), new long[] {}, 7);
      assertFloats(views.get("empty"), new long[] {0, 3});
      assertEquals(
          List.of("whole", "transposed", "part", "expanded", "channels_last", "scalar", "empty"),
          List.copyOf(views.keySet()));
      assertFloats(file.tensor(at(file, "parameter")).orElseThrow(), new long[] {2}, 0, 1);
      PyTorchTensor step = file.tensor(at(file, "step")).orElseThrow();
      assertArrayEquals(new long[] {1234}, step.longs());
      assertEquals(1234, step.item());
      assertEquals(0.7, NumpyArray.of(name, at(file, "numpy")).doubles()[0]);
      assertTrue(file.tensor(at(file, "lr")).isEmpty());
      assertTrue(file.tensor(at(file, "dtypes")).isEmpty());
    }
  }

  @Test
  void saysWhatKindOfFileItIs() throws IOException {
    for (Map.Entry<String, String> each :
        Map.of(
                "zip.pt", "torch.save zip",
                "legacy.pt", "legacy torch.save file",
                "protocol4.pkl", "pickle")
            .entrySet()) {
      try (PyTorchFile file = open(each.getKey())) {
        assertEquals(each.getValue(), file.format());
      }
      byte[] whole = Files.readAllBytes(Goldens.resource("pytorch/" + each.getKey()));
      assertTrue(PyTorchFile.looksLike(Arrays.copyOf(whole, 16)));
    }
    Path safetensors = Goldens.files("forward-ddpmpp.", ".safetensors").get(0);
    assertFalse(PyTorchFile.looksLike(Arrays.copyOf(Files.readAllBytes(safetensors), 16)));
    // A header of 1152 bytes starts as a pickle of protocol 4 does.
    assertFalse(PyTorchFile.looksLike(new byte[] {-128, 4, 0, 0, 0, 0, 0, 0, '{', '"'}));
    assertTrue(PyTorchFile.looksLike(new byte[] {-128, 4, 'N', '.'}));
    assertFalse(PyTorchFile.looksLike(new byte[] {-128}));
    assertFalse(PyTorchFile.looksLike(new byte[] {-128, 6, 'N', '.'}));
  }

  @Test
  void readsModulesAsPyTorchOrdersThem() throws IOException {
    try (PyTorchFile file = open("module.pt")) {
      PyTorchModule net = file.module(at(file, "net")).orElseThrow();
      assertEquals("ModuleDict", net.className());
      assertEquals(at(file, "names"), List.copyOf(net.parameters().keySet()));
      assertEquals(at(file, "buffers"), List.copyOf(net.buffers().keySet()));
      assertEquals(
          List.of("b.weight", "b.bias", "a.weight", "a.bias", "c.0.weight"),
          List.copyOf(net.parameters().keySet()));
      Map<String, PyTorchTensor> state = file.stateDict(at(file, "state"));
      for (Map.Entry<String, PyTorchTensor> each : net.parameters().entrySet()) {
        assertArrayEquals(state.get(each.getKey()).floats(), each.getValue().floats());
      }
      Object inside = PickledDict.of(net.attribute("_modules")).orElseThrow().get("a");
      assertEquals(2L, file.module(inside).orElseThrow().attribute("in_features"));
      assertTrue(file.module(at(file, "state")).isEmpty());
      assertEquals(
          Set.of("torch.nn.modules.batchnorm.BatchNorm1d", "torch.nn.modules.linear.Linear"),
          file.unknownNames());
      BadFileException unknown =
          assertThrows(BadFileException.class, () -> file.requireKnownNames());
      assertTrue(unknown.getMessage().startsWith(file.path() + ": refers to torch.nn.modules.b"));
    }
  }

  @Test
  void refusesTorchScript() {
    Path script = Goldens.resource("goldens/detector.pt");
    BadFileException e = assertThrows(BadFileException.class, () -> open(script));
    assertEquals(
        script
            + ": is a TorchScript program, which has to be executed; expected weights: save the"
            + " network's state_dict() with torch.save",
        e.getMessage());
  }

  @Test
  void refusesOtherZips() {
    Path zip = Goldens.resource("goldens/metrics-reference.npz");
    BadFileException e = assertThrows(BadFileException.class, () -> open(zip));
    assertEquals(
        zip + ": is a zip without a data.pkl; expected a file of torch.save", e.getMessage());
  }

  private Path changed(String name, String from, String to) throws IOException {
    String whole = latin1(Files.readAllBytes(Goldens.resource("pytorch/" + name)));
    assertTrue(whole.contains(from));
    assertEquals(from.length(), to.length());
    Path path = folder.resolve(name);
    Files.write(path, whole.replace(from, to).getBytes(StandardCharsets.ISO_8859_1));
    return path;
  }

  private static String latin1(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  @Test
  void refusesBigEndianFiles() throws IOException {
    Path legacy = changed("legacy.pt", "little_endianq\u0002\u0088", "little_endianq\u0002\u0089");
    assertEquals(
        legacy
            + ": does not come from a little-endian machine; load and save it with PyTorch on such"
            + " a machine",
        assertThrows(BadFileException.class, () -> open(legacy)).getMessage());
    Store store = new LocalStore();
    String path = folder + "/zip.pt";
    PyTorchWriter.write(store, path, List.of());
    byte[] file = Files.readAllBytes(Path.of(path));
    byte[] big = latin1(file).replace("little", "bigbig").getBytes(StandardCharsets.ISO_8859_1);
    Files.write(Path.of(path), big);
    assertEquals(
        path
            + ": has no known byte order; expected a little-endian file: load and save it with"
            + " PyTorch on such a machine",
        assertThrows(BadFileException.class, () -> PyTorchFile.open(store, path)).getMessage());
  }

  @Test
  void refusesTensorsBeyondTheirStorage() throws IOException {
    // The first tensor's 10 elements become 11.
    Path path = changed("zip.pt", "tq\tQK\u0000K\n\u0085", "tq\tQK\u0000K\u000b\u0085");
    try (PyTorchFile file = open(path)) {
      BadFileException e =
          assertThrows(BadFileException.class, () -> file.stateDict(at(file, "dtypes")));
      assertEquals(
          path
              + ": has a tensor of shape [11] with strides [1] from element 0 of a storage of 10"
              + " elements; it is damaged",
          e.getMessage());
    }
  }

  @Test
  void refusesElementsOfTheWrongKind() throws IOException {
    try (PyTorchFile file = open("zip.pt")) {
      Map<String, PyTorchTensor> tensors = file.stateDict(at(file, "dtypes"));
      PyTorchTensor integers = tensors.get("i32");
      PyTorchTensor floats = tensors.get("f16");
      assertEquals(
          file.path() + ": tensor I32[3] is not floating; expected F32, F16, BF16 or F64",
          assertThrows(BadFileException.class, integers::floats).getMessage());
      assertEquals(
          file.path() + ": tensor F16[10] is floating; expected integers",
          assertThrows(BadFileException.class, floats::longs).getMessage());
      assertEquals(
          file.path() + ": tensor F16[10] is no single value",
          assertThrows(BadFileException.class, floats::item).getMessage());
      assertEquals(
          file.path() + ": tensor F16[10] has no 3 elements from number 8",
          assertThrows(BadFileException.class, () -> floats.read(8, FloatBuffer.allocate(3)))
              .getMessage());
      assertEquals(
          file.path() + ": has no dict of tensors there",
          assertThrows(BadFileException.class, () -> file.stateDict(at(file, "lr"))).getMessage());
    }
  }
}
