package dev.ect.model.linalg;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Random;
import org.bytedeco.openblas.global.openblas;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BlasTest {
  @ParameterizedTest
  @CsvSource({"1,1,1", "3,5,7", "64,33,130", "5,300,2"})
  void multipliesRowsWithRows(int rows, int columns, int width) {
    float[] a = floats(rows * width, 1);
    float[] b = floats(columns * width, 2);
    double[] expected = product(widen(a), rows, widen(b), columns, width);
    assertArrayEquals(
        expected,
        Blas.multiplyTransposed(widen(a), rows, widen(b), columns, width, 1),
        1e-13 * width);
    assertArrayEquals(
        expected, widen(Blas.multiplyTransposed(a, rows, b, columns, width, 1)), 1e-6 * width);
  }

  @ParameterizedTest
  @CsvSource({"1,1", "5,3", "70,130"})
  void aGramMatrixIsTheUpperTriangleOfTheProductWithItself(int rows, int width) {
    double[] a = widen(floats(rows * width, 3));
    double[] expected = product(a, rows, a, rows, width);
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < i; j++) {
        expected[i * rows + j] = 0;
      }
    }
    assertArrayEquals(expected, Blas.gram(a, rows, width, 1), 1e-13 * width);
  }

  @ParameterizedTest
  @CsvSource({"1,1", "3,2", "2,255", "3,256", "4,257", "2,600"})
  void addsOuterProductsToThePackedTriangle(int count, int width) {
    float[] rows = floats(count * width + 5, 4);
    double[] triangle = new double[Blas.packedSize(width)];
    assertEquals(width * (width + 1) / 2, triangle.length);
    double[] expected = new double[triangle.length];
    int next = 0;
    for (int i = 0; i < width; i++) {
      for (int j = i; j < width; j++) {
        triangle[next] = next;
        expected[next] = next;
        for (int n = 0; n < count; n++) {
          expected[next] += (double) rows[n * width + i] * rows[n * width + j];
        }
        next++;
      }
    }
    Blas.addOuterProducts(triangle, rows, count, width, 1);
    assertArrayEquals(expected, triangle, 1e-10);
  }

  @Test
  void nothingTimesNothingIsNothing() {
    assertArrayEquals(
        new float[0], Blas.multiplyTransposed(new float[0], 0, floats(6, 1), 2, 3, 1));
    assertArrayEquals(
        new double[4], Blas.multiplyTransposed(new double[0], 2, new double[0], 2, 0, 1));
    assertArrayEquals(new double[0], Blas.gram(new double[0], 0, 4, 1));
    double[] triangle = {1, 2, 3};
    Blas.addOuterProducts(triangle, new float[0], 0, 2, 1);
    assertArrayEquals(new double[] {1, 2, 3}, triangle);
  }

  @Test
  void refusesArraysOfOtherSizes() {
    float[] six = new float[6];
    double[] wide = new double[6];
    assertMessage(
        "b has 6 elements; expected [3, 3]", () -> Blas.multiplyTransposed(six, 2, six, 3, 3, 1));
    assertMessage(
        "a has 6 elements; expected [3, 3]", () -> Blas.multiplyTransposed(wide, 3, wide, 2, 3, 1));
    assertMessage("a has 6 elements; expected [2, 2]", () -> Blas.gram(wide, 2, 2, 1));
    assertMessage(
        "a has 6 elements; expected [4, 3]", () -> Blas.addOuterProducts(wide, six, 4, 3, 1));
    assertMessage(
        "the triangle has 6 elements; expected the 3 of width 2",
        () -> Blas.addOuterProducts(wide, six, 3, 2, 1));
    assertMessage(
        "the product is [65536, 65536]; expected at most 2^31 elements",
        () -> Blas.gram(new double[65536], 65536, 1, 1));
    assertMessage("0 threads; expected at least 1", () -> Blas.gram(wide, 2, 3, 0));
  }

  @Test
  void theNumberOfThreadsIsTheLargestAskedForAndThenWhatItWas() {
    try (OpenBlas one = OpenBlas.use(1)) {
      assertEquals(1, OpenBlas.current());
    }
    openblas.blas_set_num_threads(2);
    try {
      OpenBlas three = OpenBlas.use(3);
      assertEquals(3, OpenBlas.current());
      OpenBlas one = OpenBlas.use(1);
      assertEquals(3, OpenBlas.current());
      three.close();
      assertEquals(1, OpenBlas.current());
      one.close();
      assertEquals(2, OpenBlas.current());
    } finally {
      openblas.blas_set_num_threads(1);
    }
  }

  @Test
  void leavesANumberOfThreadsThatAnotherHasSetMeanwhile() {
    OpenBlas three = OpenBlas.use(3);
    openblas.blas_set_num_threads(1);
    three.close();
    assertEquals(1, OpenBlas.current());
    try (OpenBlas again = OpenBlas.use(2)) {
      assertEquals(2, OpenBlas.current());
    }
    assertEquals(1, OpenBlas.current());
  }

  private static void assertMessage(String message, Runnable call) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, call::run).getMessage());
  }

  private static double[] product(double[] a, int rows, double[] b, int columns, int width) {
    double[] product = new double[rows * columns];
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        for (int k = 0; k < width; k++) {
          product[i * columns + j] += a[i * width + k] * b[j * width + k];
        }
      }
    }
    return product;
  }

  private static float[] floats(int count, long seed) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static double[] widen(float[] values) {
    double[] wide = new double[values.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = values[i];
    }
    return wide;
  }
}
