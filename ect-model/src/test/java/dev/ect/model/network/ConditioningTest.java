package dev.ect.model.network;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

final class ConditioningTest {
  private static final int IMAGES = 4000;

  private static float[][] labels() {
    float[][] labels = new float[IMAGES][];
    for (int n = 0; n < IMAGES; n++) {
      labels[n] = new float[] {0, 1};
    }
    return labels;
  }

  @Test
  void labelsAreDroppedAtTheGivenRateAndOtherwiseKept() {
    long[] positions = LongStream.range(0, IMAGES).toArray();
    Conditioning dropped = new Conditioning(labels(), null).dropLabels(0.3, 1, 2, positions);
    int zeros = 0;
    for (float[] label : dropped.classLabels()) {
      assertEquals(0, label[0]);
      zeros += label[1] == 0 ? 1 : 0;
    }
    assertEquals(0.3, (double) zeros / IMAGES, 0.03);
  }

  @Test
  void droppingDependsOnThePositionAndNotOnTheBatchAroundIt() {
    long[] positions = LongStream.range(0, IMAGES).toArray();
    Conditioning whole = new Conditioning(labels(), null).dropLabels(0.5, 1, 2, positions);
    Conditioning part =
        new Conditioning(new float[][] {{0, 1}, {0, 1}, {0, 1}}, null)
            .dropLabels(0.5, 1, 2, 7, 1000, 3999);
    assertArrayEquals(whole.rows(7, 1000, 3999).classLabels(), part.classLabels());
  }

  @Test
  void stepsDropIndependently() {
    long[] positions = LongStream.range(0, IMAGES).toArray();
    float[][] a = new Conditioning(labels(), null).dropLabels(0.5, 1, 2, positions).classLabels();
    float[][] b = new Conditioning(labels(), null).dropLabels(0.5, 1, 3, positions).classLabels();
    int same = 0;
    for (int n = 0; n < IMAGES; n++) {
      same += a[n][1] == b[n][1] ? 1 : 0;
    }
    assertEquals(0.5, (double) same / IMAGES, 0.05);
  }

  @Test
  void nothingIsDroppedWithoutLabelsOrProbability() {
    assertSame(Conditioning.NONE, Conditioning.NONE.dropLabels(0.5, 1, 2, 3));
    Conditioning labelled = new Conditioning(labels(), null);
    assertSame(labelled, labelled.dropLabels(0, 1, 2));
    assertThrows(IllegalArgumentException.class, () -> labelled.dropLabels(0.5, 1, 2, 3));
  }
}
