package dev.ect.model.metrics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.ect.model.io.BadFileException;
import dev.ect.model.io.LocalStore;
import dev.ect.model.io.NpyArray;
import dev.ect.model.io.Npz;
import dev.ect.model.io.Store;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FeatureStatisticsTest {
  private static final double[] MEAN = {0.5, -1.25, 3e-7};
  private static final double[] COVARIANCE = {2, 0.5, -0.25, 0.5, 1, 0.125, -0.25, 0.125, 3};
  private static final NpyArray MU = NpyArray.of(MEAN, 3);
  private static final NpyArray SIGMA = NpyArray.of(COVARIANCE, 3, 3);

  @TempDir Path folder;

  private final Store store = new LocalStore();
  private String path;

  @BeforeEach
  void choosePath() {
    path = folder + "/x.npz";
  }

  @Test
  void readsPublishedStatistics() throws IOException {
    copy("savez-compressed.npz");
    assertSameValues(
        new FeatureStatistics(MEAN, COVARIANCE, 0, Optional.empty()),
        FeatureStatistics.read(store, path));
    assertEquals(Map.of(), FeatureStatistics.metadata(store, path));
  }

  @Test
  void readsOnesWithCountAndDivisor() throws IOException {
    copy("savez.npz");
    assertSameValues(
        new FeatureStatistics(MEAN, COVARIANCE, 50000, Optional.of(CovarianceDivisor.N_MINUS_1)),
        FeatureStatistics.read(store, path));
  }

  @Test
  void readsBackWhatItWrites() throws IOException {
    for (CovarianceDivisor divisor : CovarianceDivisor.values()) {
      FeatureStatistics statistics = new FeatureStatistics(MEAN, COVARIANCE, 7, divisor);
      statistics.write(store, path);
      assertSameValues(statistics, FeatureStatistics.read(store, path));
      assertEquals(Map.of(), FeatureStatistics.metadata(store, path));
    }
    FeatureStatistics unknown = new FeatureStatistics(MEAN, COVARIANCE, 0, Optional.empty());
    unknown.write(store, path, Map.of("key", "dataset ü", "detector.sha256", ""));
    assertSameValues(unknown, FeatureStatistics.read(store, path));
    assertEquals(
        Map.of("key", "dataset ü", "detector.sha256", ""), FeatureStatistics.metadata(store, path));
  }

  @Test
  void equalStatisticsMakeEqualFiles() throws IOException {
    FeatureStatistics statistics = new FeatureStatistics(MEAN, COVARIANCE, 7, CovarianceDivisor.N);
    Map<String, String> forth = new LinkedHashMap<>();
    forth.put("a", "1");
    forth.put("b", "2");
    statistics.write(store, path, forth);
    byte[] first = Files.readAllBytes(Path.of(path));
    Map<String, String> back = new LinkedHashMap<>();
    back.put("b", "2");
    back.put("a", "1");
    statistics.write(store, path, back);
    assertArrayEquals(first, Files.readAllBytes(Path.of(path)));
  }

  @Test
  void metadataHasNamesOfItsOwn() {
    FeatureStatistics statistics = new FeatureStatistics(MEAN, COVARIANCE, 7, CovarianceDivisor.N);
    for (String name : List.of("mu", "divisor", "", "a/b", ".a", "a b")) {
      assertMessage(
          "metadata named '"
              + name
              + "'; expected letters, digits, '.', '_' and '-', and none of [count, divisor, mu,"
              + " sigma]",
          () -> statistics.write(store, path, Map.of(name, "x")));
    }
  }

  @Test
  void rescalesToAnotherDivisor() {
    FeatureStatistics n = new FeatureStatistics(MEAN, COVARIANCE, 5, CovarianceDivisor.N);
    FeatureStatistics less = n.withDivisor(CovarianceDivisor.N_MINUS_1);
    assertEquals(2.5, less.covariance()[0], 1e-15);
    assertEquals(Optional.of(CovarianceDivisor.N_MINUS_1), less.divisor());
    assertEquals(5, less.count());
    assertArrayEquals(MEAN, less.mean());
    assertArrayEquals(COVARIANCE, less.withDivisor(CovarianceDivisor.N).covariance(), 1e-15);
    assertSame(n, n.withDivisor(CovarianceDivisor.N));
    assertArrayEquals(new double[] {2, 0.5}, Arrays.copyOf(n.covariance(), 2));
    FeatureStatistics unknown = new FeatureStatistics(MEAN, COVARIANCE, 5, Optional.empty());
    assertSame(unknown, unknown.withDivisor(CovarianceDivisor.N));
    FeatureStatistics uncounted = new FeatureStatistics(MEAN, COVARIANCE, 0, CovarianceDivisor.N);
    assertSame(uncounted, uncounted.withDivisor(CovarianceDivisor.N_MINUS_1));
    FeatureStatistics one = new FeatureStatistics(MEAN, COVARIANCE, 1, CovarianceDivisor.N);
    assertMessage(
        "features of one image; a covariance with divisor n-1 needs two",
        () -> one.withDivisor(CovarianceDivisor.N_MINUS_1));
  }

  @Test
  void saysWhatIsWrongWithAFile() throws IOException {
    Files.writeString(Path.of(path), "no zip");
    assertBad("is not a zip, or is cut short: it has no zip directory at its end");
    assertBad("holds no arrays; expected feature statistics, with mu and sigma", Map.of());
    assertBad(
        "holds mu, s; expected feature statistics, with mu and sigma",
        ordered("mu", MU, "s", SIGMA));
    assertBad(
        "mu is longs of shape []; expected floating point numbers of 1 axis",
        ordered("mu", NpyArray.of(3), "sigma", SIGMA));
    assertBad(
        "sigma is doubles of shape [9]; expected floating point numbers of 2 axes",
        ordered("mu", MU, "sigma", NpyArray.of(COVARIANCE, 9)));
    assertBad(
        "sigma has the shape [1, 9] and mu [3]; expected [d, d] and [d]",
        ordered("mu", MU, "sigma", NpyArray.of(COVARIANCE, 1, 9)));
    assertBad(
        "sigma has the shape [3, 3] and mu [2]; expected [d, d] and [d]",
        ordered("mu", NpyArray.of(new double[2], 2), "sigma", SIGMA));
    assertBad(
        "sigma has the shape [0, 0] and mu [0]; expected [d, d] and [d]",
        ordered("mu", NpyArray.of(new double[0], 0), "sigma", NpyArray.of(new double[0], 0, 0)));
    assertBad(
        "mu holds NaN at 1; expected finite values",
        ordered("mu", NpyArray.of(new double[] {1, Double.NaN, 1}, 3), "sigma", SIGMA));
    assertBad(
        "sigma holds Infinity at 3; expected finite values",
        ordered("mu", MU, "sigma", NpyArray.of(covarianceWith(3, Double.POSITIVE_INFINITY), 3, 3)));
    assertBad(
        "sigma holds 0.51 at [1, 0] and 0.5 across the diagonal; expected a symmetric matrix",
        ordered("mu", MU, "sigma", NpyArray.of(covarianceWith(3, 0.51), 3, 3)));
    Map<String, NpyArray> good = ordered("mu", MU, "sigma", SIGMA);
    assertBad("count is not a single int64", with(good, "count", MU));
    assertBad("count is -1; expected a number of images", with(good, "count", NpyArray.of(-1)));
    assertBad("divisor is 'm'; expected n or n-1", with(good, "divisor", NpyArray.of("m")));
    assertBad("divisor is 'no text'; expected n or n-1", with(good, "divisor", MU));
    copy("objects.npz");
    assertBad(
        "array mu has the type |O; expected float64, float32, int64 or unicode (objects are"
            + " pickles, which are not read)");
  }

  @Test
  void damagedFilesAreBadFilesOrAsBefore() throws IOException {
    FeatureStatistics before = new FeatureStatistics(MEAN, COVARIANCE, 7, CovarianceDivisor.N);
    Map<String, String> metadata = Map.of("key", "dataset");
    before.write(store, path, metadata);
    byte[] bytes = Files.readAllBytes(Path.of(path));
    for (int cut = 0; cut < bytes.length; cut++) {
      Files.write(Path.of(path), Arrays.copyOf(bytes, cut));
      assertThrows(BadFileException.class, () -> FeatureStatistics.read(store, path));
      assertThrows(BadFileException.class, () -> FeatureStatistics.metadata(store, path));
    }
    for (int at = 0; at < bytes.length; at++) {
      byte[] flipped = bytes.clone();
      flipped[at] ^= (byte) (1 << at % 8);
      Files.write(Path.of(path), flipped);
      try {
        assertSameValues(before, FeatureStatistics.read(store, path));
        assertEquals(metadata, FeatureStatistics.metadata(store, path));
      } catch (BadFileException expected) {
        Assertions.assertTrue(expected.getMessage().startsWith(path), expected.getMessage());
      }
    }
  }

  private static double[] covarianceWith(int at, double value) {
    double[] covariance = COVARIANCE.clone();
    covariance[at] = value;
    return covariance;
  }

  private static Map<String, NpyArray> ordered(
      String first, NpyArray a, String second, NpyArray b) {
    Map<String, NpyArray> arrays = new LinkedHashMap<>();
    arrays.put(first, a);
    arrays.put(second, b);
    return arrays;
  }

  private static Map<String, NpyArray> with(
      Map<String, NpyArray> arrays, String name, NpyArray array) {
    Map<String, NpyArray> more = new LinkedHashMap<>(arrays);
    more.put(name, array);
    return more;
  }

  private void assertBad(String problem, Map<String, NpyArray> arrays) throws IOException {
    Npz.write(store, path, arrays);
    assertBad(problem);
  }

  private void assertBad(String problem) {
    assertEquals(
        path + ": " + problem,
        assertThrows(BadFileException.class, () -> FeatureStatistics.read(store, path))
            .getMessage());
  }

  private interface Call {
    void run() throws IOException;
  }

  private static void assertMessage(String message, Call call) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, call::run).getMessage());
  }

  private static void assertSameValues(FeatureStatistics expected, FeatureStatistics actual) {
    assertArrayEquals(expected.mean(), actual.mean());
    assertArrayEquals(expected.covariance(), actual.covariance());
    assertEquals(expected.count(), actual.count());
    assertEquals(expected.divisor(), actual.divisor());
  }

  private void copy(String resource) throws IOException {
    try (InputStream in = FeatureStatisticsTest.class.getResourceAsStream("/npz/" + resource)) {
      Assertions.assertNotNull(in, resource);
      Files.write(Path.of(path), in.readAllBytes());
    }
  }
}
