package dev.ect.model.tuning;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ect.model.Goldens;
import dev.ect.model.engine.Engine;
import dev.ect.model.engine.EngineProvider;
import dev.ect.model.engine.ReferenceEngine;
import dev.ect.model.network.Conditioning;
import dev.ect.model.network.Network;
import dev.ect.model.network.ParameterLayout;
import dev.ect.model.network.Preconditioning;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Whole training steps, with recorded images and draws, are PyTorch's. */
final class TrainGoldenTest {
  private static final double LOSS_TOLERANCE = 1e-4;
  private static final double GRADIENT_TOLERANCE = 1e-3;
  private static final double WEIGHT_TOLERANCE = 1e-4;
  private static final double CHANGE_TOLERANCE = 2e-2;

  static Stream<Arguments> goldensOnEngines() {
    return Goldens.withEngines("train-");
  }

  static Stream<Goldens> goldens() {
    return Goldens.all("train-").stream();
  }

  @ParameterizedTest(name = "{0} on {1}")
  @MethodSource("goldensOnEngines")
  void lossesGradientsAndWeightsAreThoseOfPyTorch(Goldens golden, EngineProvider provider) {
    try (Engine engine = provider.open(Goldens.options(provider.name()))) {
      check(golden, engine);
    }
  }

  @ParameterizedTest(name = "{0} on the reference")
  @MethodSource("goldens")
  void lossesGradientsAndWeightsAreThoseOfPyTorchInDoublePrecision(Goldens golden) {
    try (Engine engine = new ReferenceEngine()) {
      check(golden, engine);
    }
  }

  private static void check(Goldens golden, Engine engine) {
    Network network = Network.of(golden.spec());
    ParameterLayout layout = network.parameters();
    double[] betas = golden.numbers("betas");
    double lr = golden.number("lr");
    OptimizerSpec optimizer =
        new OptimizerSpec(
            OptimizerSpec.Kind.of(golden.meta("optim").toLowerCase(Locale.ROOT)),
            lr,
            betas[0],
            betas[1],
            golden.number("eps"),
            0);
    EctLoss loss =
        new EctLoss(
            golden.number("P_mean"),
            golden.number("P_std"),
            Mapping.of(golden.meta("adj")),
            golden.number("q"),
            golden.number("k"),
            golden.number("b"),
            golden.number("c"),
            0);
    int steps = (int) golden.number("steps");
    double[] stages = golden.numbers("stages");
    try (Tuner tuner =
        new Tuner(
            engine,
            network,
            Preconditioning.ECM,
            golden.buffers("init.", network.buffers()),
            optimizer,
            EmaSpec.fixed(golden.number("ema_beta")),
            0)) {
      tuner.vectors().weights().write(0, FloatBuffer.wrap(golden.vector("init.", layout)));
      tuner.begin();
      for (int s = 0; s < steps; s++) {
        String step = "step" + s + ".";
        EctLoss stage = loss.atStage((int) stages[s]);
        Batch batch = batch(golden, step);
        for (int i = 0; i < batch.size(); i++) {
          double t = stage.t(batch.normal()[i]);
          assertEquals(golden.floats(step + "t")[i], t, 1e-6 * t, step + "t");
          assertEquals(golden.floats(step + "r")[i], stage.r(t), 1e-6 * t, step + "r");
        }
        double[] losses = tuner.gradient(stage, batch, batch.size(), batch.size());
        for (int i = 0; i < losses.length; i++) {
          double expected = golden.floats(step + "loss")[i];
          assertEquals(
              expected,
              losses[i],
              Goldens.tolerance(engine, LOSS_TOLERANCE) * Math.max(1, expected),
              step + "loss of image " + i);
        }
        if (s == 0) {
          assertGradients(golden, layout, tuner.vectors().gradient().toArray());
        }
        tuner.update(batch.size());
      }
      double tolerance = Goldens.tolerance(engine, WEIGHT_TOLERANCE);
      double walk = steps * lr;
      float[] weights = tuner.vectors().weights().toArray();
      assertWeights("final.", golden, layout, weights, walk, tolerance);
      assertWeights("ema.", golden, layout, tuner.vectors().ema().toArray(), walk, tolerance);
    }
    assertEquals(0, engine.openTensors(), "open tensors");
  }

  private static Batch batch(Goldens golden, String step) {
    float[] normal = golden.floats(step + "rnd_normal");
    return new Batch(
        golden.floats(step + "images"),
        new Conditioning(golden.rowsOrNull(step + "labels"), null),
        LongStream.range(0, normal.length).toArray(),
        normal,
        golden.floats(step + "eps"));
  }

  private static void assertGradients(Goldens golden, ParameterLayout layout, float[] actual) {
    float[] expected = golden.vector("grad0.", layout);
    for (ParameterLayout.Entry e : layout.entries()) {
      Goldens.assertClose(
          "gradient of " + e.name(), part(expected, e), part(actual, e), GRADIENT_TOLERANCE);
    }
  }

  /**
   * Weights agree relative to the largest of their tensor, and what was learnt, the change since
   * the start, relative to the largest change of all.
   */
  private static void assertWeights(
      String prefix,
      Goldens golden,
      ParameterLayout layout,
      float[] actual,
      double walk,
      double tolerance) {
    float[] expected = golden.vector(prefix, layout);
    float[] start = golden.vector("init.", layout);
    float[] learnt = new float[start.length];
    float[] toLearn = new float[start.length];
    for (ParameterLayout.Entry e : layout.entries()) {
      float[] found = part(actual, e);
      float[] wanted = part(expected, e);
      if (e.name().endsWith("qkv.bias")) {
        // Biases of keys have no true gradient: the optimiser walks them on rounding noise.
        for (int i = 1; i < wanted.length; i += 3) {
          assertEquals(wanted[i], found[i], walk, prefix + e.name());
          found[i] = wanted[i];
        }
      }
      double largest = 0;
      for (float w : wanted) {
        largest = Math.max(largest, Math.abs(w));
      }
      for (int i = 0; i < wanted.length; i++) {
        assertEquals(
            wanted[i],
            found[i],
            tolerance * Math.max(largest, walk),
            prefix + e.name() + "[" + i + "]");
        int at = Math.toIntExact(e.offset()) + i;
        learnt[at] = found[i] - start[at];
        toLearn[at] = wanted[i] - start[at];
      }
    }
    Goldens.assertClose(prefix + " less init.", toLearn, learnt, CHANGE_TOLERANCE);
  }

  private static float[] part(float[] vector, ParameterLayout.Entry e) {
    return Arrays.copyOfRange(
        vector, Math.toIntExact(e.offset()), Math.toIntExact(e.offset() + e.elements()));
  }
}
