package dev.ect.model.metrics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.Arrays;
import java.util.BitSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NeighboursTest {
  private static final int WIDTH = 40;
  private static final int K = 3;

  @Test
  void distancesAreThoseOfTheirDefinition() {
    float[] a = FeatureSets.inception(31, WIDTH, 1);
    float[] b = FeatureSets.inception(17, WIDTH, 2);
    float[] found = Neighbours.squaredDistances(a, 31, b, 17, 1);
    for (int i = 0; i < 31; i++) {
      for (int j = 0; j < 17; j++) {
        double scale = squared(a, i, new float[WIDTH], 0) + squared(b, j, new float[WIDTH], 0);
        assertEquals(squared(a, i, b, j), found[i * 17 + j], 5e-7 * scale);
      }
    }
  }

  @Test
  void distancesOfAnImageFromItselfAreZeroAndNoneIsNegative() {
    // Large norms, small differences: rounding alone would give either sign.
    float[] rows = new float[9 * WIDTH];
    for (int i = 0; i < rows.length; i++) {
      int row = i / WIDTH;
      rows[i] = 1000 + (float) Math.sin(i) + 1e-3f * row;
    }
    float[] all = Neighbours.squaredDistances(rows, 9, 0, rows, 9, 0, 1);
    float[] block =
        Neighbours.squaredDistances(
            FeatureSets.rows(rows, WIDTH, 2, 6),
            4,
            102,
            FeatureSets.rows(rows, WIDTH, 5, 9),
            4,
            105,
            1);
    for (int i = 0; i < 9; i++) {
      assertEquals(0, all[i * 9 + i]);
    }
    for (float distance : all) {
      assertTrue(distance >= 0, "distance " + distance);
    }
    assertEquals(0, block[3 * 4], "image 105 of either block");
  }

  @ParameterizedTest
  @CsvSource({"100,80", "7,33", "1000,1000"})
  void precisionAndRecallAreThoseOfTheirDefinition(int realBlock, int generatedBlock) {
    int n = 90;
    int m = 70;
    float[] real = FeatureSets.inception(n, WIDTH, 3);
    float[] generated = FeatureSets.inception(m, WIDTH, 4);
    for (int i = 0; i < m / 3 * WIDTH; i++) {
      generated[i] += 1.5f;
    }
    double[] realRadii = radii(real, n);
    double[] generatedRadii = radii(generated, m);
    BitSet precision = covered(generated, m, generatedBlock, real, n, realBlock);
    BitSet recall = covered(real, n, realBlock, generated, m, generatedBlock);
    assertEquals(coveredReference(generated, m, real, realRadii), precision);
    assertEquals(coveredReference(real, n, generated, generatedRadii), recall);
    assertTrue(precision.cardinality() > 5 && precision.cardinality() < m - 5, "of either kind");
    assertTrue(recall.cardinality() > 5 && recall.cardinality() < n - 5, "of either kind");
  }

  @Test
  void theSmallestDistancesDoNotDependOnOrderOrCut() throws Exception {
    int rows = 5;
    int images = 64;
    float[] distances = FeatureSets.inception(rows, images, 6);
    float[] expected = new float[rows];
    for (int i = 0; i < rows; i++) {
      float[] row = FeatureSets.rows(distances, images, i, i + 1);
      Arrays.sort(row);
      expected[i] = row[K];
    }
    assertArrayEquals(expected, new SmallestDistances(rows, K).add(distances, images).radii());
    SmallestDistances total = new SmallestDistances(rows, K);
    for (int from = images - 3; from >= -2; from -= 3) {
      int start = Math.max(from, 0);
      SmallestDistances part =
          new SmallestDistances(rows, K)
              .add(columns(distances, rows, images, start, from + 3), from + 3 - start);
      total.merge(copy(part));
    }
    assertArrayEquals(expected, total.radii());
  }

  @Test
  void aRadiusNeedsEnoughNeighbours() {
    SmallestDistances one = new SmallestDistances(1, 1).add(new float[] {0}, 1);
    assertEquals(
        "distances from 1 images; expected at least 2, for the image itself and 1 neighbours",
        assertThrows(IllegalStateException.class, one::radii).getMessage());
    assertArrayEquals(
        new float[] {7}, one.merge(new SmallestDistances(1, 1).add(new float[] {9, 7}, 2)).radii());
  }

  @Test
  void theRadiusItselfIsWithin() {
    float[] distances = {4, 10, 4.0001f, 10, 5, 9};
    BitSet expected = new BitSet();
    expected.set(0);
    expected.set(2);
    assertEquals(expected, Neighbours.covered(distances, 3, new float[] {4, 9}));
  }

  @Test
  void refusesOtherSizes() {
    assertMessage(
        "5 features do not make 2 images; expected some against some",
        () -> Neighbours.squaredDistances(new float[5], 2, new float[6], 2, 1));
    assertMessage(
        "b has 6 elements; expected [3, 3]",
        () -> Neighbours.squaredDistances(new float[6], 2, new float[6], 3, 1));
    assertMessage(
        "the distance of row 0 from row 1 is NaN",
        () ->
            Neighbours.squaredDistances(
                new float[] {1, 2}, 1, new float[] {1, 2, 3, Float.NaN}, 2, 1));
    assertMessage(
        "3 distances; expected those of 2 rows from 2",
        () -> Neighbours.covered(new float[3], 2, new float[2]));
    assertMessage(
        "3 distances; expected those of 2 rows from 2",
        () -> new SmallestDistances(2, 3).add(new float[3], 2));
    assertMessage(
        "2 rows with 1 neighbours; expected 2 with 3",
        () -> new SmallestDistances(2, 3).merge(new SmallestDistances(2, 1)));
  }

  private static void assertMessage(String message, Runnable call) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, call::run).getMessage());
  }

  /** Probes covered by a set, block by block as a cluster does it. */
  private static BitSet covered(
      float[] probes, int count, int probeBlock, float[] set, int size, int setBlock) {
    BitSet covered = new BitSet();
    for (int p = 0; p < count; p += probeBlock) {
      int pEnd = Math.min(count, p + probeBlock);
      BitSet block = new BitSet();
      for (int s = 0; s < size; s += setBlock) {
        int sEnd = Math.min(size, s + setBlock);
        float[] rows = FeatureSets.rows(set, WIDTH, s, sEnd);
        SmallestDistances smallest = new SmallestDistances(sEnd - s, K);
        for (int t = 0; t < size; t += setBlock) {
          int tEnd = Math.min(size, t + setBlock);
          smallest.merge(
              new SmallestDistances(sEnd - s, K)
                  .add(
                      Neighbours.squaredDistances(
                          rows, sEnd - s, s, FeatureSets.rows(set, WIDTH, t, tEnd), tEnd - t, t, 1),
                      tEnd - t));
        }
        float[] distances =
            Neighbours.squaredDistances(
                FeatureSets.rows(probes, WIDTH, p, pEnd), pEnd - p, rows, sEnd - s, 1);
        block.or(Neighbours.covered(distances, pEnd - p, smallest.radii()));
      }
      for (int i = block.nextSetBit(0); i >= 0; i = block.nextSetBit(i + 1)) {
        covered.set(p + i);
      }
    }
    return covered;
  }

  private static BitSet coveredReference(float[] probes, int count, float[] set, double[] radii) {
    BitSet covered = new BitSet();
    for (int i = 0; i < count; i++) {
      for (int j = 0; j < radii.length; j++) {
        if (squared(probes, i, set, j) <= radii[j]) {
          covered.set(i);
        }
      }
    }
    return covered;
  }

  private static double[] radii(float[] set, int size) {
    double[] radii = new double[size];
    for (int i = 0; i < size; i++) {
      double[] distances = new double[size];
      for (int j = 0; j < size; j++) {
        distances[j] = squared(set, i, set, j);
      }
      Arrays.sort(distances);
      radii[i] = distances[K];
    }
    return radii;
  }

  private static double squared(float[] a, int i, float[] b, int j) {
    double sum = 0;
    for (int k = 0; k < WIDTH; k++) {
      double difference = (double) a[i * WIDTH + k] - b[j * WIDTH + k];
      sum += difference * difference;
    }
    return sum;
  }

  private static float[] columns(float[] all, int rows, int width, int from, int to) {
    float[] part = new float[rows * (to - from)];
    for (int i = 0; i < rows; i++) {
      System.arraycopy(all, i * width + from, part, i * (to - from), to - from);
    }
    return part;
  }

  private static SmallestDistances copy(SmallestDistances distances) throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(distances);
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      return (SmallestDistances) in.readObject();
    }
  }
}
