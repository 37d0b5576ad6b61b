package dev.ect.model.sampling;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ect.model.Goldens;
import dev.ect.model.dataset.Pixels;
import dev.ect.model.engine.Engine;
import dev.ect.model.engine.EngineProvider;
import dev.ect.model.engine.ReferenceEngine;
import dev.ect.model.engine.Tensor;
import dev.ect.model.network.Conditioning;
import dev.ect.model.network.Denoiser;
import dev.ect.model.network.Network;
import dev.ect.model.network.ParameterLayout;
import dev.ect.model.network.Preconditioning;
import dev.ect.model.network.Weights;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Images from recorded noises are PyTorch's. */
final class SampleGoldenTest {
  private static final double TOLERANCE = 1e-4;

  static Stream<Arguments> goldensOnEngines() {
    return Goldens.withEngines("sample-");
  }

  static Stream<Goldens> goldens() {
    return Goldens.all("sample-").stream();
  }

  @ParameterizedTest(name = "{0} on {1}")
  @MethodSource("goldensOnEngines")
  void imagesAreThoseOfPyTorch(Goldens golden, EngineProvider provider) {
    try (Engine engine = provider.open(Goldens.options(provider.name()))) {
      check(golden, engine);
    }
  }

  @ParameterizedTest(name = "{0} on the reference")
  @MethodSource("goldens")
  void imagesAreThoseOfPyTorchInDoublePrecision(Goldens golden) {
    try (Engine engine = new ReferenceEngine()) {
      check(golden, engine);
    }
  }

  private static void check(Goldens golden, Engine engine) {
    Network network = Network.of(golden.spec());
    ParameterLayout layout = network.parameters();
    List<Double> midT = Arrays.stream(golden.numbers("mid_t")).boxed().toList();
    float[][] noises = new float[1 + midT.size()][];
    noises[0] = golden.floats("in.latents");
    for (int i = 0; i < midT.size(); i++) {
      noises[i + 1] = golden.floats("in.noise" + i);
    }
    Conditioning conditioning = new Conditioning(golden.rowsOrNull("in.class_labels"), null);
    try (Tensor values = engine.create(golden.vector("param.", layout), layout.size());
        Weights weights = new Weights(engine, layout, values, null)) {
      Denoiser denoiser =
          new Denoiser(
              network, Preconditioning.ECM, weights, golden.buffers("param.", network.buffers()));
      double tMax = golden.number("t_max");
      float[] oneStep =
          new FewStepSampler(denoiser, tMax, List.of())
              .sample(new float[][] {noises[0]}, conditioning);
      Goldens.assertClose(
          "one step", golden.floats("out.one_step"), oneStep, Goldens.tolerance(engine, TOLERANCE));
      float[] fewStep = new FewStepSampler(denoiser, tMax, midT).sample(noises, conditioning);
      Goldens.assertClose(
          "few steps",
          golden.floats("out.few_step"),
          fewStep,
          Goldens.tolerance(engine, TOLERANCE));
      assertBytes(golden.bytes("out.few_step_uint8"), Pixels.toMetricBytes(fewStep), fewStep);
    }
    assertEquals(0, engine.openTensors(), "open tensors");
  }

  /** Bytes are equal, but where the value lies within the tolerance of a step between two. */
  private static void assertBytes(byte[] expected, byte[] actual, float[] values) {
    for (int i = 0; i < expected.length; i++) {
      double level = 127.5 * values[i] + 128;
      if (Math.abs(level - Math.rint(level)) < 127.5 * TOLERANCE) {
        actual[i] = expected[i];
      }
    }
    assertArrayEquals(expected, actual);
  }
}
