package dev.ect.model.linalg;

import java.nio.DoubleBuffer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.openblas.global.openblas;

/**
 * Products of dense matrices. Matrices are row-major; native copies of the arguments live for the
 * length of a call.
 *
 * <p>Safe for use by several threads, but OpenBLAS has one number of threads for the whole process:
 * while calls overlap, here and in {@link Lapack}, the largest number asked for holds for all of
 * them, and for whoever else uses OpenBLAS; afterwards it is what it was before. The last bits of a
 * product may depend on that number, and on nothing else but the arguments.
 *
 * <p>Methods throw IllegalArgumentException where an array's length does not go with the sizes, and
 * IllegalStateException where OpenBLAS does not load.
 */
public final class Blas {
  /** Columns of a triangle that are computed at once. */
  private static final int TILE = 256;

  private Blas() {}

  /**
   * {@code A B^T}: the scalar products of the rows of two matrices.
   *
   * @param a [rows, width]
   * @param b [columns, width]
   * @return [rows, columns]
   */
  public static float[] multiplyTransposed(
      float[] a, int rows, float[] b, int columns, int width, int threads) {
    requireLength("a", a.length, rows, width);
    requireLength("b", b.length, columns, width);
    float[] product = new float[size("the product", rows, columns)];
    if (product.length == 0 || width == 0) {
      return product;
    }
    try (OpenBlas blas = OpenBlas.use(threads);
        FloatPointer left = new FloatPointer(a.length);
        FloatPointer right = new FloatPointer(b.length);
        FloatPointer out = new FloatPointer(product.length)) {
      openblas.cblas_sgemm(
          openblas.CblasRowMajor,
          openblas.CblasNoTrans,
          openblas.CblasTrans,
          rows,
          columns,
          width,
          1,
          left.put(a, 0, a.length),
          width,
          right.put(b, 0, b.length),
          width,
          0,
          out,
          columns);
      out.get(product, 0, product.length);
    }
    return product;
  }

  /** As above, in float64. */
  public static double[] multiplyTransposed(
      double[] a, int rows, double[] b, int columns, int width, int threads) {
    requireLength("a", a.length, rows, width);
    requireLength("b", b.length, columns, width);
    double[] product = new double[size("the product", rows, columns)];
    if (product.length == 0 || width == 0) {
      return product;
    }
    try (OpenBlas blas = OpenBlas.use(threads);
        DoublePointer left = new DoublePointer(a.length);
        DoublePointer right = new DoublePointer(b.length);
        DoublePointer out = new DoublePointer(product.length)) {
      openblas.cblas_dgemm(
          openblas.CblasRowMajor,
          openblas.CblasNoTrans,
          openblas.CblasTrans,
          rows,
          columns,
          width,
          1,
          left.put(a, 0, a.length),
          width,
          right.put(b, 0, b.length),
          width,
          0,
          out,
          columns);
      out.get(product, 0, product.length);
    }
    return product;
  }

  /**
   * The upper triangle of {@code A A^T}, the scalar products of a matrix's rows with each other.
   *
   * @param a [rows, width]
   * @return [rows, rows]; 0 below the diagonal
   */
  public static double[] gram(double[] a, int rows, int width, int threads) {
    requireLength("a", a.length, rows, width);
    double[] product = new double[size("the product", rows, rows)];
    if (product.length == 0 || width == 0) {
      return product;
    }
    try (OpenBlas blas = OpenBlas.use(threads);
        DoublePointer in = new DoublePointer(a.length);
        DoublePointer out = new DoublePointer(product.length)) {
      openblas.cblas_dsyrk(
          openblas.CblasRowMajor,
          openblas.CblasUpper,
          openblas.CblasNoTrans,
          rows,
          width,
          1,
          in.put(a, 0, a.length),
          width,
          0,
          out.put(product, 0, product.length),
          rows);
      out.get(product, 0, product.length);
    }
    return product;
  }

  /** Elements of a symmetric matrix's upper triangle: {@code width (width + 1) / 2}. */
  public static int packedSize(int width) {
    return size("a triangle", width, width) / 2 + (width + 1) / 2;
  }

  /**
   * Adds the upper triangle of {@code A^T A} in float64: the sum of the rows' outer products. The
   * triangle is computed in strips of rows, so that no whole square is held.
   *
   * @param triangle [width (width + 1) / 2]: the rows of the upper triangle one after another, each
   *     from its diagonal element on; changed in place
   * @param a [count, width] or longer
   */
  public static void addOuterProducts(
      double[] triangle, float[] a, int count, int width, int threads) {
    if (a.length < size("a", count, width)) {
      requireLength("a", a.length, count, width);
    }
    if (triangle.length != packedSize(width)) {
      throw new IllegalArgumentException(
          "the triangle has "
              + triangle.length
              + " elements; expected the "
              + packedSize(width)
              + " of width "
              + width);
    }
    if (count == 0 || width == 0) {
      return;
    }
    int strip = Math.min(TILE, width);
    try (OpenBlas blas = OpenBlas.use(threads);
        DoublePointer rows = new DoublePointer((long) count * width);
        DoublePointer out = new DoublePointer((long) strip * width)) {
      DoubleBuffer widened = rows.asBuffer();
      for (int i = 0; i < count * width; i++) {
        widened.put(i, a[i]);
      }
      double[] line = new double[width];
      int next = 0;
      for (int from = 0; from < width; from += strip) {
        int height = Math.min(strip, width - from);
        int length = width - from;
        rows.position(from);
        openblas.cblas_dgemm(
            openblas.CblasRowMajor,
            openblas.CblasTrans,
            openblas.CblasNoTrans,
            height,
            length,
            count,
            1,
            rows,
            width,
            rows,
            width,
            0,
            out,
            length);
        DoubleBuffer computed = out.asBuffer();
        for (int i = 0; i < height; i++) {
          computed.get(i * length + i, line, 0, length - i);
          for (int j = 0; j < length - i; j++) {
            triangle[next++] += line[j];
          }
        }
      }
    }
  }

  static void requireLength(String name, int length, int rows, int columns) {
    if (length != size(name, rows, columns)) {
      throw new IllegalArgumentException(
          name + " has " + length + " elements; expected [" + rows + ", " + columns + "]");
    }
  }

  private static int size(String name, int rows, int columns) {
    long size = (long) rows * columns;
    if (rows < 0 || columns < 0 || size > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          name + " is [" + rows + ", " + columns + "]; expected at most 2^31 elements");
    }
    return (int) size;
  }
}
