package dev.ect.model.linalg;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LapackTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 100})
  void eigenvectorsAreOrthonormalAndMakeTheMatrix(int n) {
    double[] a = gaussians(n * n, n);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < i; j++) {
        a[i * n + j] = a[j * n + i];
      }
    }
    double[] before = a.clone();
    SymmetricEigen eigen = Lapack.symmetricEigen(a, n, 1);
    assertArrayEquals(before, a);
    double[] v = eigen.vectors();
    double[] sorted = eigen.values().clone();
    Arrays.sort(sorted);
    assertArrayEquals(sorted, eigen.values(), "ascending");
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        double dot = 0;
        double sum = 0;
        for (int k = 0; k < n; k++) {
          dot += v[i * n + k] * v[j * n + k];
          sum += v[k * n + i] * eigen.values()[k] * v[k * n + j];
        }
        assertEquals(i == j ? 1 : 0, dot, 1e-13, "orthonormal");
        assertEquals(a[i * n + j], sum, 1e-12, "S = V^T L V");
      }
    }
  }

  @Test
  void readsTheUpperTriangleOnly() {
    SymmetricEigen eigen = Lapack.symmetricEigen(new double[] {2, 1, 77, 2}, 2, 1);
    assertArrayEquals(new double[] {1, 3}, eigen.values(), 1e-15);
    double half = Math.sqrt(0.5);
    assertEquals(half, Math.abs(eigen.vectors()[0]), 1e-15);
    assertEquals(-eigen.vectors()[0], eigen.vectors()[1], 1e-15);
    assertEquals(eigen.vectors()[2], eigen.vectors()[3], 1e-15);
  }

  @Test
  void singularValuesAreThoseOfEitherOrientation() {
    // diag(3, 2) turned by 3-4-5 rotations on both sides, with a column of zeros.
    double[] a = {
      3 * 0.6 * 0.8 - 2 * 0.8 * 0.6,
      3 * 0.6 * 0.6 + 2 * 0.8 * 0.8,
      0,
      3 * 0.8 * 0.8 + 2 * 0.6 * 0.6,
      3 * 0.8 * 0.6 - 2 * 0.6 * 0.8,
      0
    };
    assertArrayEquals(new double[] {3, 2}, Lapack.singularValues(a, 2, 3, 1), 1e-14);
    double[] transposed = {a[0], a[3], a[1], a[4], 0, 0};
    assertArrayEquals(new double[] {3, 2}, Lapack.singularValues(transposed, 3, 2, 1), 1e-14);
  }

  @Test
  void singularValuesHaveTheMatrixsNorm() {
    double[] a = gaussians(40 * 130, 9);
    double squares = Arrays.stream(a).map(x -> x * x).sum();
    double[] values = Lapack.singularValues(a, 40, 130, 1);
    assertEquals(40, values.length);
    assertEquals(squares, Arrays.stream(values).map(x -> x * x).sum(), 1e-10);
  }

  @Test
  void emptyMatricesHaveNothing() {
    assertEquals(0, Lapack.singularValues(new double[0], 0, 3, 1).length);
    assertEquals(0, Lapack.symmetricEigen(new double[0], 0, 1).values().length);
  }

  @Test
  void saysWhatLapackRefuses() {
    double[] bad = {1, Double.NaN, 0, 1};
    assertEquals(
        "LAPACK's dsyevd of a matrix of 2 x 2 refuses argument 5; expected a matrix without NaN",
        assertThrows(IllegalArgumentException.class, () -> Lapack.symmetricEigen(bad, 2, 1))
            .getMessage());
    assertEquals(
        "LAPACK's dgesdd of a matrix of 2 x 2 refuses argument 5; expected a matrix without NaN",
        assertThrows(IllegalArgumentException.class, () -> Lapack.singularValues(bad, 2, 2, 1))
            .getMessage());
    assertThrows(IllegalArgumentException.class, () -> Lapack.symmetricEigen(bad, 3, 1));
  }

  private static double[] gaussians(int count, long seed) {
    return new Random(seed).doubles(count).map(x -> 2 * x - 1).toArray();
  }
}
