package dev.ect.spark.exchange;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.model.engine.Engine;
import dev.ect.model.engine.EngineOptions;
import dev.ect.model.engine.Engines;
import dev.ect.model.engine.Precision;
import dev.ect.model.engine.Tensor;
import dev.ect.spark.config.ExchangeConfig;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ThresholdEncoderTest {
  private static final int LENGTH = 200_003;
  private static final ExchangeConfig.Threshold CONFIG =
      new ExchangeConfig.Threshold(1e-3, 0.15, 0.2);

  private static Engine engine;

  @BeforeAll
  static void open() {
    engine = Engines.open("nd4j", new EngineOptions(Precision.FLOAT32, 1, "cpu"));
  }

  @AfterAll
  static void close() {
    engine.close();
  }

  /** Normal values whose scale changes along the vector by a factor of 100. */
  private static float[] gradient(long seed) {
    Random random = new Random(seed);
    float[] values = new float[LENGTH];
    for (int i = 0; i < LENGTH; i++) {
      values[i] = (float) (random.nextGaussian() * Math.pow(100, (double) i / LENGTH));
    }
    return values;
  }

  private static byte[] encode(ThresholdEncoder encoder, float[] gradient) {
    try (Tensor tensor = engine.create(gradient, gradient.length)) {
      return encoder.encode(tensor);
    }
  }

  private static float[] decode(ThresholdEncoder encoder, byte[]... messages) {
    try (Tensor sum = engine.create(gradient(99), LENGTH)) {
      encoder.decode(List.of(messages), sum);
      return sum.toArray();
    }
  }

  private static float[] residual(ThresholdEncoder encoder) {
    float[] values = new float[LENGTH];
    encoder.readResidual(0, FloatBuffer.wrap(values));
    return values;
  }

  @Test
  void whatIsSentAndWhatIsLeftOverMakeTheUpdate() {
    try (ThresholdEncoder encoder = new ThresholdEncoder(LENGTH, CONFIG)) {
      float[] before = new float[LENGTH];
      for (int step = 0; step < 5; step++) {
        float[] gradient = gradient(step);
        float[] sent = decode(encoder, encode(encoder, gradient));
        float[] after = residual(encoder);
        for (int i = 0; i < LENGTH; i++) {
          float whole = before[i] + gradient[i];
          // Each is rounded at most once per level, at most at the size of 64 thresholds.
          assertEquals(whole, sent[i] + after[i], 4 * Math.ulp(Math.max(sent[i], whole)));
        }
        before = after;
      }
    }
  }

  @Test
  void valuesBelow64ThresholdsTravelToHalfAThresholdsPrecisionOnceTheyReachOne() {
    try (ThresholdEncoder encoder = new ThresholdEncoder(LENGTH, CONFIG)) {
      float[] gradient = gradient(1);
      encode(encoder, gradient);
      float[] left = residual(encoder);
      for (int i = 0; i < LENGTH; i++) {
        double thresholds = Math.abs(gradient[i]) / encoder.threshold();
        double most = thresholds < 1 ? thresholds : Math.max(0.5, thresholds - 63.5);
        assertEquals(0, left[i], encoder.threshold() * most * 1.00001, "of " + gradient[i]);
      }
    }
  }

  @Test
  void allMessagesAddUpInTheirOrder() {
    byte[][] messages = new byte[3][];
    float[] expected = new float[LENGTH];
    for (int rank = 0; rank < messages.length; rank++) {
      try (ThresholdEncoder encoder = new ThresholdEncoder(LENGTH, CONFIG)) {
        messages[rank] = encode(encoder, gradient(10 + rank));
        float[] one = decode(encoder, messages[rank]);
        for (int i = 0; i < LENGTH; i++) {
          expected[i] += one[i];
        }
      }
    }
    try (ThresholdEncoder stranger = new ThresholdEncoder(LENGTH, CONFIG);
        ThresholdEncoder other = new ThresholdEncoder(LENGTH, CONFIG)) {
      encode(other, gradient(7));
      float[] sum = decode(stranger, messages);
      assertArrayEquals(sum, decode(other, messages));
      assertArrayEquals(expected, sum, 1e-3f);
    }
  }

  @Test
  void densityLiesBetweenTheBoundsWhateverTheFirstThreshold() {
    for (double initial : new double[] {1e-9, 1, 1e9}) {
      ExchangeConfig.Threshold config = new ExchangeConfig.Threshold(initial, 0.02, 0.04);
      try (ThresholdEncoder encoder = new ThresholdEncoder(LENGTH, config)) {
        for (int step = 0; step < 4; step++) {
          float[] gradient = gradient(step);
          float scale = (float) Math.pow(1000, step);
          for (int i = 0; i < LENGTH; i++) {
            gradient[i] *= scale;
          }
          byte[] message = encode(encoder, gradient);
          assertEquals(0.03, encoder.density(), 0.01);
          assertTrue(message.length < LENGTH * 4 * 0.02, message.length + " bytes");
        }
      }
    }
  }

  @Test
  void boundsThatNoStepOfTheThresholdMeetsAreNotExceeded() {
    ExchangeConfig.Threshold config = new ExchangeConfig.Threshold(1e-3, 0.03, 0.03);
    try (ThresholdEncoder encoder = new ThresholdEncoder(LENGTH, config)) {
      encode(encoder, gradient(1));
      assertEquals(0.0285, encoder.density(), 0.0015);
    }
  }

  @Test
  void gradientOfZerosSendsNothingAndKeepsTheThreshold() {
    try (ThresholdEncoder encoder = new ThresholdEncoder(LENGTH, CONFIG)) {
      float[] few = new float[LENGTH];
      few[7] = 1e-6f;
      byte[] message = encode(encoder, few);
      assertEquals(0, encoder.density());
      assertEquals(CONFIG.initial(), encoder.threshold());
      assertArrayEquals(new float[LENGTH], decode(encoder, message));
      assertArrayEquals(few, residual(encoder));
    }
  }

  @Test
  void valuesThatGrowEvenlyLeaveNothingOverOnAverage() {
    float[] growing = new float[LENGTH];
    for (int i = 0; i < LENGTH; i++) {
      growing[i] = 1 + (float) i / LENGTH;
    }
    try (ThresholdEncoder encoder = new ThresholdEncoder(LENGTH, CONFIG)) {
      double mean = 0;
      for (int step = 0; step < 60; step++) {
        encode(encoder, growing);
        for (float left : step < 20 ? new float[0] : residual(encoder)) {
          mean += left / encoder.threshold() / LENGTH / 40;
        }
      }
      // Between -1/2 and 1.
      assertEquals(0.25, mean, 0.1);
    }
  }

  @Test
  void searchForAThresholdEnds() {
    ExchangeConfig.Threshold config = new ExchangeConfig.Threshold(1e300, 1e-9, 1e-9);
    try (ThresholdEncoder encoder = new ThresholdEncoder(LENGTH, config)) {
      float[] gradient = gradient(1);
      for (int i = 0; i < LENGTH; i++) {
        gradient[i] *= Float.MIN_NORMAL;
      }
      byte[] message = encode(encoder, gradient);
      assertArrayEquals(new float[LENGTH], decode(encoder, message));
    }
  }

  @Test
  void valuesThatAreNotFiniteAreLeftOut() {
    try (ThresholdEncoder encoder = new ThresholdEncoder(LENGTH, CONFIG);
        ThresholdEncoder other = new ThresholdEncoder(LENGTH, CONFIG)) {
      float[] gradient = gradient(1);
      gradient[0] = 0;
      gradient[1] = 0;
      gradient[LENGTH - 1] = 0;
      byte[] expected = encode(other, gradient);
      gradient[0] = Float.NaN;
      gradient[1] = Float.POSITIVE_INFINITY;
      gradient[LENGTH - 1] = Float.NEGATIVE_INFINITY;
      assertArrayEquals(expected, encode(encoder, gradient));
    }
  }

  @Test
  void damagedMessagesAreRefusedByRank() {
    try (ThresholdEncoder encoder = new ThresholdEncoder(LENGTH, CONFIG)) {
      byte[] good = encode(encoder, gradient(1));
      refused(encoder, good, new byte[3], "3 bytes, which end before the last list");
      refused(encoder, good, Arrays.copyOf(good, good.length - 1), "bytes; expected 0 to");
      refused(encoder, good, Arrays.copyOf(good, good.length + 1), "1 bytes after the last list");
      refused(encoder, good, with(good, 0, LENGTH + 1), "of 200004 values; expected 200003");
      refused(encoder, good, with(good, 4, Float.floatToIntBits(Float.NaN)), "threshold NaN");
      refused(encoder, good, with(good, 4, Float.floatToIntBits(-1)), "threshold -1.0");
      refused(encoder, good, with(good, 4, Float.floatToIntBits(1e38f)), "threshold 1.0E38");
      refused(encoder, good, with(good, 4, 0), "threshold 0.0");
      refused(encoder, good, with(good, 8, -5), "-5 indices");
      refused(encoder, good, with(good, 8, LENGTH), "200003 indices");
      refused(encoder, good, with(good, 12, -1), "a list of -1 bytes");
    }
  }

  private static byte[] with(byte[] message, int at, int value) {
    byte[] copy = message.clone();
    ByteBuffer.wrap(copy).order(ByteOrder.LITTLE_ENDIAN).putInt(at, value);
    return copy;
  }

  private static void refused(ThresholdEncoder encoder, byte[] good, byte[] bad, String why) {
    float[] untouched = gradient(5);
    try (Tensor sum = engine.create(untouched, LENGTH)) {
      String message =
          assertThrows(ExchangeException.class, () -> encoder.decode(List.of(good, bad), sum))
              .getMessage();
      assertTrue(message.contains("from rank 1: "), message);
      assertTrue(message.contains(why), message);
      assertFalse(message.contains("\n"), message);
      assertArrayEquals(untouched, sum.toArray());
    }
  }

  @Test
  void randomDamageIsRefusedOrDecodedButNothingElse() {
    Random random = new Random(4);
    try (ThresholdEncoder encoder = new ThresholdEncoder(LENGTH, CONFIG);
        Tensor sum = engine.zeros(LENGTH)) {
      byte[] good = encode(encoder, gradient(1));
      int refused = 0;
      for (int i = 0; i < 300; i++) {
        byte[] bad = Arrays.copyOf(good, good.length - random.nextInt(2) * random.nextInt(50));
        bad[4 + random.nextInt(bad.length - 4)] ^= (byte) (1 + random.nextInt(255));
        bad[8 + random.nextInt(8)] ^= (byte) random.nextInt(2);
        try {
          encoder.decode(List.of(bad), sum);
        } catch (ExchangeException e) {
          refused++;
        }
      }
      assertTrue(refused > 100, refused + " refused");
    }
  }

  @Test
  void vectorsOfAnotherLengthAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> new ThresholdEncoder(0, CONFIG));
    assertThrows(IllegalArgumentException.class, () -> new ThresholdEncoder(1L << 29, CONFIG));
    try (ThresholdEncoder encoder = new ThresholdEncoder(LENGTH, CONFIG);
        Tensor other = engine.zeros(LENGTH - 1)) {
      assertThrows(IllegalArgumentException.class, () -> encoder.encode(other));
      assertThrows(IllegalArgumentException.class, () -> encoder.decode(List.of(), other));
    }
  }
}
