package dev.ect.model.engine.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.ect.model.Goldens;
import dev.ect.model.engine.EngineOptions;
import dev.ect.model.engine.EngineUnavailableException;
import dev.ect.model.engine.Precision;
import dev.ect.model.engine.ScriptedNetwork;
import dev.ect.model.io.BadFileException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.JitModule;
import org.bytedeco.pytorch.NoTF32Guard;
import org.bytedeco.pytorch.QualifiedName;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TorchScriptTest {
  private static final EngineOptions CPU = new EngineOptions(Precision.FLOAT32, 2, "cpu");
  private static final Map<String, Boolean> FEATURES = Map.of("return_features", true);

  private static ScriptedNetwork open(Path file, EngineOptions options) throws IOException {
    return new TorchScriptProvider()
        .open(file, String.valueOf(file.getFileName()), "a network", options);
  }

  private static ScriptedNetwork open(String file) throws IOException {
    return open(Goldens.resource("detectors").resolve(file), CPU);
  }

  /** Writes a network of this code, with a parameter w of 4 MB. */
  private static Path write(Path folder, String code) {
    TorchLibrary.load("");
    Path file = folder.resolve("network.pt");
    try (Scope scope = new Scope()) {
      JitModule module = new JitModule(new QualifiedName("__torch__.Network"));
      module.register_parameter("w", torch.ones(1, 1024, 1024), false);
      module.define("def forward(self, x):\n  " + code + "\n");
      module.save(file.toString());
    }
    return file;
  }

  @ParameterizedTest
  @CsvSource({"half,1e-3", "bfloat16,8e-3", "double,1e-6"})
  void otherTypesBecomeFloat32(String type, double tolerance) throws IOException {
    Goldens expected = Goldens.read(Goldens.resource("detectors/detectors.expected.safetensors"));
    try (ScriptedNetwork network = open("types.pt")) {
      ScriptedNetwork.Output output =
          network.run(expected.bytes("in.rgb"), expected.shape("in.rgb"), Map.of(type, true));
      assertArrayEquals(new long[] {3, 3}, output.shape());
      Goldens.assertClose(type, expected.floats("types." + type), output.values(), tolerance);
      int zeroBits = type.equals("bfloat16") ? 16 : type.equals("half") ? 13 : 0;
      for (float value : output.values()) {
        assertEquals(0, Float.floatToIntBits(value) & ((1 << zeroBits) - 1), "was not rounded");
      }
    }
  }

  @Test
  void integersAreRefused() throws IOException {
    try (ScriptedNetwork network = open("types.pt")) {
      BadFileException e =
          assertThrows(
              BadFileException.class,
              () -> network.run(new byte[12], new long[] {1, 3, 2, 2}, Map.of("integer", true)));
      assertEquals(
          "types.pt: gives numbers of type Long; expected floating-point ones, of a network",
          e.getMessage());
    }
  }

  @Test
  void bytesAreUnsignedAndFloatsAreThemselves(@TempDir Path folder) throws IOException {
    try (ScriptedNetwork network = open(write(folder, "return x * 1.0"), CPU)) {
      assertArrayEquals(
          new float[] {0, 127, 128, 255},
          network.run(new byte[] {0, 127, -128, -1}, new long[] {2, 2}, Map.of()).values());
      float[] values = {-1.5f, 1e-30f, 3, 4, 5, 6};
      ScriptedNetwork.Output output = network.run(values, new long[] {1, 2, 3}, Map.of());
      assertArrayEquals(values, output.values());
      assertArrayEquals(new long[] {1, 2, 3}, output.shape());
    }
  }

  @Test
  void resultsOfAnyRankAndSizeComeBackInOrder(@TempDir Path folder) throws IOException {
    try (ScriptedNetwork network = open(write(folder, "return x.transpose(0, 1)"), CPU)) {
      ScriptedNetwork.Output output =
          network.run(new float[] {1, 2, 3, 4, 5, 6}, new long[] {2, 3}, Map.of());
      assertArrayEquals(new long[] {3, 2}, output.shape());
      assertArrayEquals(new float[] {1, 4, 2, 5, 3, 6}, output.values());
      assertEquals(0, network.run(new float[0], new long[] {2, 0}, Map.of()).values().length);
    }
    try (ScriptedNetwork network = open(write(folder, "return x.sum()"), CPU)) {
      assertEquals(0, network.run(new float[1], new long[] {1}, Map.of()).shape().length);
    }
  }

  @Test
  void leavesTheThreadAsItWas() throws IOException {
    try (ScriptedNetwork network = open("vgg.pt")) {
      network.run(new byte[3072], new long[] {1, 3, 32, 32}, FEATURES);
      assertTrue(GradMode.is_enabled());
      assertTrue(torch.getGraphExecutorOptimize());
      assertFalse(NoTF32Guard.should_disable_tf32());
    }
  }

  /** LibTorch keeps the graph that a thread ran last; a profiled one is about to be optimised. */
  @Test
  void runsTheCodeAsItStands(@TempDir Path folder) throws IOException {
    Path file = write(folder, "return (x * 2 + 1) * 3");
    try (ScriptedNetwork network = open(file, CPU);
        Scope scope = new Scope()) {
      for (int call = 0; call < 4; call++) {
        network.run(new float[] {1, 2}, new long[] {2}, Map.of());
        assertFalse(lastGraph().contains("prim::profile"), lastGraph());
        assertFalse(lastGraph().contains("TensorExpr"), lastGraph());
      }
      torch.load(file.toString()).forward(new IValueVector(new IValue(torch.ones(2))));
      assertTrue(lastGraph().contains("prim::profile"), lastGraph());
    }
  }

  private static String lastGraph() {
    return torch.lastExecutedOptimizedGraph().toString();
  }

  @Test
  void usesItsOwnNumberOfThreads() throws IOException {
    Path file = Goldens.resource("detectors/vgg.pt");
    try (ScriptedNetwork three = open(file, new EngineOptions(Precision.FLOAT32, 3, "cpu"));
        ScriptedNetwork one = open(file, new EngineOptions(Precision.FLOAT32, 1, "cpu"))) {
      three.run(new byte[3072], new long[] {1, 3, 32, 32}, FEATURES);
      assertEquals(3, torch.get_num_threads());
      one.run(new byte[3072], new long[] {1, 3, 32, 32}, FEATURES);
      assertEquals(1, torch.get_num_threads());
      assertEquals("cpu, 1 thread", one.device());
    }
  }

  @Test
  void thePrecisionIsTheFilesOwn() throws IOException {
    Path file = Goldens.resource("detectors/vgg.pt");
    byte[] image = new byte[3072];
    float[] expected;
    try (ScriptedNetwork network = open(file, CPU)) {
      expected = network.run(image, new long[] {1, 3, 32, 32}, FEATURES).values();
    }
    for (Precision precision : Precision.values()) {
      try (ScriptedNetwork network = open(file, CPU.withPrecision(precision))) {
        assertArrayEquals(
            expected, network.run(image, new long[] {1, 3, 32, 32}, FEATURES).values());
      }
    }
  }

  @Test
  void aMissingGpuIsNamed() {
    TorchLibrary.load("");
    assumeFalse(torch.hasCUDA());
    EngineOptions options = new EngineOptions(Precision.FLOAT32, 1, "cuda:3");
    Path file = Goldens.resource("detectors/vgg.pt");
    assertEquals(
        "device is cuda:3, but this LibTorch was built without CUDA; build with the Maven profile cuda, or set the device to cpu",
        assertThrows(EngineUnavailableException.class, () -> open(file, options).close())
            .getMessage());
  }

  @Test
  void tooLittleMemoryIsNotTheFilesFault(@TempDir Path folder) throws IOException {
    Path file = write(folder, "return torch.zeros([1000000, 1000000, 1000])");
    try (ScriptedNetwork network = open(file, CPU)) {
      IllegalStateException e =
          assertThrows(
              IllegalStateException.class,
              () -> network.run(new float[1], new long[] {1}, Map.of()));
      assertTrue(e.getMessage().startsWith("network.pt: "), e.getMessage());
      assertTrue(e.getMessage().contains("memory"), e.getMessage());
      assertFalse(e.getMessage().contains("\n"), e.getMessage());
    }
  }

  @Test
  void wrongShapesAndUseAfterCloseAreRefused() throws IOException {
    ScriptedNetwork network = open("vgg.pt");
    assertThrows(
        IllegalArgumentException.class,
        () -> network.run(new byte[3071], new long[] {1, 3, 32, 32}, FEATURES));
    network.close();
    network.close();
    assertThrows(
        IllegalStateException.class,
        () -> network.run(new byte[3072], new long[] {1, 3, 32, 32}, FEATURES));
  }

  @Test
  void residentMemoryStaysFlat() throws IOException {
    try (ScriptedNetwork network = open("vgg.pt")) {
      run(network, 20);
      long before = Pointer.physicalBytes();
      // A leak of one input in float32 per call would be 230 MB.
      run(network, 300);
      long grown = Pointer.physicalBytes() - before;
      assertTrue(grown < 40 << 20, "grown by " + grown);
    }
  }

  private static void run(ScriptedNetwork network, int calls) throws IOException {
    long[] shape = {16, 3, 64, 64};
    byte[] bytes = new byte[16 * 3 * 64 * 64];
    float[] floats = new float[bytes.length];
    for (int i = 0; i < calls; i++) {
      network.run(bytes, shape, FEATURES);
      network.run(floats, shape, FEATURES);
      assertThrows(
          BadFileException.class, () -> network.run(bytes, shape, Map.of("no_output_bias", true)));
    }
  }

  @Test
  void closingFreesTheWeights(@TempDir Path folder) throws IOException {
    Path file = write(folder, "return x * self.w");
    for (int i = 0; i < 5; i++) {
      open(file, CPU).close();
    }
    long before = Pointer.physicalBytes();
    // 4 MB of weights each.
    for (int i = 0; i < 50; i++) {
      open(file, CPU).close();
    }
    long grown = Pointer.physicalBytes() - before;
    assertTrue(grown < 40 << 20, "grown by " + grown);
  }

  @Test
  void theErrorIsFoundInItsTrace() {
    String trace =
        """
        The following operation failed in the TorchScript interpreter.
        Traceback of TorchScript, serialized code (most recent call last):
          File "code/__torch__.py", line 9, in forward
                   ~~~~~~~~~~ <--- HERE

        Traceback of TorchScript, original code (most recent call last):
        RuntimeError: shape '[2]' is invalid for input of size 3
        """;
    assertEquals(
        "shape '[2]' is invalid for input of size 3",
        TorchFailure.of(new RuntimeException(trace)).line());
    TorchFailure plain =
        TorchFailure.of(
            new RuntimeException("\n Unknown thing.\nException raised from x at y:1\nframe #0: z"));
    assertEquals("Unknown thing.", plain.line());
    assertFalse(plain.isOfDevice());
    assertTrue(
        TorchFailure.of(new RuntimeException("CUDA out of memory. Tried to allocate 2 GiB"))
            .isOfDevice());
    assertEquals(300, TorchFailure.of(new RuntimeException("x".repeat(1000))).line().length());
    assertEquals("LibTorch gives no reason", TorchFailure.of(new RuntimeException("")).line());
  }
}
