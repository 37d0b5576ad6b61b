package dev.ect.model.linalg;

import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.openblas.global.openblas;

/**
 * Decompositions of dense float64 matrices, row-major. What {@link Blas} says about threads, native
 * copies and exceptions holds here too. Beyond that, methods throw IllegalArgumentException where a
 * matrix holds NaN, and ArithmeticException where LAPACK does not converge.
 */
public final class Lapack {
  private Lapack() {}

  /**
   * All eigenvalues and eigenvectors of a symmetric matrix, by divide and conquer ({@code dsyevd}).
   * Takes about 4 n^2 numbers of native memory.
   *
   * @param a [n, n]; only the upper triangle is read
   */
  public static SymmetricEigen symmetricEigen(double[] a, int n, int threads) {
    Blas.requireLength("the matrix", a.length, n, n);
    double[] values = new double[n];
    double[] vectors = new double[a.length];
    if (n == 0) {
      return new SymmetricEigen(values, vectors);
    }
    try (OpenBlas blas = OpenBlas.use(threads);
        DoublePointer matrix = new DoublePointer(a.length);
        DoublePointer eigenvalues = new DoublePointer(n)) {
      // Column-major is LAPACK's own order: our upper triangle is its lower one, its columns are
      // our rows, and nothing is transposed.
      int info =
          openblas.LAPACKE_dsyevd(
              openblas.LAPACK_COL_MAJOR,
              (byte) 'V',
              (byte) 'L',
              n,
              matrix.put(a, 0, a.length),
              n,
              eigenvalues);
      check("dsyevd", info, n, n);
      eigenvalues.get(values, 0, n);
      matrix.get(vectors, 0, vectors.length);
    }
    return new SymmetricEigen(values, vectors);
  }

  /**
   * The singular values of a matrix ({@code dgesdd}).
   *
   * @param a [rows, columns]
   * @return [min(rows, columns)], descending
   */
  public static double[] singularValues(double[] a, int rows, int columns, int threads) {
    Blas.requireLength("the matrix", a.length, rows, columns);
    double[] values = new double[Math.min(rows, columns)];
    if (values.length == 0) {
      return values;
    }
    try (OpenBlas blas = OpenBlas.use(threads);
        DoublePointer matrix = new DoublePointer(a.length);
        DoublePointer singular = new DoublePointer(values.length);
        DoublePointer none = new DoublePointer(1)) {
      // Those of the transpose, which is what our order is to LAPACK, are the same.
      int info =
          openblas.LAPACKE_dgesdd(
              openblas.LAPACK_COL_MAJOR,
              (byte) 'N',
              columns,
              rows,
              matrix.put(a, 0, a.length),
              columns,
              singular,
              none,
              1,
              none,
              1);
      check("dgesdd", info, rows, columns);
      singular.get(values, 0, values.length);
    }
    return values;
  }

  private static void check(String routine, int info, int rows, int columns) {
    if (info == 0) {
      return;
    }
    String matrix = " of a matrix of " + rows + " x " + columns;
    if (info == openblas.LAPACK_WORK_MEMORY_ERROR
        || info == openblas.LAPACK_TRANSPOSE_MEMORY_ERROR) {
      throw new OutOfMemoryError("no native memory for LAPACK's " + routine + matrix);
    }
    if (info < 0) {
      throw new IllegalArgumentException(
          "LAPACK's "
              + routine
              + matrix
              + " refuses argument "
              + -info
              + "; expected a matrix without NaN");
    }
    throw new ArithmeticException(
        "LAPACK's " + routine + matrix + " does not converge (info " + info + ")");
  }
}
