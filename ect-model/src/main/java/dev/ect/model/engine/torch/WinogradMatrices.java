package dev.ect.model.engine.torch;

/**
 * The matrices of Winograd's minimal filtering F(4x4, 3x3) (Lavin and Gray, "Fast algorithms for
 * convolutional neural networks", arXiv 1509.09308): an output tile of 4x4 pixels is {@code A^T ((G
 * w G^T) * (B^T d B)) A} of the filter w and the input tile d of 6x6.
 *
 * <p>They are those of polynomials that are multiplied by their values at five points and at
 * infinity. With the usual points 0, 1, -1, 2, -2 float32 loses a digit more than with these (root
 * mean square error 2.8e-6 against 1.4e-6, where the outputs have deviation 1).
 *
 * <p>Each matrix comes as its Kronecker square, which transforms a flattened tile at once.
 */
final class WinogradMatrices {
  /** Side of an output tile. */
  static final int OUT = 4;

  /** Side of a filter. */
  static final int FILTER = 3;

  /** Side of an input tile. */
  static final int IN = OUT + FILTER - 1;

  private static final double[] POINTS = {0, 0.75, -0.75, 1.5, -1.5};

  private WinogradMatrices() {}

  /** {@code A^T x A^T}: {@code [16, 36]}, row-major. */
  static float[] output() {
    double[][] a = new double[OUT][IN];
    for (int i = 0; i < POINTS.length; i++) {
      for (int j = 0; j < OUT; j++) {
        a[j][i] = Math.pow(POINTS[i], j);
      }
    }
    a[OUT - 1][IN - 1] = 1;
    return square(a);
  }

  /** {@code G x G}: {@code [36, 9]}, row-major. */
  static float[] filter() {
    double[][] g = new double[IN][FILTER];
    for (int i = 0; i < POINTS.length; i++) {
      double others = 1;
      for (int k = 0; k < POINTS.length; k++) {
        others *= k == i ? 1 : POINTS[i] - POINTS[k];
      }
      for (int j = 0; j < FILTER; j++) {
        g[i][j] = Math.pow(POINTS[i], j) / others;
      }
    }
    g[IN - 1][FILTER - 1] = 1;
    return square(g);
  }

  /** {@code B^T x B^T}: {@code [36, 36]}, row-major. */
  static float[] input() {
    double[][] b = new double[IN][];
    for (int i = 0; i < IN; i++) {
      b[i] = withRoots(i);
    }
    return square(b);
  }

  /** Coefficients, constant first, of the product of {@code x - point} over all points but one. */
  private static double[] withRoots(int but) {
    double[] product = new double[IN];
    product[0] = 1;
    for (int k = 0; k < POINTS.length; k++) {
      if (k != but) {
        for (int j = IN - 1; j >= 0; j--) {
          product[j] = (j > 0 ? product[j - 1] : 0) - POINTS[k] * product[j];
        }
      }
    }
    return product;
  }

  private static float[] square(double[][] m) {
    int rows = m.length;
    int columns = m[0].length;
    float[] square = new float[rows * rows * columns * columns];
    int at = 0;
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < rows; j++) {
        for (int k = 0; k < columns; k++) {
          for (int l = 0; l < columns; l++) {
            square[at++] = (float) (m[i][k] * m[j][l]);
          }
        }
      }
    }
    return square;
  }
}
