package dev.ect.model.metrics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.model.Goldens;
import dev.ect.model.io.LocalStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Metrics of features and probabilities are those of the PyTorch implementation. */
final class MetricsGoldenTest {
  private static final double TOLERANCE = 1e-4;
  private static final String REFERENCE = "-?reference\\.npz$";

  static Stream<Goldens> goldens() {
    return Goldens.all("metrics").stream();
  }

  static List<Path> references() {
    return Goldens.files("metrics", "reference.npz");
  }

  @ParameterizedTest
  @MethodSource("goldens")
  void frechetDistances(Goldens golden) {
    int width = width(golden, "real");
    FeatureStatistics real =
        FeatureSets.statistics(golden.floats("real"), width, CovarianceDivisor.N);
    float[] generated = golden.floats("gen");
    assertClose(
        golden,
        "fid",
        FrechetDistance.between(
            FeatureSets.statistics(generated, width, CovarianceDivisor.N), real, 1));
    float[] few = FeatureSets.rows(generated, width, 0, width / 2);
    assertClose(
        golden,
        "fid_rank_deficient",
        FrechetDistance.between(FeatureSets.statistics(few, width, CovarianceDivisor.N), real, 1));
    assertTrue(FrechetDistance.between(real, real, 1) < 1e-6, "of a set from itself");
  }

  @ParameterizedTest
  @MethodSource("goldens")
  void kernelDistanceOfOneSubsetOfAllImages(Goldens golden) {
    int size = Math.toIntExact(golden.shape("real")[0]);
    assertClose(
        golden,
        "kid",
        KernelDistance.unbiased(golden.floats("gen"), golden.floats("real"), size, 1));
  }

  @ParameterizedTest
  @MethodSource("goldens")
  void precisionAndRecall(Goldens golden) {
    float[] real = golden.floats("real");
    float[] generated = golden.floats("gen");
    int width = width(golden, "real");
    assertClose(golden, "precision", covered(generated, real, width));
    assertClose(golden, "recall", covered(real, generated, width));
  }

  @ParameterizedTest
  @MethodSource("goldens")
  void inceptionScores(Goldens golden) {
    int images = Math.toIntExact(golden.shape("probs")[0]);
    InceptionScore.Result result =
        new InceptionScore(images, 10).add(0, golden.floats("probs"), images).result();
    assertClose(golden, "is_mean", result.mean());
    assertClose(golden, "is_std", result.deviation());
  }

  @ParameterizedTest
  @MethodSource("references")
  void statisticsOfTheRealImages(Path reference) throws IOException {
    String name = String.valueOf(reference.getFileName()).replaceFirst(REFERENCE, ".safetensors");
    Goldens golden = Goldens.read(reference.resolveSibling(name));
    FeatureStatistics expected = FeatureStatistics.read(new LocalStore(), reference.toString());
    FeatureStatistics found =
        FeatureSets.statistics(golden.floats("real"), width(golden, "real"), CovarianceDivisor.N);
    assertArrayEquals(expected.mean(), found.mean(), 1e-6);
    double largest = Arrays.stream(expected.covariance()).max().orElseThrow();
    assertArrayEquals(expected.covariance(), found.covariance(), 1e-6 * largest);
    assertTrue(FrechetDistance.between(expected, found, 1) < 1e-6, "Frechet distance");
  }

  private static double covered(float[] probes, float[] set, int width) {
    int count = probes.length / width;
    int size = set.length / width;
    float[] radii =
        new SmallestDistances(size, 3)
            .add(Neighbours.squaredDistances(set, size, 0, set, size, 0, 1), size)
            .radii();
    BitSet covered =
        Neighbours.covered(Neighbours.squaredDistances(probes, count, set, size, 1), count, radii);
    return covered.cardinality() / (double) count;
  }

  private static int width(Goldens golden, String name) {
    return Math.toIntExact(golden.shape(name)[1]);
  }

  private static void assertClose(Goldens golden, String name, double found) {
    double expected = golden.number("expected", name);
    assertEquals(expected, found, TOLERANCE * Math.abs(expected), golden + ": " + name);
  }
}
