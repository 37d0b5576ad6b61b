package dev.ect.model.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.model.engine.Engine;
import dev.ect.model.engine.ReferenceEngine;
import dev.ect.model.engine.Tape;
import dev.ect.model.engine.Tensor;
import java.nio.FloatBuffer;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every parameter's gradient is the numeric derivative, with labels, augmentation labels and
 * dropout.
 */
final class NetworkGradientTest {
  private static final int IMAGES = 2;
  private static final float STEP = 1e-3f;
  private static final Conditioning LABELS =
      new Conditioning(new float[][] {{0, 1, 0}, {1, 0, 0}}, new float[][] {{0.5f, -1}, {1, 0.2f}});

  @ParameterizedTest
  @EnumSource(Architecture.class)
  void gradientIsTheNumericDerivative(Architecture arch) {
    try (Engine engine = new ReferenceEngine()) {
      NetworkSpec spec = TestNetwork.tiny(arch, 1, 3, 2, 0.3);
      try (TestNetwork net = new TestNetwork(engine, spec);
          Tensor target = engine.zeros(IMAGES, 1, 8, 8)) {
        backward(net, target);
        float[] gradient = net.gradients.toArray();
        for (ParameterLayout.Entry e : net.network.parameters().entries()) {
          int from = Math.toIntExact(e.offset());
          float[] part = Arrays.copyOfRange(gradient, from, from + Math.toIntExact(e.elements()));
          checkDirection(net, target, e, part);
        }
      }
      assertEquals(0, engine.openTensors(), "open tensors");
    }
  }

  /** Adds the gradient of the sum of {@code (D - target)^2}. */
  private static void backward(TestNetwork net, Tensor target) {
    try (Dropout dropout = dropout(net);
        Tensor x = net.images(IMAGES);
        Tape tape = Tape.recording(net.engine)) {
      Tensor d = net.denoiser.train(tape, x, TestNetwork.sigmas(IMAGES), LABELS, dropout);
      double[] two = {2, 2};
      double[] minusTwo = {-2, -2};
      try (Tensor gy = net.engine.combine(d, two, target, minusTwo)) {
        tape.backward(d, gy);
      }
    }
  }

  /** Along the gradient itself, so that no entry's part is lost among the others'. */
  private static void checkDirection(
      TestNetwork net, Tensor target, ParameterLayout.Entry e, float[] gradient) {
    double norm = 0;
    for (float g : gradient) {
      norm += (double) g * g;
    }
    norm = Math.sqrt(norm);
    assertTrue(norm > 1e-6, e.name() + " has no gradient");
    float[] at = new float[gradient.length];
    net.values.read(e.offset(), FloatBuffer.wrap(at));
    float[] above = new float[at.length];
    float[] below = new float[at.length];
    double expected = 0;
    for (int i = 0; i < at.length; i++) {
      float step = (float) (STEP * gradient[i] / norm);
      above[i] = at[i] + step;
      below[i] = at[i] - step;
      expected += ((double) above[i] - below[i]) * gradient[i];
    }
    double difference = loss(net, target, e, above) - loss(net, target, e, below);
    net.values.write(e.offset(), FloatBuffer.wrap(at));
    assertEquals(expected, difference, 1e-3 * Math.abs(expected), e.name());
  }

  private static double loss(
      TestNetwork net, Tensor target, ParameterLayout.Entry e, float[] values) {
    net.values.write(e.offset(), FloatBuffer.wrap(values));
    try (Dropout dropout = dropout(net);
        Tensor x = net.images(IMAGES);
        Tape tape = Tape.inference(net.engine)) {
      Tensor d = net.denoiser.train(tape, x, TestNetwork.sigmas(IMAGES), LABELS, dropout);
      return Arrays.stream(net.engine.squaredDistances(d, target)).sum();
    }
  }

  private static Dropout dropout(TestNetwork net) {
    return new Dropout(net.engine, 5, 7, 0, 1);
  }
}
