package dev.ect.model.engine.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.model.random.Philox;
import dev.ect.model.random.Purpose;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Held against LibTorch's direct convolutions in float64. */
class WinogradConvolutionTest {
  private static final long[] ONES = {1, 1};
  private static final long[] ZEROS = {0, 0};
  private static final int THREADS = 2;

  private WinogradConvolution winograd;
  private Scope scope;
  private int draws;

  @BeforeAll
  static void load() {
    TorchLibrary.load("");
  }

  @BeforeEach
  void open() {
    scope = new Scope();
    winograd = new WinogradConvolution(THREADS);
  }

  @AfterEach
  void close() {
    winograd.close();
    scope.close();
  }

  private Tensor normal(long... shape) {
    int n = (int) LongStream.of(shape).reduce(1, (a, b) -> a * b);
    float[] values = new Philox(3, Purpose.DROPOUT, 0, draws++).gaussians(n);
    return torch.tensor(values, new TensorOptions(Native.FLOAT)).view(shape);
  }

  /** Of deviation 1 / sqrt(9 C), so that outputs have deviation 1. */
  private Tensor filters(long k, long c) {
    return normal(k, c, 3, 3).mul_(new Scalar(Math.sqrt(1.0 / (9 * c))));
  }

  private static Tensor exact(Tensor x, Tensor w, Tensor b) {
    return torch.convolution(
        x.to(Native.DOUBLE),
        w.to(Native.DOUBLE),
        b == null ? new TensorOptional() : new TensorOptional(b.to(Native.DOUBLE)),
        ONES,
        ONES,
        ONES,
        false,
        ZEROS,
        1);
  }

  /** Root mean square error in parts of the root mean square value. */
  private static double error(Tensor found, Tensor expected) {
    assertArrayEquals(sizes(expected), sizes(found));
    Tensor difference = found.to(Native.DOUBLE).sub(expected);
    return Math.sqrt(
        difference.square().mean().item_double() / expected.square().mean().item_double());
  }

  private static long[] sizes(Tensor t) {
    return LongStream.range(0, t.dim()).map(t::size).toArray();
  }

  /** One part and several of different sizes, odd numbers of channels, and sides that differ. */
  @ParameterizedTest
  @CsvSource({"1,128,128,32,32", "17,128,128,32,32", "9,128,161,16,16", "13,193,128,8,24"})
  void equalsTheDirectConvolutionAndItsGradients(long n, long c, long k, long h, long w) {
    Tensor x = normal(n, c, h, w);
    Tensor weights = filters(k, c);
    Tensor bias = normal(k);
    Tensor gy = normal(n, k, h, w);
    assertTrue(winograd.suits(x, weights, 1));
    assertTrue(error(winograd.forward(x, weights, bias), exact(x, weights, bias)) < 3e-6);
    assertTrue(error(winograd.forward(x, weights, null), exact(x, weights, null)) < 3e-6);

    var gradients =
        torch.convolution_backward(
            gy.to(Native.DOUBLE),
            x.to(Native.DOUBLE),
            weights.to(Native.DOUBLE),
            new long[] {k},
            ONES,
            ONES,
            ONES,
            false,
            ZEROS,
            1,
            Native.mask(true, true, false));
    Tensor start = normal(k, c, 3, 3);
    Tensor gw = start.mul(new Scalar(1.0));
    Tensor gx = winograd.backward(gy, x, weights, true, gw);
    assertTrue(error(gx, gradients.get0()) < 3e-6);
    assertTrue(error(gw, gradients.get1().add(start.to(Native.DOUBLE))) < 3e-6);
  }

  @Test
  void computesOnlyTheGradientsThatAreWanted() {
    Tensor x = normal(2, 128, 32, 32);
    Tensor w = filters(128, 128);
    Tensor gy = normal(2, 128, 32, 32);
    Tensor both = torch.zeros(128, 128, 3, 3);
    Tensor one = torch.zeros(128, 128, 3, 3);
    Tensor gx = winograd.backward(gy, x, w, true, both);
    assertNull(winograd.backward(gy, x, w, false, one));
    assertTrue(torch.equal(both, one));
    assertTrue(torch.equal(gx, winograd.backward(gy, x, w, true, null)));
  }

  /** Scratch memory is used again and again: what it holds must not matter. */
  @Test
  void equalCallsGiveEqualBitsWhateverCameBetween() {
    Tensor x = normal(4, 128, 16, 16);
    Tensor w = filters(128, 128);
    Tensor before = winograd.forward(x, w, null);
    Tensor large = normal(8, 256, 32, 32).fill_(new Scalar(Double.NaN));
    winograd.backward(large, large, filters(256, 256), true, torch.zeros(256, 256, 3, 3));
    assertTrue(torch.equal(before, winograd.forward(x, w, null)));
  }

  @Test
  void leavesToDirectConvolutionsWhatItDoesNotSuit() {
    Tensor x = normal(2, 128, 32, 32);
    assertTrue(winograd.suits(x, filters(128, 128), 1));
    assertFalse(winograd.suits(x, filters(128, 128), 2), "padding");
    assertFalse(winograd.suits(x, filters(127, 128), 1), "few filters");
    assertFalse(winograd.suits(normal(2, 64, 32, 32), filters(128, 64), 1), "few channels");
    assertFalse(winograd.suits(x, normal(128, 128, 1, 1), 1), "1x1");
    assertFalse(winograd.suits(normal(2, 128, 30, 32), filters(128, 128), 1), "side");
    assertFalse(winograd.suits(normal(1, 128, 28, 32), filters(128, 128), 1), "few tiles");
  }

  @Test
  void whatATaskThrowsReachesTheCaller() {
    try (TorchWorkers workers = new TorchWorkers(THREADS)) {
      boolean[] ran = new boolean[5];
      IllegalStateException thrown =
          org.junit.jupiter.api.Assertions.assertThrows(
              IllegalStateException.class,
              () ->
                  workers.run(
                      ran.length,
                      (task, worker) -> {
                        if (task == 0) {
                          throw new IllegalStateException("task 0");
                        }
                        ran[task] = true;
                      }));
      assertEquals("task 0", thrown.getMessage());
      assertTrue(ran[4], "the other worker goes on");
    }
  }
}
