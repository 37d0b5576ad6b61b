package dev.ect.model.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Kernels of the reference against values worked out by hand. */
class ReferenceEngineTest {
  private final ReferenceEngine engine = new ReferenceEngine();

  @AfterEach
  void nothingStaysOpen() {
    assertEquals(0, engine.openTensors());
  }

  private Tensor counting(long... shape) {
    float[] values = new float[(int) KernelShapes.elements(shape)];
    for (int i = 0; i < values.length; i++) {
      values[i] = i + 1;
    }
    return engine.create(values, shape);
  }

  private static void assertValues(Tensor t, double... expected) {
    assertArrayEquals(expected, ((ReferenceTensor) t).toDoubles(), 1e-12);
  }

  @Test
  void convolutionIsCrossCorrelationWithZeroPadding() {
    try (Tensor x = counting(1, 1, 2, 3);
        Tensor w = counting(1, 1, 3, 3);
        Tensor b = engine.create(new float[] {0.5f}, 1);
        Tensor y = engine.conv2d(x, w, b, 1)) {
      // upper left: 5*1 + 6*2 + 8*4 + 9*5
      assertValues(y, 94.5, 154.5, 106.5, 58.5, 91.5, 58.5);
    }
  }

  @Test
  void convolutionSumsOverInputChannelsAndKeepsOutputChannelsApart() {
    try (Tensor x = counting(2, 2, 1, 1);
        Tensor w = engine.create(new float[] {1, 10, 100, 1000}, 2, 2, 1, 1);
        Tensor y = engine.conv2d(x, w, null, 0)) {
      assertValues(y, 21, 2100, 43, 4300);
    }
  }

  @Test
  void linearMultipliesByTheTransposedWeight() {
    try (Tensor x = counting(2, 2);
        Tensor w = engine.create(new float[] {1, 10, 100, 1000, 0, 1}, 3, 2);
        Tensor b = engine.create(new float[] {0, 0, 7}, 3);
        Tensor y = engine.linear(x, w, b)) {
      assertValues(y, 21, 2100, 9, 43, 4300, 11);
    }
  }

  @Test
  void groupNormScalesEachGroupOfEachImage() {
    GroupNorm norm = new GroupNorm(2, 0, false);
    try (Tensor x = engine.create(new float[] {1, 3, 5, 9}, 1, 2, 1, 2);
        Tensor gamma = engine.create(new float[] {1, 10}, 2);
        Tensor beta = engine.create(new float[] {0, 1}, 2);
        Tensor scaleShift = engine.create(new float[] {1, 0, 0, 100}, 1, 4);
        Tensor y = engine.groupNorm(x, gamma, beta, null, norm, false).output();
        Tensor modulated = engine.groupNorm(x, gamma, beta, scaleShift, norm, false).output();
        Tensor active =
            engine.groupNorm(x, gamma, beta, null, new GroupNorm(2, 0, true), false).output();
        Tensor silu = engine.silu(y)) {
      assertValues(y, -1, 1, -9, 11);
      assertValues(modulated, -2, 2, 91, 111);
      assertArrayEquals(silu.toArray(), active.toArray());
    }
  }

  @Test
  void attentionMixesValuesByTheSoftmaxOverKeys() {
    // one head of width 1: q = (0, ln 3), k = (0, 1), v = (4, 8)
    float log3 = (float) Math.log(3);
    try (Tensor qkv = engine.create(new float[] {0, log3, 0, 1, 4, 8}, 1, 3, 1, 2);
        Tensor y = engine.attention(qkv, 1, false).output()) {
      assertArrayEquals(new double[] {6, 7}, ((ReferenceTensor) y).toDoubles(), 1e-6);
    }
  }

  @Test
  void attentionReadsQueryKeyAndValueOfAChannelSideBySide() {
    // two heads of width 1 over two positions; equal keys: every position gets the mean of its
    // head's values
    try (Tensor qkv =
            engine.create(new float[] {9, 8, 1, 1, 2, 4, 7, 6, 3, 3, 10, 20}, 1, 6, 1, 2);
        Tensor y = engine.attention(qkv, 2, false).output()) {
      assertValues(y, 3, 3, 15, 15);
    }
  }

  @Test
  void twoEqualTapsPoolAndRepeat() {
    double[] filter = {1, 1};
    try (Tensor x = counting(1, 1, 2, 4);
        Tensor down = engine.downsample(x, filter, 0, 1);
        Tensor up = engine.upsample(down, filter, 0, 4)) {
      assertValues(down, 3.5, 5.5);
      assertValues(up, 3.5, 3.5, 5.5, 5.5, 3.5, 3.5, 5.5, 5.5);
    }
  }

  @Test
  void fourTapsWeighNeighbours() {
    double[] filter = {1, 3, 3, 1};
    try (Tensor x =
            engine.create(
                new float[] {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 1, 1, 4, 4);
        Tensor y = engine.downsample(x, filter, 1, 64)) {
      assertValues(y, 9, 0, 0, 0);
    }
  }

  @Test
  void downAndUpsamplingAreAdjoint() {
    Random random = new Random(3);
    double[][] filters = {{1, 1}, {1, 3, 3, 1}, {1, 2, 5, 1}};
    for (double[] filter : filters) {
      for (int padding = 0; padding < 3; padding++) {
        try (ReferenceTensor x = gaussian(random, 2, 3, 6, 8);
            ReferenceTensor down = (ReferenceTensor) engine.downsample(x, filter, padding, 2.5);
            ReferenceTensor y = gaussian(random, down.shape());
            ReferenceTensor up = (ReferenceTensor) engine.upsample(y, filter, padding, 2.5)) {
          assertEquals(dot(down, y), dot(x, up), 1e-10);
        }
      }
    }
  }

  private ReferenceTensor gaussian(Random random, long... shape) {
    ReferenceTensor t = new ReferenceTensor(engine, shape);
    for (int i = 0; i < t.count(); i++) {
      t.set(i, random.nextGaussian());
    }
    return t;
  }

  private static double dot(ReferenceTensor a, ReferenceTensor b) {
    double sum = 0;
    for (int i = 0; i < a.count(); i++) {
      sum += a.get(i) * b.get(i);
    }
    return sum;
  }
}
