package dev.ect.model.tuning;

import dev.ect.model.linalg.Lapack;
import dev.ect.model.linalg.SymmetricEigen;
import java.util.Arrays;
import java.util.List;

/**
 * Weights with which stored power-function averages add up to one that was not kept: the sum of
 * their profiles comes closest to the wanted one in least squares (Karras et al., arXiv 2312.02696,
 * section 3.2 and appendix C).
 *
 * <p>Beyond the paper, the weights sum to 1, so that what does not change during a run comes out as
 * it is: the networks here are not indifferent to the scale of their weights.
 *
 * @param weights of the stored averages
 * @param error norm of what is missing of the wanted profile, as a share of its norm
 */
public record PostHocFit(List<Double> weights, double error) {
  /**
   * Added to the eigenvalues of the normalised profiles' scalar products: float32 averages are
   * rounded by about a millionth, and weights that large would only sum up rounding.
   */
  private static final double ROUNDING = 1e-12;

  public PostHocFit {
    weights = List.copyOf(weights);
  }

  /**
   * Fits. A profile that is stored is taken as it is.
   *
   * @param stored at least one
   * @throws IllegalArgumentException if none is stored, or not one is as late as the wanted one
   */
  public static PostHocFit of(List<PowerFunctionProfile> stored, PowerFunctionProfile wanted) {
    if (stored.stream().noneMatch(each -> each.images() >= wanted.images())) {
      throw new IllegalArgumentException(
          "no average is stored as late as after " + wanted.images() + " images");
    }
    int n = stored.size();
    double[] weights = new double[n];
    int same = stored.indexOf(wanted);
    if (same >= 0) {
      weights[same] = 1;
      return new PostHocFit(boxed(weights), 0);
    }
    // Of profiles of norm 1: a for the stored with each other, b with the wanted, c their
    // integrals.
    double[] a = new double[n * n];
    double[] b = new double[n];
    double[] c = new double[n];
    for (int i = 0; i < n; i++) {
      PowerFunctionProfile each = stored.get(i);
      for (int j = 0; j < n; j++) {
        a[i * n + j] = each.dot(stored.get(j)) / each.norm() / stored.get(j).norm();
      }
      b[i] = each.dot(wanted) / each.norm() / wanted.norm();
      c[i] = wanted.norm() / each.norm();
    }
    SymmetricEigen eigen = Lapack.symmetricEigen(a, n, 1);
    double[] free = solve(eigen, b);
    double[] lift = solve(eigen, c);
    double lacking = (1 - dot(c, free)) / dot(c, lift);
    double[] x = new double[n];
    for (int i = 0; i < n; i++) {
      x[i] = free[i] + lacking * lift[i];
      weights[i] = x[i] * c[i];
    }
    double square = 1 - 2 * dot(b, x);
    for (int i = 0; i < n; i++) {
      square += x[i] * dot(Arrays.copyOfRange(a, i * n, (i + 1) * n), x);
    }
    return new PostHocFit(boxed(weights), Math.sqrt(Math.max(0, square)));
  }

  private static double[] solve(SymmetricEigen eigen, double[] right) {
    int n = right.length;
    double[] solution = new double[n];
    for (int k = 0; k < n; k++) {
      double[] vector = Arrays.copyOfRange(eigen.vectors(), k * n, (k + 1) * n);
      double along = dot(vector, right) / (Math.max(0, eigen.values()[k]) + ROUNDING);
      for (int i = 0; i < n; i++) {
        solution[i] += along * vector[i];
      }
    }
    return solution;
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  private static List<Double> boxed(double[] values) {
    return Arrays.stream(values).boxed().toList();
  }
}
