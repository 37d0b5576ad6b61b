package dev.ect.model.tuning;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ect.model.engine.Engine;
import dev.ect.model.engine.ReferenceEngine;
import dev.ect.model.network.Network;
import java.util.List;
import java.util.stream.DoubleStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class FurtherEmasTest {
  private static final PowerFunctionEma POWER = new PowerFunctionEma(0.1);
  private static final EmaSpec FIXED = EmaSpec.fixed(0.5);
  private static final int BATCH = 4;
  private static final int STEPS = 4;

  /** The weights' average after some steps, by the whole trajectory. */
  private static float[] average(double[][] trajectory, double[] shares) {
    float[] average = new float[trajectory[0].length];
    for (int i = 0; i < average.length; i++) {
      double sum = 0;
      for (int k = 0; k < trajectory.length; k++) {
        sum += shares[k] * trajectory[k][i];
      }
      average[i] = (float) sum;
    }
    return average;
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void everyAverageFollowsTheWeights(boolean proposing) {
    Network network = TinyRun.network(0);
    double[][] trajectory = new double[STEPS + 1][];
    try (Engine engine = new ReferenceEngine();
        Tuner tuner = TinyRun.tuner(engine, network, POWER, FIXED);
        Tuner plain = TinyRun.tuner(engine, network)) {
      assertEquals(List.of(POWER, FIXED), List.copyOf(tuner.vectors().emas().keySet()));
      for (int step = 0; step <= STEPS; step++) {
        trajectory[step] = doubles(tuner.vectors().weights().toArray());
        if (step < STEPS) {
          step(tuner, step, proposing);
          step(plain, step, proposing);
        }
      }
      double gamma = POWER.gamma();
      double[] power = new double[STEPS + 1];
      for (int k = 1; k <= STEPS; k++) {
        power[k] = Math.pow((double) k / STEPS, gamma + 1) - Math.pow((k - 1.0) / STEPS, gamma + 1);
      }
      assertArrayEquals(
          average(trajectory, power), tuner.vectors().emas().get(POWER).toArray(), 1e-6f);
      double[] halves = {1 / 16.0, 1 / 16.0, 1 / 8.0, 1 / 4.0, 1 / 2.0};
      assertEquals(1, DoubleStream.of(halves).sum());
      assertArrayEquals(
          average(trajectory, halves), tuner.vectors().emas().get(FIXED).toArray(), 1e-6f);
      assertArrayEquals(
          plain.vectors().ema().toArray(), tuner.vectors().ema().toArray(), "the run's own");
    }
  }

  private static void step(Tuner tuner, int step, boolean proposing) {
    tuner.gradient(EctLoss.DEFAULT, TinyRun.batch(BATCH, step), BATCH, BATCH);
    if (proposing) {
      tuner.proposeUpdate(BATCH, BATCH);
      tuner.applyUpdate(BATCH);
    } else {
      tuner.update(BATCH);
    }
  }

  private static double[] doubles(float[] values) {
    double[] doubles = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      doubles[i] = values[i];
    }
    return doubles;
  }
}
