package dev.ect.model.metrics;

import dev.ect.model.linalg.Blas;
import java.util.BitSet;

/**
 * Distances for improved precision and recall (Kynkäänniemi et al., "Improved Precision and Recall
 * Metric for Assessing Generative Models", 2019), block by block. An image of one set is covered by
 * another set if it lies within the radius of at least one of that set's images, the distance to
 * its k-th nearest neighbour there: precision is the covered part of the generated images, recall
 * that of the real ones.
 *
 * <p>For all pairs of blocks: {@link #squaredDistances(float[], int, long, float[], int, long,
 * int)} within a set goes into {@link SmallestDistances}, whose radii decide with {@link #covered}
 * over distances from the other set; bit sets of the same probes merge by {@link BitSet#or}.
 */
public final class Neighbours {
  private Neighbours() {}

  /**
   * Squared euclidean distances between the rows of two matrices: {@code |a|^2 + |b|^2 - 2 a.b}.
   * Scalar products are float32, everything else is float64; the error is a few 1e-7 of {@code
   * |a|^2 + |b|^2}. What rounding makes negative is 0.
   *
   * @param a [na, width]
   * @param b [nb, width]
   * @param threads of OpenBLAS, at least 1; see {@link Blas} for what else it bears upon
   * @return [na, nb]
   * @throws IllegalArgumentException if the arrays are not rows of one width, or a distance is not
   *     finite
   */
  public static float[] squaredDistances(float[] a, int na, float[] b, int nb, int threads) {
    if (na < 1 || nb < 1 || a.length == 0 || a.length % na != 0) {
      throw new IllegalArgumentException(
          a.length + " features do not make " + na + " images; expected some against some");
    }
    int width = a.length / na;
    double[] normsA = squaredNorms(a, na, width);
    float[] distances = Blas.multiplyTransposed(a, na, b, nb, width, threads);
    double[] normsB = squaredNorms(b, nb, width);
    for (int i = 0; i < na; i++) {
      for (int j = 0; j < nb; j++) {
        int at = i * nb + j;
        double squared = normsA[i] + normsB[j] - 2.0 * distances[at];
        if (!Double.isFinite(squared)) {
          throw new IllegalArgumentException(
              "the distance of row " + i + " from row " + j + " is " + squared);
        }
        distances[at] = (float) Math.max(squared, 0);
      }
    }
    return distances;
  }

  /**
   * As above for two blocks of one set: the distance of an image from itself is exactly 0.
   *
   * @param firstA index in the set of a's first row
   * @param firstB index in the set of b's first row
   */
  public static float[] squaredDistances(
      float[] a, int na, long firstA, float[] b, int nb, long firstB, int threads) {
    float[] distances = squaredDistances(a, na, b, nb, threads);
    for (int i = 0; i < na; i++) {
      long j = firstA + i - firstB;
      if (j >= 0 && j < nb) {
        distances[i * nb + (int) j] = 0;
      }
    }
    return distances;
  }

  /**
   * Which rows of a block, the probes, lie within the radius of at least one row of another.
   *
   * @param squaredDistances [probes, radii.length]
   * @param radii squared, as {@link SmallestDistances#radii} has them
   */
  public static BitSet covered(float[] squaredDistances, int probes, float[] radii) {
    if (squaredDistances.length != (long) probes * radii.length) {
      throw new IllegalArgumentException(
          squaredDistances.length
              + " distances; expected those of "
              + probes
              + " rows from "
              + radii.length);
    }
    BitSet covered = new BitSet(probes);
    for (int i = 0; i < probes; i++) {
      for (int j = 0; j < radii.length; j++) {
        if (squaredDistances[i * radii.length + j] <= radii[j]) {
          covered.set(i);
          break;
        }
      }
    }
    return covered;
  }

  private static double[] squaredNorms(float[] rows, int count, int width) {
    double[] norms = new double[count];
    for (int i = 0; i < count; i++) {
      double sum = 0;
      for (int j = i * width; j < (i + 1) * width; j++) {
        sum += (double) rows[j] * rows[j];
      }
      norms[i] = sum;
    }
    return norms;
  }
}
