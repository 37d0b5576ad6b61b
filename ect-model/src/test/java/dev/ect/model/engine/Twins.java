package dev.ect.model.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Gives an engine and the reference the same inputs, compares what they make of them, and frees all
 * of it.
 */
final class Twins implements AutoCloseable {
  /** Something that an engine makes of a test's inputs. */
  interface Kernel {
    Tensor apply(Engine e);
  }

  /**
   * From the gradient of a kernel's output to those of its inputs; an entry that is null is not
   * compared.
   */
  interface Backward {
    Tensor[] apply(Engine e, Tensor gy);
  }

  /** The same values on the tested engine and on the reference. */
  record Pair(Tensor tested, ReferenceTensor exact) {
    /** The twin that lives on this engine. */
    Tensor in(Engine e) {
      return exact.engine == e ? exact : tested;
    }
  }

  private static final double STEP = 1e-4;

  final Engine engine;
  final ReferenceEngine reference = new ReferenceEngine();
  private final double tolerance;
  private final Random random = new Random(7);
  private final List<Tensor> owned = new ArrayList<>();

  /**
   * @param tolerance largest accepted error, as a part of the largest value
   */
  Twins(Engine engine, double tolerance) {
    this.engine = engine;
    this.tolerance = tolerance;
  }

  Pair of(float[] values, long... shape) {
    Pair pair =
        new Pair(engine.create(values, shape), (ReferenceTensor) reference.create(values, shape));
    owned.add(pair.tested);
    owned.add(pair.exact);
    return pair;
  }

  float[] values(long... shape) {
    float[] values = new float[(int) KernelShapes.elements(shape)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  Pair gaussian(long... shape) {
    return of(values(shape), shape);
  }

  /** The kernel's output on both engines is the same. */
  void same(String what, Kernel kernel) {
    try (Tensor actual = kernel.apply(engine);
        Tensor expected = kernel.apply(reference)) {
      assertSame(what, expected, actual);
    }
  }

  /** The kernel's gradients are the numeric derivatives of the reference's output. */
  void numericGradients(String what, Kernel forward, Backward backward, Pair... inputs) {
    Pair gy = outputGradient(forward);
    Tensor[] actual = backward.apply(engine, gy.tested);
    for (int i = 0; i < inputs.length; i++) {
      if (actual[i] != null) {
        assertArrayEquals(inputs[i].exact.shape(), actual[i].shape(), what);
        assertClose(
            what + ", gradient of input " + i,
            derivative(forward, inputs[i].exact, gy.exact),
            doubles(actual[i]));
        actual[i].close();
      }
    }
  }

  /** The kernel's gradients are those of the reference's backward kernel. */
  void sameGradients(String what, Kernel forward, Backward backward) {
    Pair gy = outputGradient(forward);
    Tensor[] actual = backward.apply(engine, gy.tested);
    Tensor[] expected = backward.apply(reference, gy.exact);
    for (int i = 0; i < expected.length; i++) {
      if (actual[i] != null) {
        assertSame(what + ", gradient of input " + i, expected[i], actual[i]);
        actual[i].close();
        expected[i].close();
      }
    }
  }

  private Pair outputGradient(Kernel forward) {
    try (Tensor y = forward.apply(reference)) {
      return gaussian(y.shape());
    }
  }

  /** Central differences of the sum of output times gy, in double precision. */
  private double[] derivative(Kernel forward, ReferenceTensor x, ReferenceTensor gy) {
    double[] slope = new double[x.count()];
    for (int i = 0; i < slope.length; i++) {
      double at = x.get(i);
      x.set(i, at + STEP);
      double above = product(forward, gy);
      x.set(i, at - STEP);
      slope[i] = (above - product(forward, gy)) / (2 * STEP);
      x.set(i, at);
    }
    return slope;
  }

  private double product(Kernel forward, ReferenceTensor gy) {
    try (ReferenceTensor y = (ReferenceTensor) forward.apply(reference)) {
      double sum = 0;
      for (int i = 0; i < y.count(); i++) {
        sum += y.get(i) * gy.get(i);
      }
      return sum;
    }
  }

  void assertSame(String what, Tensor expected, Tensor actual) {
    assertArrayEquals(expected.shape(), actual.shape(), what);
    assertClose(what, doubles(expected), doubles(actual));
  }

  void assertClose(String what, double[] expected, double[] actual) {
    double largest = 0;
    for (double v : expected) {
      largest = Math.max(largest, Math.abs(v));
    }
    assertArrayEquals(expected, actual, tolerance * largest + 1e-30, what);
  }

  static double[] doubles(Tensor t) {
    if (t instanceof ReferenceTensor r) {
      return r.toDoubles();
    }
    float[] values = t.toArray();
    double[] wide = new double[values.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = values[i];
    }
    return wide;
  }

  @Override
  public void close() {
    owned.forEach(Tensor::close);
    assertEquals(0, reference.openTensors(), "open reference tensors");
  }
}
