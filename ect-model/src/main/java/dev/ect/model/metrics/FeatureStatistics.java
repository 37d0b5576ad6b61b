package dev.ect.model.metrics;

import dev.ect.model.io.BadFileException;
import dev.ect.model.io.NpyArray;
import dev.ect.model.io.Npz;
import dev.ect.model.io.Store;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Mean and covariance of a set's features. Files are .npz as the EDM family publishes them, with
 * float64 arrays mu [d] and sigma [d, d]; ours also hold count (int64), divisor (n or n-1) and
 * metadata, each a single value.
 *
 * @param mean [d]
 * @param covariance [d, d] row-major, symmetric
 * @param count number of images; 0 where it is not known
 * @param divisor of the covariance; empty where it is not known
 */
public record FeatureStatistics(
    double[] mean, double[] covariance, long count, Optional<CovarianceDivisor> divisor) {
  private static final String MEAN = "mu";
  private static final String COVARIANCE = "sigma";
  private static final String COUNT = "count";
  private static final String DIVISOR = "divisor";
  private static final Set<String> OWN = Set.of(MEAN, COVARIANCE, COUNT, DIVISOR);

  /** How far a covariance may be from symmetric, as a part of its largest value. */
  private static final double ASYMMETRY = 1e-4;

  /**
   * @throws IllegalArgumentException if the covariance is not [d, d], not symmetric but for
   *     rounding, or a value is not finite, or the count is negative
   */
  public FeatureStatistics {
    int d = mean.length;
    if (d == 0 || (long) d * d != covariance.length) {
      throw new IllegalArgumentException(
          "sigma has " + covariance.length + " values and mu " + d + "; expected d x d and d");
    }
    if (count < 0) {
      throw new IllegalArgumentException("count is " + count + "; expected a number of images");
    }
    requireFinite(MEAN, mean);
    requireFinite(COVARIANCE, covariance);
    requireSymmetric(covariance, d);
  }

  FeatureStatistics(double[] mean, double[] covariance, long count, CovarianceDivisor divisor) {
    this(mean, covariance, count, Optional.of(divisor));
  }

  /** Number of features, d. */
  public int width() {
    return mean.length;
  }

  /**
   * The same with the covariance rescaled to another divisor, if its count and divisor are known;
   * otherwise these statistics as they are.
   *
   * @throws IllegalArgumentException if one image is all there is and n-1 is wanted
   */
  public FeatureStatistics withDivisor(CovarianceDivisor wanted) {
    if (count == 0 || divisor.isEmpty() || divisor.get() == wanted) {
      return this;
    }
    if (count < wanted.fewest()) {
      throw new IllegalArgumentException(
          "features of one image; a covariance with divisor " + wanted.id() + " needs two");
    }
    double factor = divisor.get().of(count) / wanted.of(count);
    return new FeatureStatistics(
        mean, Arrays.stream(covariance).map(value -> value * factor).toArray(), count, wanted);
  }

  /**
   * Reads a .npz.
   *
   * @throws BadFileException if it is no .npz, lacks mu or sigma, or holds something else under
   *     these names, or under count and divisor
   */
  public static FeatureStatistics read(Store store, String path) throws IOException {
    try (Npz npz = Npz.open(store, path)) {
      Set<String> names = npz.names();
      if (!names.containsAll(List.of(MEAN, COVARIANCE))) {
        throw new BadFileException(
            path,
            (names.isEmpty() ? "holds no arrays" : "holds " + String.join(", ", names))
                + "; expected feature statistics, with mu and sigma");
      }
      NpyArray.Doubles mean = numbers(path, npz, MEAN, 1);
      NpyArray.Doubles covariance = numbers(path, npz, COVARIANCE, 2);
      int d = mean.values().length;
      if (d == 0 || !covariance.shape().equals(List.of(d, d))) {
        throw new BadFileException(
            path,
            "sigma has the shape "
                + covariance.shape()
                + " and mu "
                + mean.shape()
                + "; expected [d, d] and [d]");
      }
      long count = 0;
      if (names.contains(COUNT)) {
        if (!(npz.array(COUNT) instanceof NpyArray.Longs value) || !value.shape().isEmpty()) {
          throw new BadFileException(path, "count is not a single int64");
        }
        count = value.values()[0];
      }
      Optional<CovarianceDivisor> divisor = Optional.empty();
      if (names.contains(DIVISOR)) {
        divisor = Optional.of(CovarianceDivisor.of(npz.text(DIVISOR).orElse("no text")));
      }
      return new FeatureStatistics(mean.values(), covariance.values(), count, divisor);
    } catch (IllegalArgumentException e) {
      throw new BadFileException(path, e.getMessage(), e);
    }
  }

  /**
   * The metadata of a .npz: whatever single texts it holds besides the divisor.
   *
   * @throws BadFileException if it is no .npz
   */
  public static Map<String, String> metadata(Store store, String path) throws IOException {
    Map<String, String> metadata = new TreeMap<>();
    try (Npz npz = Npz.open(store, path)) {
      for (String name : npz.names()) {
        if (!OWN.contains(name)) {
          npz.text(name).ifPresent(text -> metadata.put(name, text));
        }
      }
    }
    return metadata;
  }

  /** Writes a .npz, as a whole; equal statistics give equal bytes. */
  public void write(Store store, String path) throws IOException {
    write(store, path, Map.of());
  }

  /**
   * As above, with texts beside it.
   *
   * @param metadata names of letters, digits and {@code . _ -}, other than mu, sigma, count and
   *     divisor; texts without NUL at their ends
   * @throws IllegalArgumentException if it is otherwise
   */
  public void write(Store store, String path, Map<String, String> metadata) throws IOException {
    Map<String, NpyArray> arrays = new LinkedHashMap<>();
    arrays.put(MEAN, NpyArray.of(mean, width()));
    arrays.put(COVARIANCE, NpyArray.of(covariance, width(), width()));
    arrays.put(COUNT, NpyArray.of(count));
    divisor.ifPresent(known -> arrays.put(DIVISOR, NpyArray.of(known.id())));
    new TreeMap<>(metadata)
        .forEach(
            (name, text) -> {
              if (OWN.contains(name) || !name.matches("\\w[\\w.-]*")) {
                throw new IllegalArgumentException(
                    "metadata named '"
                        + name
                        + "'; expected letters, digits, '.', '_' and '-', and none of "
                        + new TreeMap<>(Map.of(MEAN, 0, COVARIANCE, 0, COUNT, 0, DIVISOR, 0))
                            .keySet());
              }
              arrays.put(name, NpyArray.of(text));
            });
    Npz.write(store, path, arrays);
  }

  private static NpyArray.Doubles numbers(String path, Npz npz, String name, int axes)
      throws IOException {
    NpyArray array = npz.array(name);
    if (!(array instanceof NpyArray.Doubles numbers) || array.shape().size() != axes) {
      throw new BadFileException(
          path,
          name
              + " is "
              + array.getClass().getSimpleName().toLowerCase(Locale.ROOT)
              + " of shape "
              + array.shape()
              + "; expected floating point numbers of "
              + axes
              + (axes == 1 ? " axis" : " axes"));
    }
    return numbers;
  }

  private static void requireFinite(String name, double[] values) {
    for (int i = 0; i < values.length; i++) {
      if (!Double.isFinite(values[i])) {
        throw new IllegalArgumentException(
            name + " holds " + values[i] + " at " + i + "; expected finite values");
      }
    }
  }

  private static void requireSymmetric(double[] matrix, int d) {
    double largest = 0;
    for (double value : matrix) {
      largest = Math.max(largest, Math.abs(value));
    }
    for (int i = 0; i < d; i++) {
      for (int j = 0; j < i; j++) {
        if (Math.abs(matrix[i * d + j] - matrix[j * d + i]) > ASYMMETRY * largest) {
          throw new IllegalArgumentException(
              "sigma holds "
                  + matrix[i * d + j]
                  + " at ["
                  + i
                  + ", "
                  + j
                  + "] and "
                  + matrix[j * d + i]
                  + " across the diagonal; expected a symmetric matrix");
        }
      }
    }
  }
}
