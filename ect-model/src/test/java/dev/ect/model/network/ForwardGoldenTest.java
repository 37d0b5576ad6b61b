package dev.ect.model.network;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ect.model.Goldens;
import dev.ect.model.engine.Engine;
import dev.ect.model.engine.EngineProvider;
import dev.ect.model.engine.ReferenceEngine;
import dev.ect.model.engine.Tape;
import dev.ect.model.engine.Tensor;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The denoiser and its gradients are PyTorch's. */
final class ForwardGoldenTest {
  private static final double OUTPUT_TOLERANCE = 1e-4;
  private static final double GRADIENT_TOLERANCE = 1e-3;

  static Stream<Arguments> goldensOnEngines() {
    return Goldens.withEngines("forward-");
  }

  static Stream<Goldens> goldens() {
    return Goldens.all("forward-").stream();
  }

  @ParameterizedTest(name = "{0} on {1}")
  @MethodSource("goldensOnEngines")
  void outputsAndGradientsAreThoseOfPyTorch(Goldens golden, EngineProvider provider) {
    try (Engine engine = provider.open(Goldens.options(provider.name()))) {
      check(golden, engine);
    }
  }

  @ParameterizedTest(name = "{0} on the reference")
  @MethodSource("goldens")
  void outputsAndGradientsAreThoseOfPyTorchInDoublePrecision(Goldens golden) {
    try (Engine engine = new ReferenceEngine()) {
      check(golden, engine);
    }
  }

  private static void check(Goldens golden, Engine engine) {
    Network network = Network.of(golden.spec());
    ParameterLayout layout = network.parameters();
    long before = engine.openTensors();
    double tolerance = Goldens.tolerance(engine, OUTPUT_TOLERANCE);
    try (Tensor values = engine.create(golden.vector("param.", layout), layout.size());
        Tensor gradients = engine.zeros(layout.size());
        Weights weights = new Weights(engine, layout, values, gradients);
        Tensor x = golden.tensor(engine, "in.x");
        Tensor cotangent = golden.tensor(engine, "in.cotangent")) {
      Denoiser denoiser =
          new Denoiser(
              network, Preconditioning.ECM, weights, golden.buffers("param.", network.buffers()));
      double[] sigma = golden.doubles("in.sigma");
      Conditioning conditioning =
          new Conditioning(
              golden.rowsOrNull("in.class_labels"), golden.rowsOrNull("in.augment_labels"));
      try (Tape tape = Tape.inference(engine)) {
        float[] d = denoiser.evaluate(tape, x, sigma, conditioning).toArray();
        Goldens.assertClose("D_eval", golden.floats("out.D_eval"), d, tolerance);
      }
      try (Tape tape = Tape.recording(engine)) {
        tape.watch(x);
        Tensor d = denoiser.train(tape, x, sigma, conditioning, null);
        Goldens.assertClose("D_train", golden.floats("out.D_train"), d.toArray(), tolerance);
        tape.backward(d, cotangent);
        try (Tensor gx = tape.takeGradient(x)) {
          Goldens.assertClose(
              "gradient of x", golden.floats("out.grad.x"), gx.toArray(), GRADIENT_TOLERANCE);
        }
      }
      float[] actual = gradients.toArray();
      float[] expected = golden.vector("out.grad.param.", layout);
      for (ParameterLayout.Entry e : layout.entries()) {
        int from = Math.toIntExact(e.offset());
        int to = Math.toIntExact(e.offset() + e.elements());
        Goldens.assertClose(
            "gradient of " + e.name(),
            Arrays.copyOfRange(expected, from, to),
            Arrays.copyOfRange(actual, from, to),
            GRADIENT_TOLERANCE);
      }
    }
    assertEquals(before, engine.openTensors(), "open tensors");
  }
}
