package dev.ect.model.tuning;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.ect.model.engine.Engine;
import dev.ect.model.engine.ReferenceEngine;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.security.MessageDigest;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

final class WeightsDigestTest {
  /** More than what is read at a time, and no multiple of it. */
  private static final int SIZE = (1 << 20) + 3;

  @Test
  void digestIsOverTheLittleEndianBitsOfEveryWeight() throws Exception {
    float[] values = new float[SIZE];
    ByteBuffer bytes = ByteBuffer.allocate(SIZE * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < SIZE; i++) {
      values[i] = i * 0.37f - 5;
      bytes.putFloat(values[i]);
    }
    byte[] expected = MessageDigest.getInstance("SHA-256").digest(bytes.array());
    try (Engine engine = new ReferenceEngine();
        TuningVectors vectors = TuningVectors.zeros(engine, SIZE)) {
      vectors.weights().write(0, FloatBuffer.wrap(values));
      assertArrayEquals(expected, vectors.weightsDigest());
      vectors.ema().write(0, FloatBuffer.wrap(values));
      assertArrayEquals(expected, vectors.weightsDigest());
      vectors.weights().write(SIZE - 1, FloatBuffer.wrap(new float[] {1}));
      assertFalse(Arrays.equals(expected, vectors.weightsDigest()));
    }
  }
}
