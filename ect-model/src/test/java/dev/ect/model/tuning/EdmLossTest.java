package dev.ect.model.tuning;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ect.model.engine.Engine;
import dev.ect.model.engine.ReferenceEngine;
import dev.ect.model.engine.Tape;
import dev.ect.model.engine.Tensor;
import dev.ect.model.network.Network;
import java.nio.FloatBuffer;
import org.junit.jupiter.api.Test;

final class EdmLossTest {
  private static final EdmLoss LOSS = EdmLoss.DEFAULT;

  @Test
  void lossIsTheWeightedSquaredErrorOfTheDenoiser() {
    Network network = TinyRun.network(0);
    try (Engine engine = new ReferenceEngine();
        Tuner tuner = TinyRun.tuner(engine, network);
        Tape tape = Tape.inference(engine)) {
      Batch batch = TinyRun.batch(1, 0);
      double sigma = Math.exp(1.2 * batch.normal()[0] - 1.2);
      float[] noisy = new float[64];
      for (int i = 0; i < 64; i++) {
        noisy[i] = (float) (batch.images()[i] + sigma * batch.eps()[i]);
      }
      Tensor x = tape.own(engine.create(noisy, 1, 1, 8, 8));
      float[] d =
          tuner
              .denoiser()
              .train(tape, x, new double[] {sigma}, batch.conditioning(), null)
              .toArray();
      double squared = 0;
      for (int i = 0; i < 64; i++) {
        squared += Math.pow(d[i] - batch.images()[i], 2);
      }
      double expected = (sigma * sigma + 0.25) / Math.pow(sigma * 0.5, 2) * squared;
      assertEquals(expected, tuner.gradient(LOSS, batch, 1, 1)[0], 1e-5 * expected);
    }
  }

  @Test
  void gradientIsTheSlopeOfTheMeanLoss() {
    Network network = TinyRun.network(0.2);
    try (Engine engine = new ReferenceEngine();
        Tuner tuner = TinyRun.tuner(engine, network)) {
      Batch batch = TinyRun.batch(3, 0);
      tuner.gradient(LOSS, batch, 3, 3);
      float[] gradient = tuner.vectors().gradient().toArray();
      for (String name :
          new String[] {"model.enc.8x8_conv.weight", "model.dec.8x8_aux_conv.bias"}) {
        int i = Math.toIntExact(network.parameters().entry(name).offset());
        double slope = (meanAt(tuner, batch, i, 1e-3f) - meanAt(tuner, batch, i, -1e-3f)) / 2e-3;
        assertEquals(slope, gradient[i], 1e-3 * Math.max(1, Math.abs(slope)), name);
      }
    }
  }

  private static double meanAt(Tuner tuner, Batch batch, int index, float shift) {
    Tensor weights = tuner.vectors().weights();
    float[] value = new float[1];
    weights.read(index, FloatBuffer.wrap(value));
    weights.write(index, FloatBuffer.wrap(new float[] {value[0] + shift}));
    double sum = 0;
    for (double loss : tuner.gradient(LOSS, batch, 3, 3)) {
      sum += loss;
    }
    weights.write(index, FloatBuffer.wrap(value));
    return sum / 3;
  }
}
