package dev.ect.model.metrics;

import dev.ect.model.linalg.Blas;
import dev.ect.model.linalg.Lapack;
import dev.ect.model.linalg.SymmetricEigen;
import java.util.Arrays;

/**
 * The Frechet distance between two normal distributions, of which FID is the one over features of
 * the Inception network (Heusel et al., "GANs Trained by a Two Time-Scale Update Rule Converge to a
 * Local Nash Equilibrium", 2017): {@code |mu_a - mu_b|^2 + tr(S_a + S_b - 2 (S_a S_b)^(1/2))}.
 *
 * <p>The last trace is computed without a root of a matrix: with factors {@code S = F F^T} it is
 * the sum of the singular values of {@code F_a^T F_b}, for their squares are the eigenvalues of
 * {@code S_a S_b}. The factors come from the eigenvalues, without those that are only rounding
 * noise, so that sets with fewer images than features are no special case.
 */
public final class FrechetDistance {
  private FrechetDistance() {}

  /**
   * Takes about 6 d^2 float64 numbers of memory.
   *
   * @param threads of OpenBLAS, at least 1; see {@link Blas} for what else it bears upon
   * @return at least 0
   * @throws IllegalArgumentException if the widths differ
   */
  public static double between(FeatureStatistics a, FeatureStatistics b, int threads) {
    int d = a.width();
    if (b.width() != d) {
      throw new IllegalArgumentException(
          "features of width "
              + d
              + " against "
              + b.width()
              + "; expected statistics from the same detector");
    }
    double means = 0;
    for (int i = 0; i < d; i++) {
      double difference = a.mean()[i] - b.mean()[i];
      means += difference * difference;
    }
    Factor left = Factor.of(a.covariance(), d, threads);
    Factor right = Factor.of(b.covariance(), d, threads);
    double[] product =
        Blas.multiplyTransposed(left.rows, left.rank, right.rows, right.rank, d, threads);
    double cross =
        Arrays.stream(Lapack.singularValues(product, left.rank, right.rank, threads)).sum();
    return Math.max(0, means + left.trace + right.trace - 2 * cross);
  }

  /**
   * The transposed factor of a covariance, {@code S = rows^T rows}.
   *
   * @param rows [rank, d]
   * @param trace of S
   */
  private record Factor(double[] rows, int rank, double trace) {
    static Factor of(double[] covariance, int d, int threads) {
      SymmetricEigen eigen = Lapack.symmetricEigen(covariance, d, threads);
      double[] values = eigen.values();
      // What rounding makes of an eigenvalue of 0: its root would be no small number any more.
      double noise = d * Math.ulp(1.0) * values[d - 1];
      int first = 0;
      while (first < d && !(values[first] > noise)) {
        first++;
      }
      double[] rows = Arrays.copyOfRange(eigen.vectors(), first * d, d * d);
      double trace = 0;
      for (int i = first; i < d; i++) {
        double root = Math.sqrt(values[i]);
        for (int j = (i - first) * d; j < (i - first + 1) * d; j++) {
          rows[j] *= root;
        }
        trace += values[i];
      }
      return new Factor(rows, d - first, trace);
    }
  }
}
