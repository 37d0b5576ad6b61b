package dev.ect.model.engine.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.model.engine.AdamUpdate;
import dev.ect.model.engine.Engine;
import dev.ect.model.engine.EngineOptions;
import dev.ect.model.engine.GroupNorm;
import dev.ect.model.engine.MemoryFormat;
import dev.ect.model.engine.Precision;
import dev.ect.model.engine.Result;
import dev.ect.model.engine.Tensor;
import dev.ect.model.random.Philox;
import dev.ect.model.random.Purpose;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What bfloat16 means: every kernel agrees with float32 up to the rounding of its images, and what
 * is defined in float32 is not rounded.
 */
class TorchPrecisionTest {
  /**
   * Relative to the largest value: images are rounded to 8 bits at the beginning and at the end of
   * a kernel.
   */
  private static final double TOLERANCE = 0.012;

  private static final GroupNorm NORM = new GroupNorm(4, 1e-5, true);
  private Engine exact;
  private Engine rounded;

  /** How the rounded engine's images lie in memory. */
  MemoryFormat format() {
    return MemoryFormat.CONTIGUOUS;
  }

  @BeforeEach
  void open() {
    TorchEngineProvider provider = new TorchEngineProvider();
    exact = provider.open(new EngineOptions(Precision.FLOAT32, 2, "cpu"));
    rounded = provider.open(new EngineOptions(Precision.BFLOAT16, 2, "cpu", format(), 0));
  }

  @AfterEach
  void close() {
    assertEquals(0, exact.openTensors());
    assertEquals(0, rounded.openTensors());
    exact.close();
    rounded.close();
  }

  /** Tensors for one computation, the same on either engine. */
  private static final class Bench implements AutoCloseable {
    private final Engine engine;
    private final List<Tensor> tensors = new ArrayList<>();
    private int draws;

    Bench(Engine engine) {
      this.engine = engine;
    }

    Tensor own(Tensor t) {
      tensors.add(t);
      return t;
    }

    Tensor normal(long... shape) {
      int n = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
      return own(engine.create(new Philox(1, Purpose.DROPOUT, 0, draws++).gaussians(n), shape));
    }

    /** Images as they come out of a convolution: in the engine's type for them. */
    Tensor images(long n, long c, long size) {
      try (Tensor x = normal(n, c, size, size);
          Tensor one = engine.create(identity((int) c), c, c, 1, 1)) {
        tensors.remove(x);
        return own(engine.conv2d(x, one, null, 0));
      }
    }

    private static float[] identity(int c) {
      float[] w = new float[c * c];
      IntStream.range(0, c).forEach(i -> w[i * c + i] = 1);
      return w;
    }

    Result keep(Result r) {
      own(r.output());
      r.saved().forEach(this::own);
      return r;
    }

    @Override
    public void close() {
      tensors.forEach(Tensor::close);
    }
  }

  private static float[] run(Engine engine, Function<Bench, Tensor> kernel) {
    try (Bench bench = new Bench(engine)) {
      return kernel.apply(bench).toArray();
    }
  }

  private void assertRounded(double tolerance, Function<Bench, Tensor> kernel) {
    float[] expected = run(exact, kernel);
    float[] found = run(rounded, kernel);
    assertEquals(expected.length, found.length);
    double largest = 0;
    double error = 0;
    for (int i = 0; i < found.length; i++) {
      largest = Math.max(largest, Math.abs(expected[i]));
      error = Math.max(error, Math.abs(expected[i] - found[i]));
    }
    assertTrue(error <= tolerance * largest, "error " + error + " of values up to " + largest);
    assertTrue(error > 0 || tolerance == 0, "nothing was rounded");
  }

  private void assertRounded(Function<Bench, Tensor> kernel) {
    assertRounded(TOLERANCE, kernel);
  }

  @Test
  void convolutionsAndTheirGradientsAgree() {
    assertRounded(
        b ->
            b.own(b.engine.conv2d(b.normal(2, 16, 8, 8), b.normal(12, 16, 3, 3), b.normal(12), 1)));
    for (int which = 0; which < 3; which++) {
      int result = which;
      assertRounded(
          b -> {
            Tensor gw = b.own(b.engine.zeros(12, 16, 3, 3));
            Tensor gb = b.own(b.engine.zeros(12));
            Tensor gx =
                b.own(
                    b.engine.conv2dBackward(
                        b.images(2, 12, 8),
                        b.images(2, 16, 8),
                        b.normal(12, 16, 3, 3),
                        1,
                        true,
                        gw,
                        gb));
            return List.of(gx, gw, gb).get(result);
          });
    }
  }

  @Test
  void groupNormAndItsGradientsAgree() {
    for (int which = 0; which < 5; which++) {
      int result = which;
      assertRounded(
          b -> {
            Tensor x = b.images(3, 16, 8);
            Tensor gamma = b.normal(16);
            Tensor beta = b.normal(16);
            Tensor scaleShift = b.normal(3, 32);
            Result forward = b.keep(b.engine.groupNorm(x, gamma, beta, scaleShift, NORM, true));
            Tensor gGamma = b.own(b.engine.zeros(16));
            Tensor gBeta = b.own(b.engine.zeros(16));
            Tensor[] g =
                b.engine.groupNormBackward(
                    b.images(3, 16, 8), x, gamma, beta, scaleShift, NORM, forward, gGamma, gBeta);
            return List.of(forward.output(), b.own(g[0]), b.own(g[1]), gGamma, gBeta).get(result);
          });
    }
  }

  @Test
  void attentionAndItsGradientAgree() {
    assertRounded(b -> b.keep(b.engine.attention(b.images(2, 24, 6), 2, false)).output());
    assertRounded(
        b -> {
          Tensor qkv = b.images(2, 24, 6);
          Result forward = b.keep(b.engine.attention(qkv, 2, true));
          return b.own(b.engine.attentionBackward(b.images(2, 8, 6), qkv, 2, forward));
        });
  }

  @Test
  void kernelsOnImagesAgree() {
    double[] binomial = {1, 3, 3, 1};
    double[] average = {1, 1};
    List<Function<Bench, Tensor>> kernels =
        List.of(
            b -> b.engine.silu(b.images(2, 4, 8)),
            b -> b.engine.siluBackward(b.images(2, 4, 8), b.images(2, 4, 8)),
            b -> b.engine.addChannels(b.images(2, 4, 8), b.normal(2, 4)),
            b -> b.engine.sumChannels(b.images(2, 4, 8)),
            b -> b.engine.multiply(b.images(2, 4, 8), b.normal(2, 4, 8, 8)),
            b ->
                b.engine.multiply(
                    b.images(2, 4, 8),
                    b.own(b.engine.dropoutMask(0.3, new long[] {1, 2}, 2, 4, 8, 8))),
            b -> b.engine.downsample(b.images(2, 4, 8), binomial, 1, 1),
            b -> b.engine.upsample(b.images(2, 4, 8), binomial, 1, 4),
            b -> b.engine.downsample(b.images(2, 4, 8), average, 0, 1),
            b -> b.engine.upsample(b.images(2, 4, 8), average, 0, 4),
            b -> b.engine.concatChannels(b.images(2, 4, 8), b.normal(2, 3, 8, 8)),
            b -> b.engine.sliceChannels(b.images(2, 4, 8), 1, 3),
            b -> b.engine.rows(b.images(2, 4, 8), 1, 1, 0),
            b -> b.engine.addScaled(b.images(2, 4, 8), b.normal(2, 4, 8, 8), 0.7),
            b -> b.engine.scale(b.images(2, 4, 8), 0.3),
            b ->
                b.engine.combine(
                    b.images(2, 4, 8),
                    new double[] {0.1, 2},
                    b.normal(2, 4, 8, 8),
                    new double[] {3, -0.4}));
    kernels.forEach(kernel -> assertRounded(b -> b.own(kernel.apply(b))));
  }

  @Test
  void whatIsDefinedInFloat32IsNotRounded() {
    AdamUpdate update = new AdamUpdate(0.9, 0.99, 1e-8, 1e-3, 1.3);
    List<Function<Bench, Tensor>> kernels =
        List.of(
            b -> b.own(b.engine.linear(b.normal(3, 5), b.normal(4, 5), b.normal(4))),
            b ->
                b.own(
                    b.engine.linearBackward(
                        b.normal(3, 4), b.normal(3, 5), b.normal(4, 5), true, null, null)),
            b ->
                b.own(
                    b.engine.combine(
                        b.normal(2, 3),
                        new double[] {0.1, 2},
                        b.normal(2, 3),
                        new double[] {3, -0.4})),
            b -> {
              Tensor w = b.normal(100);
              b.engine.adamUpdate(
                  w,
                  b.normal(100),
                  b.normal(100),
                  b.own(b.engine.silu(b.own(b.engine.zeros(100)))),
                  update);
              return w;
            },
            b -> {
              Tensor average = b.normal(100);
              b.engine.movingAverage(average, b.normal(100), 0.999);
              b.engine.accumulate(average, 0.3, b.normal(100));
              return average;
            });
    kernels.forEach(kernel -> assertRounded(0, kernel));
  }

  @Test
  void gradientsOfInputsHaveTheTypeOfTheInputs() {
    try (Bench b = new Bench(rounded)) {
      TorchTensor ofFloats =
          (TorchTensor)
              b.own(
                  rounded.conv2dBackward(
                      b.images(1, 4, 4),
                      b.normal(1, 4, 4, 4),
                      b.normal(4, 4, 3, 3),
                      1,
                      true,
                      null,
                      null));
      TorchTensor ofImages =
          (TorchTensor)
              b.own(
                  rounded.conv2dBackward(
                      b.images(1, 4, 4),
                      b.images(1, 4, 4),
                      b.normal(4, 4, 3, 3),
                      1,
                      true,
                      null,
                      null));
      assertEquals(Native.FLOAT.value, ofFloats.data().scalar_type().value);
      assertEquals(Native.BFLOAT16.value, ofImages.data().scalar_type().value);
    }
  }

  @Test
  void convolutionsSeeEveryChangeOfTheirWeights() {
    long[] shape = {4, 4, 3, 3};
    AdamUpdate update = new AdamUpdate(0.9, 0.99, 1e-8, 0.5, 0);
    try (Bench b = new Bench(rounded)) {
      Tensor vector = b.normal(200);
      Tensor other = b.normal(200);
      Tensor w = b.own(rounded.view(vector, 20, shape));
      List<Runnable> changes =
          List.of(
              () -> vector.write(30, java.nio.FloatBuffer.wrap(new float[] {5, -7})),
              () -> w.write(3, java.nio.FloatBuffer.wrap(new float[] {9})),
              () -> rounded.adamUpdate(vector, other, b.normal(200), b.normal(200), update),
              () -> rounded.accumulate(vector, 0.5, other),
              () -> rounded.accumulate(vector, 1, other),
              () -> rounded.accumulate(vector, 0, b.normal(200)),
              () -> rounded.movingAverage(vector, other, 0.5),
              () -> rounded.accumulate(w, 1, b.normal(shape)),
              () -> {
                vector.write(25, java.nio.FloatBuffer.wrap(new float[] {Float.NaN}));
                rounded.replaceNonFinite(vector, 3, 1, -1);
              },
              () -> rounded.clear(vector));
      Tensor x = b.normal(1, 4, 6, 6);
      float[] before = b.own(rounded.conv2d(x, w, null, 1)).toArray();
      for (int i = 0; i < changes.size(); i++) {
        changes.get(i).run();
        float[] after = b.own(rounded.conv2d(x, w, null, 1)).toArray();
        Tensor fresh = b.own(rounded.create(w.toArray(), shape));
        assertTrue(!Arrays.equals(before, after), "change " + i + " changes the output");
        assertEquals(
            Arrays.toString(b.own(rounded.conv2d(x, fresh, null, 1)).toArray()),
            Arrays.toString(after),
            "after change " + i);
        before = after;
      }
    }
  }

  @Test
  void weightsAreRoundedOnlyOnceBetweenChanges() {
    try (Bench b = new Bench(rounded)) {
      Tensor vector = b.normal(100);
      TorchTensor w = (TorchTensor) b.own(rounded.view(vector, 0, 10, 10, 1, 1));
      long address;
      try (Scope scope = new Scope()) {
        address = w.operand(Native.BFLOAT16, TorchLayout.CONTIGUOUS).data_ptr().address();
        long version = w.operand(Native.BFLOAT16, TorchLayout.CONTIGUOUS)._version();
        assertEquals(
            version,
            w.operand(Native.BFLOAT16, TorchLayout.CONTIGUOUS)._version(),
            "not written again");
        rounded.clear(vector);
        assertEquals(
            version + 1,
            w.operand(Native.BFLOAT16, TorchLayout.CONTIGUOUS)._version(),
            "written again after a change");
        assertEquals(
            address,
            w.operand(Native.BFLOAT16, TorchLayout.CONTIGUOUS).data_ptr().address(),
            "in place");
      }
    }
  }
}
