package dev.ect.model.tuning;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.model.Goldens;
import dev.ect.model.engine.Engine;
import dev.ect.model.engine.EngineOptions;
import dev.ect.model.engine.Engines;
import dev.ect.model.engine.MemoryFormat;
import dev.ect.model.engine.Precision;
import dev.ect.model.engine.ReferenceEngine;
import dev.ect.model.network.Conditioning;
import dev.ect.model.network.Network;
import dev.ect.model.random.Philox;
import dev.ect.model.random.Purpose;
import java.nio.FloatBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

final class EctLossTest {
  private static final EctLoss LOSS = EctLoss.DEFAULT;

  @Test
  void teacherIsTheImageUntilTheMappingLeavesZero() {
    assertEquals(0, LOSS.r(0.05));
    assertEquals(0, LOSS.atStage(1).r(0.05));
    // n(0.05) = 1 + 8 sigmoid(-0.05) = 4.9: more than q^2 = 4, less than q^3 = 8.
    double n = 1 + 8 / (1 + Math.exp(0.05));
    assertEquals(0.05 * (1 - n / 8), LOSS.atStage(2).r(0.05), 1e-8);
  }

  @Test
  void largeNoiseLevelsHaveATeacherFromTheStart() {
    // sigmoid(-80) vanishes: r = t (1 - 1/q)
    assertEquals(40, LOSS.r(80), 1e-5);
    assertEquals(60, LOSS.atStage(1).r(80), 1e-5);
  }

  @Test
  void constantMappingIgnoresTheNoiseLevel() {
    EctLoss constant = new EctLoss(-1.1, 2, Mapping.CONST, 4, 8, 1, 0, 1);
    assertEquals(0.3 * 15 / 16, constant.r(0.3), 1e-7);
    assertEquals(30.0 * 15 / 16, constant.r(30), 1e-5);
  }

  @Test
  void teacherApproachesTheStudentWithTheStages() {
    for (int stage = 3; stage < 9; stage++) {
      assertTrue(LOSS.atStage(stage + 1).r(0.5) > LOSS.atStage(stage).r(0.5), "stage " + stage);
      assertTrue(LOSS.atStage(stage).r(0.5) < 0.5, "stage " + stage);
    }
  }

  @Test
  void zeroDistanceGivesZeroLossAndZeroGradient() {
    Network network = TinyRun.network(0);
    try (Engine engine = new ReferenceEngine();
        Tuner tuner = TinyRun.tuner(engine, network)) {
      engine.clear(tuner.vectors().weights());
      // Weights of zero give F = 0, and D(0 + t * 0, t) = 0 is the image itself.
      Batch blank =
          new Batch(
              new float[64],
              new Conditioning(new float[1][2], null),
              new long[1],
              new float[1],
              new float[64]);
      double[] losses = tuner.gradient(LOSS, blank, 1, 1);
      assertEquals(0, losses[0]);
      for (float g : tuner.vectors().gradient().toArray()) {
        assertEquals(0f, g);
      }
    }
  }

  @Test
  void teacherReplaysTheDropoutOfTheStudent() {
    // With t - r a millionth of t, student and teacher differ by next to nothing, unless their
    // masks do.
    EctLoss fine = new EctLoss(-1.1, 2, Mapping.CONST, 1e4, 8, 1, 0, 0);
    Network network = TinyRun.network(0.5);
    try (Engine engine = new ReferenceEngine();
        Tuner tuner = TinyRun.tuner(engine, network)) {
      Batch batch = TinyRun.batch(4, 0);
      double[] losses = tuner.gradient(fine, batch, 4, 4);
      for (int i = 0; i < losses.length; i++) {
        double t = fine.t(batch.normal()[i]);
        double distance = losses[i] * (t - fine.r(t));
        assertTrue(distance < 0.01, "image " + i + ": distance " + distance);
      }
    }
  }

  @Test
  void theDifferenceOfFineStagesDoesNotDrownInTheRoundingOfBfloat16() {
    for (int stage : new int[] {1, 3, 4, 7, 10}) {
      double exact = loss(Precision.FLOAT32, 0, stage);
      assertEquals(exact, loss(Precision.BFLOAT16, 0, stage), 0.01 * exact, "stage " + stage);
    }
    double exact = loss(Precision.FLOAT32, 0, 10);
    assertTrue(loss(Precision.BFLOAT16, Double.POSITIVE_INFINITY, 10) > 1.1 * exact, "never");
  }

  /** The mean loss of a batch at weights that are not those of the start, on torch. */
  private static double loss(Precision precision, double float32From, int stage) {
    EngineOptions options = new EngineOptions(precision, 1, "cpu", MemoryFormat.AUTO, float32From);
    Network network = TinyRun.network(0.2);
    try (Engine engine = Engines.open("torch", options);
        Tuner tuner = TinyRun.tuner(engine, network)) {
      int n = (int) network.parameters().size();
      float[] weights = network.initialParameters(TinyRun.SEED);
      float[] more = new Philox(5, Purpose.SYNTHESIS, 0, 0).gaussians(n);
      for (int i = 0; i < n; i++) {
        weights[i] += 0.1f * more[i];
      }
      tuner.vectors().weights().write(0, FloatBuffer.wrap(weights));
      double[] losses = tuner.gradient(LOSS.atStage(stage), TinyRun.batch(8, 0), 8, 8);
      return Arrays.stream(losses).average().orElseThrow();
    }
  }

  @Test
  void roundsOfAccumulationAddUpToTheWholeBatch() {
    Network network = TinyRun.network(0.3);
    try (Engine engine = new ReferenceEngine();
        Tuner tuner = TinyRun.tuner(engine, network)) {
      Batch batch = TinyRun.batch(6, 0);
      double[] wholeLoss = tuner.gradient(LOSS.atStage(2), batch, 6, 6);
      float[] whole = tuner.vectors().gradient().toArray();
      for (int round : new int[] {1, 2, 4}) {
        double[] losses = tuner.gradient(LOSS.atStage(2), batch, 6, round);
        for (int i = 0; i < 6; i++) {
          assertEquals(wholeLoss[i], losses[i], 1e-9 * wholeLoss[i], "loss in rounds of " + round);
        }
        Goldens.assertClose(
            "rounds of " + round, whole, tuner.vectors().gradient().toArray(), 1e-7);
      }
    }
  }

  @Test
  void sharesOfReplicasAddUpToTheWholeBatch() {
    Network network = TinyRun.network(0.3);
    try (Engine engine = new ReferenceEngine();
        Tuner tuner = TinyRun.tuner(engine, network)) {
      Batch batch = TinyRun.batch(6, 0);
      tuner.gradient(LOSS, batch, 6, 6);
      float[] whole = tuner.vectors().gradient().toArray();
      float[] sum = new float[whole.length];
      for (Batch share : new Batch[] {batch.slice(0, 2), batch.slice(2, 6)}) {
        tuner.gradient(LOSS, share, 6, 6);
        float[] part = tuner.vectors().gradient().toArray();
        for (int i = 0; i < sum.length; i++) {
          sum[i] += part[i];
        }
      }
      Goldens.assertClose("sum of shares", whole, sum, 1e-6);
    }
  }
}
