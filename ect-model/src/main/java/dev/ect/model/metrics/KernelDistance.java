package dev.ect.model.metrics;

import dev.ect.model.linalg.Blas;
import dev.ect.model.random.Philox;
import dev.ect.model.random.Purpose;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * The kernel inception distance (Binkowski et al., "Demystifying MMD GANs", 2018): the squared
 * maximum mean discrepancy of the features under the kernel {@code k(x, y) = (x.y / d + 1)^3},
 * estimated without bias on random subsets of both sets. KID is the mean of the estimates; those of
 * sets that do not differ scatter around 0.
 */
public final class KernelDistance {
  /** Number of subsets. */
  public static final int SUBSETS = 100;

  /** Most images of one subset. */
  public static final int MAX_SUBSET = 1000;

  private KernelDistance() {}

  /** Images of one subset, of each side: those of the smaller set, {@link #MAX_SUBSET} at most. */
  public static int subsetSize(long real, long generated) {
    return (int) Math.min(Math.min(real, generated), MAX_SUBSET);
  }

  /**
   * Which images a subset holds: drawn without replacement, a function of the arguments only.
   *
   * @param subset from 0
   * @param side 0 for real images, 1 for generated ones
   * @param images in the set
   * @param size of the subset, at most {@code images}
   * @return [size] indices, ascending
   */
  public static int[] subset(long seed, int subset, int side, int images, int size) {
    if (size < 0 || size > images) {
      throw new IllegalArgumentException("a subset of " + size + " of " + images + " images");
    }
    Philox random = new Philox(seed, Purpose.KERNEL_SUBSETS, subset, side);
    // The start of Fisher and Yates's shuffle, on a list of which only the changes are held.
    Map<Integer, Integer> moved = new HashMap<>();
    int[] chosen = new int[size];
    for (int i = 0; i < size; i++) {
      int from = i + random.nextInt(images - i);
      chosen[i] = moved.getOrDefault(from, from);
      moved.put(from, moved.getOrDefault(i, i));
    }
    Arrays.sort(chosen);
    return chosen;
  }

  /**
   * The unbiased estimate of the squared discrepancy from one subset of either side, in float64.
   *
   * @param generated [size, width]
   * @param real [size, width]
   * @param size at least 2
   * @param threads of OpenBLAS, at least 1; see {@link Blas} for what else it bears upon
   * @throws IllegalArgumentException if the arrays are not of that size and one width
   */
  public static double unbiased(float[] generated, float[] real, int size, int threads) {
    if (size < 2 || generated.length == 0 || generated.length % size != 0) {
      throw new IllegalArgumentException(
          generated.length + " features do not make " + size + " images; expected at least 2");
    }
    if (real.length != generated.length) {
      throw new IllegalArgumentException(
          real.length
              + " features of real images and "
              + generated.length
              + " of generated ones; expected as many");
    }
    int width = generated.length / size;
    double[] x = widen(generated);
    double[] y = widen(real);
    double within =
        sumAboveDiagonal(Blas.gram(x, size, width, threads), size, width)
            + sumAboveDiagonal(Blas.gram(y, size, width, threads), size, width);
    double across = 0;
    for (double product : Blas.multiplyTransposed(x, size, y, size, width, threads)) {
      across += kernel(product, width);
    }
    return 2 * within / ((double) size * (size - 1)) - 2 * across / ((double) size * size);
  }

  private static double sumAboveDiagonal(double[] products, int size, int width) {
    double sum = 0;
    for (int i = 0; i < size; i++) {
      for (int j = i + 1; j < size; j++) {
        sum += kernel(products[i * size + j], width);
      }
    }
    return sum;
  }

  private static double kernel(double product, int width) {
    double base = product / width + 1;
    return base * base * base;
  }

  private static double[] widen(float[] values) {
    double[] wide = new double[values.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = values[i];
    }
    return wide;
  }
}
