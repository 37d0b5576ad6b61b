package dev.ect.model.metrics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class KernelDistanceTest {
  @Test
  void isTheUnbiasedEstimateOfThePaper() {
    int size = 23;
    int width = 11;
    float[] x = FeatureSets.inception(size, width, 1);
    float[] y = FeatureSets.inception(size, width, 2);
    double expected = 0;
    for (int i = 0; i < size; i++) {
      for (int j = 0; j < size; j++) {
        if (i != j) {
          expected += (kernel(x, i, x, j, width) + kernel(y, i, y, j, width)) / (size * (size - 1));
        }
        expected -= 2 * kernel(x, i, y, j, width) / (size * size);
      }
    }
    assertEquals(expected, KernelDistance.unbiased(x, y, size, 1), 1e-13);
    assertEquals(expected, KernelDistance.unbiased(y, x, size, 1), 1e-13);
  }

  @Test
  void setsOfOneKindScatterAroundZero() {
    double sum = 0;
    boolean negative = false;
    for (int trial = 0; trial < 40; trial++) {
      double estimate =
          KernelDistance.unbiased(
              FeatureSets.inception(40, 16, 2 * trial + 1),
              FeatureSets.inception(40, 16, 2 * trial + 2),
              40,
              1);
      sum += estimate / 40;
      negative |= estimate < 0;
    }
    assertTrue(negative, "an unbiased estimate is sometimes negative");
    assertEquals(0, sum, 0.03);
  }

  @Test
  void subsetsAreDistinctImagesBySeedSubsetAndSide() {
    for (int size : new int[] {0, 1, 50, 999, 1000}) {
      int[] chosen = KernelDistance.subset(3, 0, 0, 1000, size);
      assertEquals(size, chosen.length);
      assertEquals(size, Arrays.stream(chosen).distinct().count());
      assertTrue(Arrays.stream(chosen).allMatch(i -> i >= 0 && i < 1000));
    }
    assertArrayEquals(
        IntStream.range(0, 1000).toArray(), KernelDistance.subset(3, 0, 1, 1000, 1000));
    int[] one = KernelDistance.subset(3, 7, 1, 50_000, 100);
    assertArrayEquals(one, KernelDistance.subset(3, 7, 1, 50_000, 100));
    assertFalse(Arrays.equals(one, KernelDistance.subset(4, 7, 1, 50_000, 100)), "seed");
    assertFalse(Arrays.equals(one, KernelDistance.subset(3, 8, 1, 50_000, 100)), "subset");
    assertFalse(Arrays.equals(one, KernelDistance.subset(3, 7, 0, 50_000, 100)), "side");
    assertEquals(
        "a subset of 11 of 10 images",
        assertThrows(IllegalArgumentException.class, () -> KernelDistance.subset(1, 0, 0, 10, 11))
            .getMessage());
  }

  @Test
  void subsetsHoldEveryImageAlike() {
    int[] times = new int[20];
    for (int subset = 0; subset < 4000; subset++) {
      for (int image : KernelDistance.subset(11, subset, 0, 20, 5)) {
        times[image]++;
      }
    }
    // 1000 expected, with a standard deviation of 27.
    for (int image = 0; image < times.length; image++) {
      assertEquals(1000, times[image], 120, "image " + image);
    }
  }

  @Test
  void subsetsAreAsLargeAsTheSmallerSet() {
    assertEquals(1000, KernelDistance.subsetSize(1_281_167, 50_000));
    assertEquals(300, KernelDistance.subsetSize(300, 50_000));
    assertEquals(17, KernelDistance.subsetSize(3_000_000_000L, 17));
  }

  @Test
  void refusesUnequalSets() {
    assertMessage(
        "3 features do not make 2 images; expected at least 2", new float[3], new float[3], 2);
    assertMessage(
        "3 features do not make 1 images; expected at least 2", new float[3], new float[3], 1);
    assertMessage(
        "6 features of real images and 4 of generated ones; expected as many",
        new float[4],
        new float[6],
        2);
  }

  private static void assertMessage(String message, float[] generated, float[] real, int size) {
    assertEquals(
        message,
        assertThrows(
                IllegalArgumentException.class,
                () -> KernelDistance.unbiased(generated, real, size, 1))
            .getMessage());
  }

  private static double kernel(float[] a, int i, float[] b, int j, int width) {
    double product = 0;
    for (int k = 0; k < width; k++) {
      product += (double) a[i * width + k] * b[j * width + k];
    }
    return Math.pow(product / width + 1, 3);
  }
}
