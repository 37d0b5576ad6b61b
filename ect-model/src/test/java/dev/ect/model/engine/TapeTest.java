package dev.ect.model.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TapeTest {
  /** A part of a network. */
  interface Expression {
    Tensor apply(Tape tape, Tensor x);
  }

  private static final double[] FILTER = {1, 3, 3, 1};

  private final ReferenceEngine engine = new ReferenceEngine();
  private final Twins inputs = new Twins(engine, 1e-7);
  private Tensor input;

  @AfterEach
  void nothingStaysOpen() {
    inputs.close();
    assertEquals(0, engine.openTensors());
  }

  private Tensor gaussian(long... shape) {
    return inputs.gaussian(shape).tested();
  }

  private Parameter parameter(long... shape) {
    return new Parameter("p", gaussian(shape), inputs.of(new float[size(shape)], shape).tested());
  }

  private static int size(long... shape) {
    return (int) KernelShapes.elements(shape);
  }

  /** The gradients of x and of some parameters are derivatives of the expression. */
  private void assertGradients(Expression f, Tensor x, Parameter... parameters) {
    try (Tape tape = Tape.recording(engine)) {
      Tensor y = f.apply(tape, tape.watch(x));
      ReferenceTensor gy = (ReferenceTensor) gaussian(y.shape());
      float[] before = gy.toArray();
      tape.backward(y, gy);
      assertArrayEquals(before, gy.toArray(), "the output's gradient is the caller's");
      try (Tensor gx = tape.takeGradient(x)) {
        assertClose(f, gy, x, gx);
      }
      assertNull(tape.takeGradient(x), "each gradient is given once");
      for (Parameter p : parameters) {
        assertClose(f, gy, p.value(), p.gradient());
      }
    }
  }

  private void assertClose(Expression f, ReferenceTensor gy, Tensor x, Tensor actual) {
    ReferenceTensor values = (ReferenceTensor) x;
    double[] slope = new double[values.count()];
    for (int i = 0; i < slope.length; i++) {
      double at = values.get(i);
      values.set(i, at + 1e-4);
      double above = product(f, gy);
      values.set(i, at - 1e-4);
      slope[i] = (above - product(f, gy)) / 2e-4;
      values.set(i, at);
    }
    inputs.assertClose("gradient", slope, Twins.doubles(actual));
  }

  private double product(Expression f, ReferenceTensor gy) {
    try (Tape tape = Tape.inference(engine)) {
      ReferenceTensor y = (ReferenceTensor) f.apply(tape, input);
      double sum = 0;
      for (int i = 0; i < y.count(); i++) {
        sum += y.get(i) * gy.get(i);
      }
      return sum;
    }
  }

  @Test
  void everyKernelPassesItsGradientOn() {
    Parameter w = parameter(6, 2, 3, 3);
    Parameter b = parameter(6);
    Parameter gamma = parameter(6);
    Parameter beta = parameter(6);
    Parameter matrix = parameter(12, 3);
    Parameter bias = parameter(12);
    Tensor embedding = gaussian(2, 3);
    Tensor mask = gaussian(2, 6, 4, 4);
    input = gaussian(2, 2, 4, 4);
    GroupNorm norm = new GroupNorm(3, 1e-5, true);
    assertGradients(
        (tape, x) -> {
          Tensor h = tape.conv2d(x, w, b, 1);
          Tensor p = tape.linear(embedding, matrix, bias);
          Tensor n = tape.dropout(tape.groupNorm(h, gamma, beta, p, norm), mask);
          Tensor down = tape.downsample(n, FILTER, 1, 2);
          Tensor mixed = tape.attention(down, 2);
          Tensor up = tape.upsample(tape.silu(mixed), FILTER, 1, 4);
          return tape.combine(tape.concatChannels(up, x), new double[] {2, -1}, null, null);
        },
        input,
        w,
        b,
        gamma,
        beta,
        matrix,
        bias);
  }

  @Test
  void gradientsOfSharedTensorsAddUp() {
    Parameter w = parameter(3, 3, 1, 1);
    input = gaussian(2, 3, 2, 2);
    assertGradients((tape, x) -> tape.addScaled(x, x, 1), input);
    assertGradients((tape, x) -> tape.addScaled(x, tape.silu(x), 0.5), input);
    assertGradients((tape, x) -> tape.addScaled(tape.addScaled(x, x, 1), x, 1), input);
    assertGradients(
        (tape, x) -> {
          Tensor a = tape.conv2d(x, w, null, 0);
          Tensor b = tape.addScaled(a, tape.silu(a), 1);
          return tape.combine(b, new double[] {1, 2}, a, new double[] {3, -1});
        },
        input,
        w);
  }

  @Test
  void aliasedGradientsAreNotChangedThroughEachOther() {
    // the sum hands one gradient to both sides, and one of them gets more from elsewhere
    input = gaussian(2, 3, 2, 2);
    assertGradients(
        (tape, x) -> {
          Tensor a = tape.silu(x);
          Tensor b = tape.combine(x, new double[] {2, 3}, null, null);
          Tensor more = tape.silu(a);
          Tensor evenMore = tape.silu(b);
          Tensor sum = tape.addScaled(a, b, 1);
          Tensor all = tape.addScaled(sum, more, 1);
          return tape.addScaled(tape.addScaled(all, evenMore, 1), a, 1);
        },
        input);
    Tensor p = gaussian(2, 3);
    assertGradients((tape, x) -> tape.addScaled(tape.addChannels(x, p), x, 1), input);
  }

  @Test
  void addedChannelsPassTheirSumOn() {
    Tensor image = gaussian(2, 3, 4, 4);
    input = gaussian(2, 3);
    assertGradients((tape, p) -> tape.addChannels(image, tape.silu(p)), input);
  }

  @Test
  void parametersWithoutGradientAreLeftAlone() {
    Parameter w = new Parameter("w", gaussian(2, 2, 1, 1), null);
    Tensor x = gaussian(1, 2, 3, 3);
    try (Tape tape = Tape.recording(engine)) {
      long before = engine.openTensors();
      Tensor y = tape.conv2d(x, w, null, 0);
      tape.backward(y, x);
      assertNull(tape.takeGradient(x), "nobody asked for it");
      tape.release(y);
      assertEquals(before, engine.openTensors());
    }
  }

  @Test
  void framesFreeWhatNobodyNeeds() {
    Tensor x = gaussian(2, 3, 4, 4);
    Tensor mask = gaussian(2, 3, 4, 4);
    long before = engine.openTensors();
    try (Tape tape = Tape.recording(engine)) {
      tape.watch(x);
      Tensor kept;
      Tensor freed;
      Tensor needed;
      try (Tape.Frame frame = tape.frame()) {
        freed = tape.dropout(x, mask);
        needed = tape.addScaled(freed, freed, 1);
        kept = frame.keep(tape.silu(needed));
        assertEquals(before + 3, engine.openTensors());
      }
      assertTrue(freed.isClosed(), "neither kept nor needed backwards");
      assertTrue(!needed.isClosed(), "silu's backward needs its input");
      assertEquals(before + 2, engine.openTensors());
      tape.backward(kept, x);
      assertTrue(needed.isClosed());
      assertEquals(before + 2, engine.openTensors(), "the output and the gradient of x");
      tape.release(kept);
      assertEquals(before + 1, engine.openTensors());
      Tensor gx = tape.takeGradient(x);
      assertNotNull(gx);
      gx.close();
      assertEquals(before, engine.openTensors());
    }
  }

  @Test
  void framesNest() {
    Tensor x = gaussian(2, 3);
    long before = engine.openTensors();
    try (Tape tape = Tape.inference(engine)) {
      Tensor y;
      try (Tape.Frame outer = tape.frame()) {
        try (Tape.Frame inner = tape.frame()) {
          y = inner.keep(tape.silu(tape.silu(x)));
          assertSame(x, inner.keep(x), "others' tensors pass through");
        }
        assertEquals(before + 1, engine.openTensors());
        outer.keep(y);
      }
      assertEquals(before + 1, engine.openTensors());
      assertTrue(!x.isClosed());
    }
    assertEquals(before, engine.openTensors());
  }

  @Test
  void anInferenceTapeHoldsNothingBeyondItsFrames() {
    Parameter gamma = parameter(6);
    Tensor x = gaussian(2, 6, 4, 4);
    long before = engine.openTensors();
    try (Tape tape = Tape.inference(engine)) {
      tape.watch(x);
      try (Tape.Frame frame = tape.frame()) {
        Tensor n = tape.groupNorm(x, gamma, gamma, null, new GroupNorm(2, 1e-5, true));
        Tensor a = tape.attention(n, 1);
        assertEquals(before + 2, engine.openTensors(), "outputs only");
        tape.release(n);
        assertEquals(before + 1, engine.openTensors());
        frame.keep(a);
      }
      Tensor y = tape.silu(x);
      assertThrows(IllegalStateException.class, () -> tape.backward(y, x));
    }
    assertEquals(before, engine.openTensors());
  }

  @Test
  void releaseFreesOnlyTheInnermostFramesTensors() {
    Tensor x = gaussian(2, 3);
    try (Tape tape = Tape.inference(engine)) {
      Tensor y = tape.silu(x);
      tape.release(x);
      assertTrue(!x.isClosed());
      try (Tape.Frame frame = tape.frame()) {
        tape.release(y);
        assertTrue(!y.isClosed());
        Tensor z = frame.keep(tape.silu(x));
        tape.release(z);
        assertTrue(!z.isClosed(), "belongs to the outer frame now");
      }
      tape.release(y);
      assertTrue(y.isClosed());
    }
  }

  @Test
  void aDetachedTensorOutlivesItsTape() {
    Tensor x = gaussian(2, 3);
    Tensor made;
    Tensor others;
    try (Tape tape = Tape.recording(engine)) {
      made = tape.detach(tape.silu(x));
      others = tape.detach(x);
    }
    assertSame(x, others);
    assertTrue(!made.isClosed() && x.isShared());
    made.close();
    others.close();
  }

  @Test
  void anOwnedTensorIsFreedWithItsFrame() {
    Tensor t = engine.zeros(3);
    try (Tape tape = Tape.inference(engine)) {
      try (Tape.Frame frame = tape.frame()) {
        assertSame(t, tape.own(t));
        assertNotNull(frame);
      }
      assertTrue(t.isClosed());
    }
  }

  @Test
  void anExceptionInTheMiddleLeaksNothing() {
    Tensor x = gaussian(2, 4, 4, 4);
    Tensor other = gaussian(2, 4, 4, 2);
    long before = engine.openTensors();
    assertThrows(
        IllegalArgumentException.class,
        () -> {
          try (Tape tape = Tape.recording(engine)) {
            Tensor y = tape.silu(tape.watch(x));
            try (Tape.Frame frame = tape.frame()) {
              frame.keep(tape.addScaled(tape.silu(y), other, 1));
            }
          }
        });
    assertEquals(before, engine.openTensors());
  }

  @Test
  void anExceptionInABackwardKernelLeaksNothing() {
    Parameter fits = parameter(4, 4, 1, 1);
    Parameter broken = new Parameter("w", fits.value(), gaussian(3));
    Tensor x = gaussian(2, 4, 4, 4);
    long before = engine.openTensors();
    try (Tape tape = Tape.recording(engine)) {
      Tensor y = tape.silu(tape.conv2d(tape.silu(tape.watch(x)), broken, null, 0));
      assertThrows(IllegalArgumentException.class, () -> tape.backward(y, x));
    }
    assertEquals(before, engine.openTensors());
  }

  @Test
  void aGradientOfAnotherShapeIsRefused() {
    Tensor x = gaussian(2, 3);
    Tensor wrong = gaussian(3, 2);
    try (Tape tape = Tape.recording(engine)) {
      Tensor y = tape.silu(tape.watch(x));
      assertThrows(IllegalArgumentException.class, () -> tape.backward(y, wrong));
    }
  }

  @Test
  void tapesAreIndependent() {
    Tensor x = gaussian(2, 3);
    Tensor gy = gaussian(2, 3);
    try (Tape first = Tape.recording(engine);
        Tape second = Tape.recording(engine)) {
      Tensor a = first.silu(first.watch(x));
      Tensor b = second.combine(second.watch(x), new double[] {2, 2}, null, null);
      first.backward(a, gy);
      assertNull(second.takeGradient(x));
      second.backward(b, gy);
      try (Tensor ga = first.takeGradient(x);
          Tensor gb = second.takeGradient(x);
          Tensor expectedA = engine.siluBackward(gy, x);
          Tensor expectedB = engine.scale(gy, 2)) {
        assertArrayEquals(expectedA.toArray(), ga.toArray());
        assertArrayEquals(expectedB.toArray(), gb.toArray());
      }
    }
  }

  @Test
  void aTapePlaysAgainAfterItWasEmptied() {
    Parameter w = parameter(3, 3);
    Tensor x = gaussian(2, 3);
    try (Tape tape = Tape.recording(engine)) {
      tape.backward(tape.linear(x, w, null), x);
      float[] once = w.gradient().toArray();
      tape.backward(tape.linear(x, w, null), x);
      float[] twice = w.gradient().toArray();
      for (int i = 0; i < once.length; i++) {
        assertEquals(2 * once[i], twice[i], 1e-6f);
      }
    }
  }

  @Test
  void aListenerHearsOfEachParameterAfterItsLastUse() {
    Parameter twice = new Parameter("twice", gaussian(3, 3), gaussian(3, 3));
    Parameter once = new Parameter("once", gaussian(3, 3), gaussian(3, 3));
    Parameter bias = new Parameter("bias", gaussian(3), gaussian(3));
    Parameter fixed = new Parameter("fixed", gaussian(3, 3), null);
    Tensor x = gaussian(2, 3);
    List<String> heard = new ArrayList<>();
    List<float[]> then = new ArrayList<>();
    BackwardListener listener =
        new BackwardListener() {
          @Override
          public void begin(Set<Parameter> pending) {
            heard.add("begin");
            assertEquals(Set.of(twice, once, bias), pending);
          }

          @Override
          public void complete(Parameter parameter) {
            heard.add(parameter.name());
            then.add(parameter.gradient().toArray());
          }
        };
    try (Tape tape = Tape.recording(engine)) {
      for (int pass = 0; pass < 2; pass++) {
        heard.clear();
        then.clear();
        Tensor h = tape.linear(tape.linear(x, twice, null), fixed, null);
        tape.backward(tape.linear(tape.linear(h, once, bias), twice, null), x, listener);
        assertEquals(List.of("begin", "once", "bias", "twice"), heard);
        assertArrayEquals(once.gradient().toArray(), then.get(0));
        assertArrayEquals(bias.gradient().toArray(), then.get(1));
        assertArrayEquals(twice.gradient().toArray(), then.get(2));
      }
    }
  }
}
