package dev.ect.model.engine.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.ect.model.engine.DropoutMask;
import dev.ect.model.engine.Engine;
import dev.ect.model.engine.EngineOptions;
import dev.ect.model.engine.EngineUnavailableException;
import dev.ect.model.engine.GroupNorm;
import dev.ect.model.engine.Precision;
import dev.ect.model.engine.Result;
import dev.ect.model.engine.Tensor;
import dev.ect.model.random.Philox;
import dev.ect.model.random.Purpose;
import java.util.concurrent.CompletableFuture;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TorchEngineTest {
  private static Engine open(Precision precision) {
    return new TorchEngineProvider().open(new EngineOptions(precision, 2, "cpu"));
  }

  private static void assertUnavailable(String message, EngineOptions options) {
    TorchEngineProvider provider = new TorchEngineProvider();
    assertEquals(
        message,
        assertThrows(EngineUnavailableException.class, () -> provider.open(options)).getMessage());
  }

  @Test
  void saysWhyThereIsNoGpu() {
    open(Precision.FLOAT32).close();
    assumeFalse(torch.hasCUDA());
    String message =
        "device is cuda:3, but this LibTorch was built without CUDA; build with the Maven profile cuda, or set the device to cpu";
    assertUnavailable(message, new EngineOptions(Precision.FLOAT32, 1, "cuda:3"));
    try (Engine engine =
        new TorchEngineProvider().open(new EngineOptions(Precision.FLOAT32, 1, "auto"))) {
      assertEquals("cpu, 1 thread", engine.device());
    }
  }

  @Test
  void saysThatTf32NeedsAGpu() {
    assertUnavailable(
        "precision tf32 needs a GPU, and the device is the CPU; use float32 or bfloat16",
        new EngineOptions(Precision.TF32, 1, "cpu"));
  }

  @Test
  void refusesTensorsOfAnotherEngine() {
    try (Engine engine = open(Precision.FLOAT32);
        Engine other = open(Precision.FLOAT32);
        Tensor x = other.zeros(2, 3)) {
      assertThrows(IllegalArgumentException.class, () -> engine.silu(x));
      assertEquals(0, engine.openTensors());
    }
  }

  @Test
  void countsItsOpenTensors() {
    try (Engine engine = open(Precision.FLOAT32)) {
      Tensor x = engine.zeros(6);
      Tensor y = engine.view(x, 2, 2, 2);
      assertEquals(2, engine.openTensors());
      x.close();
      x.close();
      assertEquals(1, engine.openTensors());
      assertArrayEquals(new float[4], y.toArray(), "a view keeps its vector's memory");
      y.close();
      assertEquals(0, engine.openTensors());
    }
  }

  @Test
  void tensorsOutliveACallersPointerScope() {
    try (Engine engine = open(Precision.BFLOAT16)) {
      Tensor w;
      Tensor y;
      try (PointerScope scope = new PointerScope()) {
        w = engine.create(new float[] {3}, 1, 1, 1, 1);
        y = engine.conv2d(w, w, null, 0);
      }
      assertArrayEquals(new float[] {9}, y.toArray());
      try (w;
          y;
          Tensor z = engine.conv2d(y, w, null, 0)) {
        assertArrayEquals(new float[] {27}, z.toArray());
      }
    }
  }

  @Test
  void setsItsThreadsOnEveryCallingThread() {
    TorchEngineProvider provider = new TorchEngineProvider();
    try (Engine engine = provider.open(new EngineOptions(Precision.FLOAT32, 3, "cpu"))) {
      for (int i = 0; i < 2; i++) {
        torch.set_num_threads(1);
        int threads =
            CompletableFuture.supplyAsync(
                    () -> {
                      engine.zeros(2).close();
                      return torch.get_num_threads();
                    },
                    task -> new Thread(task).start())
                .join();
        assertEquals(3, threads);
      }
    }
  }

  @Test
  void enginesInTurnOnOneThreadKeepTheirOwnThreads() {
    TorchEngineProvider provider = new TorchEngineProvider();
    try (Engine three = provider.open(new EngineOptions(Precision.FLOAT32, 3, "cpu"));
        Engine one = provider.open(new EngineOptions(Precision.FLOAT32, 1, "cpu"))) {
      for (int i = 0; i < 2; i++) {
        three.zeros(2).close();
        assertEquals(3, torch.get_num_threads());
        one.zeros(2).close();
        assertEquals(1, torch.get_num_threads());
      }
    }
  }

  @Test
  void masksInBothTypesAreTheDefinedOnes() {
    long[] keys = {0x123456789ABCDEFL, -7, 1L << 40};
    int length = 5 * 7 * 577; // odd, and longer than a chunk
    float[] expected = DropoutMask.of(keys, 0.2, length).array();
    for (Precision precision : new Precision[] {Precision.FLOAT32, Precision.BFLOAT16}) {
      try (Engine engine = open(precision);
          Tensor mask = engine.dropoutMask(0.2, keys, 3, 5, 7, 577)) {
        assertArrayEquals(expected, mask.toArray(), precision.id());
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void integerOperationsOfTheDeviceMakeTheSameMasks(TorchLayout layout) {
    long[] keys = {0x123456789ABCDEFL, -7};
    long[] shape = {2, 10, 4, 25};
    float[] expected = DropoutMask.of(keys, 0.13, 1000).array();
    try (Engine engine = open(Precision.FLOAT32);
        Scope scope = new Scope();
        Tensor found = engine.zeros(shape)) {
      ((TorchTensor) found)
          .data()
          .copy_(
              TorchDropout.hash(
                  keys, 0.13, shape, layout, new TorchDevice(-1, "cpu"), Native.FLOAT));
      assertArrayEquals(expected, found.toArray());
    }
  }

  @Test
  void attentionSlabBySlabEqualsAttentionAtOnce() {
    float[] values = new Philox(1, Purpose.DROPOUT, 0, 0).gaussians(2 * 6 * 64 * 64);
    try (Engine engine = open(Precision.FLOAT32);
        Tensor qkv = engine.create(values, 2, 6, 64, 64);
        Tensor gy = engine.zeros(2, 2, 64, 64)) {
      // Both images together have 2^25 weights: too many to save, and two slabs.
      Result both = engine.attention(qkv, 1, true);
      assertTrue(both.saved().isEmpty());
      gy.write(0, java.nio.FloatBuffer.wrap(values, 0, 2 * 2 * 64 * 64));
      try (Tensor y = both.output();
          Tensor second = engine.rows(qkv, 1);
          Tensor secondGradient = engine.rows(gy, 1);
          Tensor g = engine.attentionBackward(gy, qkv, 1, both)) {
        Result one = engine.attention(second, 1, true);
        assertEquals(1, one.saved().size());
        try (Tensor y2 = engine.rows(y, 1);
            Tensor g2 = engine.rows(g, 1);
            Tensor expected = one.output();
            Tensor weights = one.saved().get(0);
            Tensor gradient = engine.attentionBackward(secondGradient, second, 1, one)) {
          assertArrayEquals(expected.toArray(), y2.toArray(), 1e-6f);
          assertArrayEquals(gradient.toArray(), g2.toArray(), 1e-6f);
        }
      }
    }
  }

  @Test
  void residentMemoryStaysFlat() {
    for (Precision precision : new Precision[] {Precision.FLOAT32, Precision.BFLOAT16}) {
      try (Engine engine = open(precision);
          Tensor x = engine.zeros(4, 32, 32, 32);
          Tensor w = engine.zeros(32, 32, 3, 3);
          Tensor gw = engine.zeros(32, 32, 3, 3);
          Tensor gamma = engine.zeros(32);
          Tensor scaleShift = engine.zeros(4, 64)) {
        work(engine, 20, x, w, gw, gamma, scaleShift);
        // The Java heap, which spreads, is a part of what is resident.
        System.gc();
        long before = Pointer.physicalBytes();
        // A leak of one image tensor per round would be 50 MB or more.
        work(engine, 200, x, w, gw, gamma, scaleShift);
        System.gc();
        long grown = Pointer.physicalBytes() - before;
        assertTrue(grown < 40 << 20, "grown by " + grown);
        assertEquals(5, engine.openTensors());
      }
    }
  }

  private static void work(
      Engine engine, int rounds, Tensor x, Tensor w, Tensor gw, Tensor gamma, Tensor scaleShift) {
    GroupNorm norm = new GroupNorm(8, 1e-5, true);
    for (int i = 0; i < rounds; i++) {
      try (Tensor y = engine.conv2d(x, w, gamma, 1);
          Tensor mask = engine.dropoutMask(0.1, new long[4], 4, 32, 32, 32)) {
        Result z = engine.groupNorm(y, gamma, gamma, scaleShift, norm, true);
        Tensor[] g =
            engine.groupNormBackward(mask, y, gamma, gamma, scaleShift, norm, z, null, null);
        try (Tensor out = z.output();
            Tensor product = engine.multiply(out, mask);
            Tensor gy = g[0];
            Tensor gScaleShift = g[1];
            Tensor gx = engine.conv2dBackward(gy, x, w, 1, true, gw, null)) {
          z.saved().forEach(Tensor::close);
          engine.accumulate(product, 0.5, gx);
        }
      }
    }
  }
}
