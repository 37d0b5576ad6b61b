package dev.ect.model.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class KernelTimerTest {
  /** Of a convolution of [2, 4, 8, 8] by [6, 4, 3, 3]. */
  private static final double PRODUCT = 2.0 * 2 * 8 * 8 * 6 * 4 * 3 * 3;

  private static KernelTimes measure() {
    try (Engine engine = Engines.open("nd4j", EngineOptions.defaults());
        Tensor x = engine.zeros(2, 4, 8, 8);
        Tensor w = engine.zeros(6, 4, 3, 3);
        Tensor gw = engine.zeros(6, 4, 3, 3)) {
      KernelTimer timer = new KernelTimer(engine);
      Engine timed = timer.engine();
      // before the measurement
      timed.silu(x).close();
      KernelTimes times =
          timer.measure(
              () -> {
                try (Tensor y = timed.conv2d(x, w, null, 1);
                    Tensor z = timed.conv2d(x, w, null, 0);
                    Tensor both = timed.conv2dBackward(y, x, w, 1, true, gw, null)) {
                  assertEquals(8, both.size(3));
                  assertNull(timed.conv2dBackward(y, x, w, 1, false, gw, null));
                  timed.scale(z, 2).close();
                  timed.resolving(2).close();
                }
              });
      assertEquals(3, engine.openTensors());
      return times;
    }
  }

  @Test
  void convolutionsAreToldApartBySizeAndDirection() {
    KernelTimes times = measure();
    Map<String, KernelTimes.Kernel> kernels =
        times.kernels().stream()
            .collect(Collectors.toMap(KernelTimes.Kernel::name, Function.identity()));
    assertEquals(
        Map.of(
            "conv2d 3x3 at 8x8", 1L,
            "conv2d 3x3 at 6x6", 1L,
            "conv2dBackward 3x3 at 8x8", 2L,
            "scale", 1L),
        kernels.values().stream()
            .collect(Collectors.toMap(KernelTimes.Kernel::name, KernelTimes.Kernel::calls)));
    // a product forward, and backward one for each of three gradients
    assertEquals(PRODUCT, flops(kernels.get("conv2d 3x3 at 8x8")), 1);
    assertEquals(PRODUCT * 36 / 64, flops(kernels.get("conv2d 3x3 at 6x6")), 1);
    assertEquals(3 * PRODUCT, flops(kernels.get("conv2dBackward 3x3 at 8x8")), 1);
    assertNull(kernels.get("scale").gflopsPerSecond());
  }

  private static double flops(KernelTimes.Kernel kernel) {
    return kernel.gflopsPerSecond() * kernel.seconds() * 1e9;
  }

  @Test
  void theTimesAddUp() {
    KernelTimes times = measure();
    double inside = times.kernels().stream().mapToDouble(KernelTimes.Kernel::seconds).sum();
    assertEquals(times.seconds(), inside + times.secondsOutside(), 1e-12);
    assertTrue(times.secondsOutside() > 0, times.toString());
    double before = Double.MAX_VALUE;
    for (KernelTimes.Kernel kernel : times.kernels()) {
      assertTrue(kernel.seconds() <= before, times.toString());
      before = kernel.seconds();
    }
  }

  @Test
  void anEnginesExceptionsArriveAsTheyAre() {
    try (Engine engine = Engines.open("nd4j", EngineOptions.defaults());
        Tensor x = engine.zeros(2, 4, 8, 8);
        Tensor w = engine.zeros(6, 5, 3, 3)) {
      Engine timed = new KernelTimer(engine).engine();
      IllegalArgumentException own =
          assertThrows(IllegalArgumentException.class, () -> engine.conv2d(x, w, null, 1));
      IllegalArgumentException passed =
          assertThrows(IllegalArgumentException.class, () -> timed.conv2d(x, w, null, 1));
      assertEquals(own.getMessage(), passed.getMessage());
      assertSame(engine.precision(), timed.precision());
    }
  }
}
