package dev.ect.model.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FrechetDistanceTest {
  @Test
  void diagonalCovariancesCompareByTheirDeviations() {
    FeatureStatistics a = statistics(new double[] {1, 2, 3}, 4, 0, 0, 0, 9, 0, 0, 0, 0);
    FeatureStatistics b = statistics(new double[] {1, 0, 6}, 1, 0, 0, 0, 25, 0, 0, 0, 0.25);
    assertEquals(4 + 9 + 1 + 4 + 0.25, FrechetDistance.between(a, b, 1), 1e-12);
    assertEquals(4 + 9 + 1 + 4 + 0.25, FrechetDistance.between(b, a, 1), 1e-12);
  }

  @Test
  void covariancesThatDoNotCommuteHaveTheClosedFormOfTwoDimensions() {
    Random random = new Random(5);
    for (int trial = 0; trial < 50; trial++) {
      double[] a = covariance(random);
      double[] b = covariance(random);
      // tr (A B)^(1/2) = (tr A B + 2 (det A B)^(1/2))^(1/2)
      double trace = a[0] * b[0] + 2 * a[1] * b[1] + a[3] * b[3];
      double determinant = (a[0] * a[3] - a[1] * a[1]) * (b[0] * b[3] - b[1] * b[1]);
      double expected =
          a[0] + a[3] + b[0] + b[3] - 2 * Math.sqrt(trace + 2 * Math.sqrt(determinant));
      assertEquals(
          expected,
          FrechetDistance.between(statistics(new double[2], a), statistics(new double[2], b), 1),
          1e-12);
    }
  }

  @Test
  void covariancesOfRankOneCompareByTheirDirections() {
    FeatureStatistics a = statistics(new double[2], 9, 12, 12, 16);
    FeatureStatistics b = statistics(new double[2], 16, -12, -12, 9);
    FeatureStatistics none = statistics(new double[2], 0, 0, 0, 0);
    assertEquals(50, FrechetDistance.between(a, b, 1), 1e-12, "orthogonal");
    assertEquals(25, FrechetDistance.between(a, none, 1), 1e-12);
    assertEquals(0, FrechetDistance.between(none, none, 1));
    FeatureStatistics twice = statistics(new double[2], 36, 48, 48, 64);
    assertEquals(25, FrechetDistance.between(a, twice, 1), 1e-12, "(10 - 5)^2");
  }

  @ParameterizedTest
  @CsvSource({"300,512", "700,256"})
  void aSetHasNoDistanceFromItself(int count, int width) {
    float[] rows = FeatureSets.inception(count, width, 7);
    for (CovarianceDivisor divisor : CovarianceDivisor.values()) {
      FeatureStatistics all = FeatureSets.statistics(rows, width, divisor);
      FeatureStatistics otherwiseCut =
          new FeatureMoments()
              .add(FeatureSets.rows(rows, width, 101, count), count - 101)
              .merge(new FeatureMoments().add(FeatureSets.rows(rows, width, 0, 101), 101))
              .statistics(divisor);
      assertTrue(trace(all) > 10, "features of some spread: " + trace(all));
      double itself = FrechetDistance.between(all, all, 1);
      assertTrue(itself >= 0 && itself < 1e-9, "itself: " + itself);
      double again = FrechetDistance.between(all, otherwiseCut, 1);
      assertTrue(again >= 0 && again < 1e-6, "cut otherwise: " + again);
    }
  }

  @Test
  void fewImagesOfManyFeaturesCompareAsInTheSpaceTheySpan() {
    // Eight values, each four times: along an orthonormal basis that is twice every value.
    int width = 32;
    float[] a = spanned(60, 1);
    float[] b = spanned(60, 2);
    double found =
        FrechetDistance.between(
            FeatureSets.statistics(a, width, CovarianceDivisor.N),
            FeatureSets.statistics(b, width, CovarianceDivisor.N),
            1);
    double expected =
        FrechetDistance.between(
            FeatureSets.statistics(coordinates(a), 8, CovarianceDivisor.N),
            FeatureSets.statistics(coordinates(b), 8, CovarianceDivisor.N),
            1);
    assertTrue(expected > 0.1, "a distance to speak of: " + expected);
    assertEquals(expected, found, 1e-9 * expected);
  }

  @Test
  void roundingNoiseInASubspaceIsNoVariance() {
    // Sixty-fourths, so that sums of four are exact in float32.
    float[] a = new float[200 * 32];
    Random random = new Random(3);
    for (int i = 0; i < a.length; i++) {
      a[i] = Math.round(64 * random.nextGaussian()) / 64f;
    }
    float[] projected = new float[200 * 8];
    for (int i = 0; i < projected.length; i++) {
      int row = i / 8;
      for (int times = 0; times < 4; times++) {
        projected[i] += a[32 * row + 8 * times + i % 8] / 2;
      }
    }
    float[] b = spanned(60, 1);
    FeatureStatistics all = FeatureSets.statistics(a, 32, CovarianceDivisor.N);
    FeatureStatistics part = FeatureSets.statistics(projected, 8, CovarianceDivisor.N);
    FeatureStatistics few = FeatureSets.statistics(b, 32, CovarianceDivisor.N);
    FeatureStatistics along = FeatureSets.statistics(coordinates(b), 8, CovarianceDivisor.N);
    // What lies across the subspace of b adds its own mean and variance.
    double across =
        squaredDifference(all, few) - squaredDifference(part, along) + trace(all) - trace(part);
    assertEquals(
        FrechetDistance.between(part, along, 1) + across,
        FrechetDistance.between(all, few, 1),
        1e-10);
  }

  @Test
  void scalesWithTheSquareOfTheFeatures() {
    float[] a = FeatureSets.inception(100, 32, 1);
    float[] b = FeatureSets.inception(90, 32, 2);
    double distance = distance(a, b);
    for (int i = 0; i < a.length; i++) {
      a[i] *= 1024;
    }
    for (int i = 0; i < b.length; i++) {
      b[i] *= 1024;
    }
    assertTrue(distance > 0.01, "a distance to speak of: " + distance);
    assertEquals(distance * 1024 * 1024, distance(a, b), 1e-4 * distance);
  }

  @Test
  void refusesOtherWidths() {
    FeatureStatistics a = statistics(new double[] {1}, 4);
    FeatureStatistics b = statistics(new double[] {1, 2}, 4, 0, 0, 4);
    assertEquals(
        "features of width 1 against 2; expected statistics from the same detector",
        assertThrows(IllegalArgumentException.class, () -> FrechetDistance.between(a, b, 1))
            .getMessage());
  }

  private static double distance(float[] a, float[] b) {
    return FrechetDistance.between(
        FeatureSets.statistics(a, 32, CovarianceDivisor.N_MINUS_1),
        FeatureSets.statistics(b, 32, CovarianceDivisor.N_MINUS_1),
        1);
  }

  private static FeatureStatistics statistics(double[] mean, double... covariance) {
    return new FeatureStatistics(mean, covariance, 0, Optional.empty());
  }

  private static double[] covariance(Random random) {
    double x = random.nextGaussian();
    double y = random.nextGaussian();
    double z = random.nextGaussian();
    return new double[] {x * x + y * y, y * z, y * z, z * z + 0.01};
  }

  private static double squaredDifference(FeatureStatistics a, FeatureStatistics b) {
    double sum = 0;
    for (int i = 0; i < a.width(); i++) {
      sum += (a.mean()[i] - b.mean()[i]) * (a.mean()[i] - b.mean()[i]);
    }
    return sum;
  }

  private static double trace(FeatureStatistics statistics) {
    double trace = 0;
    for (int i = 0; i < statistics.width(); i++) {
      trace += statistics.covariance()[i * (statistics.width() + 1)];
    }
    return trace;
  }

  /** [count, 32]: eight values, four times. */
  private static float[] spanned(int count, long seed) {
    Random random = new Random(seed);
    float[] rows = new float[count * 32];
    for (int n = 0; n < count; n++) {
      for (int j = 0; j < 8; j++) {
        float value = (float) random.nextGaussian() + (seed == 1 ? 0 : j / 8f);
        for (int times = 0; times < 4; times++) {
          rows[n * 32 + 8 * times + j] = value;
        }
      }
    }
    return rows;
  }

  /** [count, 8]: the {@link #spanned} rows along an orthonormal basis. */
  private static float[] coordinates(float[] rows) {
    float[] coordinates = new float[rows.length / 4];
    for (int i = 0; i < coordinates.length; i++) {
      int row = i / 8;
      coordinates[i] = 2 * rows[32 * row + i % 8];
    }
    return coordinates;
  }
}
