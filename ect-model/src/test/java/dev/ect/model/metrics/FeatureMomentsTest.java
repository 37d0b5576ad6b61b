package dev.ect.model.metrics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FeatureMomentsTest {
  private static final int COUNT = 1300;
  private static final int WIDTH = 37;
  private static final float[] FEATURES = FeatureSets.inception(COUNT, WIDTH, 1);

  @ParameterizedTest
  @EnumSource(CovarianceDivisor.class)
  void meanAndCovarianceAreTheTextbooks(CovarianceDivisor divisor) {
    FeatureStatistics found = new FeatureMoments().add(FEATURES, COUNT).statistics(divisor);
    double[] mean = new double[WIDTH];
    for (int i = 0; i < FEATURES.length; i++) {
      mean[i % WIDTH] += FEATURES[i] / (double) COUNT;
    }
    double over = divisor == CovarianceDivisor.N ? COUNT : COUNT - 1;
    double[] covariance = new double[WIDTH * WIDTH];
    for (int n = 0; n < COUNT; n++) {
      for (int i = 0; i < WIDTH; i++) {
        for (int j = 0; j < WIDTH; j++) {
          covariance[i * WIDTH + j] +=
              (FEATURES[n * WIDTH + i] - mean[i]) * (FEATURES[n * WIDTH + j] - mean[j]) / over;
        }
      }
    }
    assertArrayEquals(mean, found.mean(), 1e-13);
    assertArrayEquals(covariance, found.covariance(), 1e-13);
    assertEquals(COUNT, found.count());
    assertEquals(Optional.of(divisor), found.divisor());
    assertEquals(WIDTH, found.width());
  }

  @Test
  void sumsDoNotDependOnTheCut() {
    FeatureStatistics whole =
        new FeatureMoments().add(FEATURES, COUNT).statistics(CovarianceDivisor.N);
    Random random = new Random(4);
    for (int trial = 0; trial < 20; trial++) {
      FeatureMoments total = new FeatureMoments();
      FeatureMoments part = new FeatureMoments();
      int from = 0;
      while (from < COUNT) {
        int to = Math.min(COUNT, from + 1 + random.nextInt(trial < 10 ? 60 : 900));
        part.add(FeatureSets.rows(FEATURES, WIDTH, from, to), to - from);
        if (random.nextBoolean()) {
          long count = part.count();
          assertSame(total, total.merge(part));
          assertEquals(count, part.count());
          part = new FeatureMoments();
        }
        from = to;
      }
      FeatureStatistics merged = part.merge(total).statistics(CovarianceDivisor.N);
      assertEquals(COUNT, merged.count());
      assertClose(whole.mean(), merged.mean());
      assertClose(whole.covariance(), merged.covariance());
    }
  }

  @Test
  void theOtherOfAMergeStaysAsItIs() {
    FeatureMoments other = new FeatureMoments().add(FeatureSets.rows(FEATURES, WIDTH, 0, 700), 700);
    FeatureMoments rest =
        new FeatureMoments().add(FeatureSets.rows(FEATURES, WIDTH, 700, COUNT), COUNT - 700);
    rest.merge(other).merge(new FeatureMoments());
    assertEquals(COUNT, rest.count());
    FeatureStatistics alone =
        FeatureSets.statistics(
            FeatureSets.rows(FEATURES, WIDTH, 0, 700), WIDTH, CovarianceDivisor.N);
    assertArrayEquals(alone.covariance(), other.statistics(CovarianceDivisor.N).covariance());
    assertEquals(700, other.count());
    FeatureStatistics twice = other.merge(other).statistics(CovarianceDivisor.N);
    assertEquals(1400, twice.count());
    assertClose(alone.covariance(), twice.covariance());
  }

  @Test
  void anEmptyOneMergesWithAnyAndIsSmall() throws Exception {
    FeatureMoments empty = new FeatureMoments();
    assertEquals(0, empty.width());
    assertEquals(0, empty.count());
    assertTrue(bytes(empty).length < 400, bytes(empty).length + " bytes");
    FeatureMoments read = copy(empty);
    assertEquals(0, read.merge(new FeatureMoments()).add(new float[0], 0).width());
    read.merge(new FeatureMoments().add(FEATURES, COUNT));
    assertEquals(WIDTH, read.width());
    assertEquals(COUNT, new FeatureMoments().add(FEATURES, COUNT).merge(empty).count());
    assertClose(
        FeatureSets.statistics(FEATURES, WIDTH, CovarianceDivisor.N).covariance(),
        read.statistics(CovarianceDivisor.N).covariance());
  }

  @Test
  void serialisesItsSumsWithoutItsBuffer() throws Exception {
    FeatureMoments moments = new FeatureMoments().add(FEATURES, COUNT);
    byte[] bytes = bytes(moments);
    int sums = WIDTH + WIDTH * (WIDTH + 1) / 2;
    assertTrue(bytes.length < 8 * sums + 500, bytes.length + " bytes");
    FeatureMoments read = copy(moments).add(FEATURES, COUNT);
    assertEquals(2 * COUNT, read.count());
    assertEquals(WIDTH, read.width());
    assertClose(
        moments.statistics(CovarianceDivisor.N).covariance(),
        read.statistics(CovarianceDivisor.N).covariance());
    moments.add(FEATURES, COUNT);
    assertArrayEquals(
        moments.statistics(CovarianceDivisor.N).covariance(),
        read.statistics(CovarianceDivisor.N).covariance());
  }

  @Test
  void takesImagesAfterAResult() {
    FeatureMoments moments = new FeatureMoments(2);
    moments.add(FeatureSets.rows(FEATURES, WIDTH, 0, 100), 100).statistics(CovarianceDivisor.N);
    moments.add(FeatureSets.rows(FEATURES, WIDTH, 100, COUNT), COUNT - 100);
    assertClose(
        FeatureSets.statistics(FEATURES, WIDTH, CovarianceDivisor.N).covariance(),
        moments.statistics(CovarianceDivisor.N).covariance());
  }

  @Test
  void refusesBadRowsAndIsUnchangedByThem() {
    FeatureMoments moments = new FeatureMoments().add(new float[] {1, 2, 3, 4}, 2);
    assertMessage(
        "features of width 3; expected 2 as before", () -> moments.add(new float[] {1, 2, 3}, 1));
    assertMessage(
        "3 values do not make 2 rows of features", () -> moments.add(new float[] {1, 2, 3}, 2));
    assertMessage("3 values do not make 0 rows of features", () -> moments.add(new float[3], 0));
    assertMessage("0 values do not make 1 rows of features", () -> moments.add(new float[0], 1));
    assertMessage(
        "row 1 of 2 has the feature NaN at 0; expected finite ones",
        () -> moments.add(new float[] {1, 2, Float.NaN, 4}, 2));
    assertMessage(
        "row 0 of 1 has the feature -Infinity at 1; expected finite ones",
        () -> moments.add(new float[] {1, Float.NEGATIVE_INFINITY}, 1));
    assertMessage(
        "features of width 1; expected 2 as before",
        () -> moments.merge(new FeatureMoments().add(new float[] {1}, 1)));
    assertMessage("0 threads; expected at least 1", () -> new FeatureMoments(0));
    assertEquals(2, moments.count());
    assertArrayEquals(
        new double[] {1, 1, 1, 1}, moments.statistics(CovarianceDivisor.N).covariance());
    assertArrayEquals(
        new double[] {2, 2, 2, 2}, moments.statistics(CovarianceDivisor.N_MINUS_1).covariance());
  }

  @Test
  void needsAsManyImagesAsTheDivisor() {
    FeatureMoments one = new FeatureMoments();
    assertEquals(
        "features of 0 images; a covariance with divisor n needs at least 1",
        assertThrows(IllegalStateException.class, () -> one.statistics(CovarianceDivisor.N))
            .getMessage());
    one.add(new float[] {3, 5}, 1);
    assertArrayEquals(new double[4], one.statistics(CovarianceDivisor.N).covariance());
    assertEquals(
        "features of 1 images; a covariance with divisor n-1 needs at least 2",
        assertThrows(IllegalStateException.class, () -> one.statistics(CovarianceDivisor.N_MINUS_1))
            .getMessage());
  }

  @Test
  void divisorsHaveNames() {
    for (CovarianceDivisor divisor : CovarianceDivisor.values()) {
      assertEquals(divisor, CovarianceDivisor.of(divisor.id()));
    }
    assertEquals("n", CovarianceDivisor.N.id());
    assertEquals("n-1", CovarianceDivisor.N_MINUS_1.id());
    assertMessage("divisor is 'N'; expected n or n-1", () -> CovarianceDivisor.of("N"));
  }

  private static void assertMessage(String message, Runnable call) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, call::run).getMessage());
  }

  private static void assertClose(double[] expected, double[] actual) {
    double largest = 0;
    for (double value : expected) {
      largest = Math.max(largest, Math.abs(value));
    }
    assertArrayEquals(expected, actual, 1e-12 * largest);
  }

  private static byte[] bytes(FeatureMoments moments) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(moments);
    }
    return bytes.toByteArray();
  }

  private static FeatureMoments copy(FeatureMoments moments) throws Exception {
    try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes(moments)))) {
      return (FeatureMoments) in.readObject();
    }
  }
}
