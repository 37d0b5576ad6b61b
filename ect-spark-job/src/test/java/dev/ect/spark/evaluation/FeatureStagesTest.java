package dev.ect.spark.evaluation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ect.model.checkpoint.SafetensorsFile;
import dev.ect.model.io.LocalStore;
import dev.ect.model.metrics.CovarianceDivisor;
import dev.ect.model.metrics.FeatureStatistics;
import dev.ect.spark.TestGoldens;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.LongAccumulator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What stages compute of features, held to the numbers of the authors' implementation. */
class FeatureStagesTest {
  private static final double TOLERANCE = 1e-4;

  private static JavaSparkContext spark;

  @BeforeAll
  static void open() {
    spark = TestSpark.open();
  }

  @AfterAll
  static void close() {
    spark.close();
  }

  /** Features of both sets with what is expected of them. */
  private record Golden(float[] real, float[] generated, int width, JsonNode expected) {
    static List<Golden> all() throws IOException {
      List<Golden> all = new ArrayList<>();
      for (Path path : TestGoldens.files("metrics.*\\.safetensors")) {
        try (SafetensorsFile file = SafetensorsFile.open(new LocalStore(), path.toString())) {
          all.add(
              new Golden(
                  file.floats("real"),
                  file.floats("gen"),
                  (int) file.tensors().get("real").shape()[1],
                  new ObjectMapper().readTree(file.metadata().get("expected"))));
        }
      }
      return all;
    }

    int count(float[] features) {
      return features.length / width;
    }
  }

  /** Features as a stage leaves them, with another tensor before them in every chunk. */
  private static SetFeatures features(float[] all, int width, int batch, int partitions) {
    int count = all.length / width;
    List<FeatureChunk> chunks = new ArrayList<>();
    for (ImageRange each : new ImageRange(0, count).batches(batch)) {
      int from = (int) each.first();
      float[] rows = Arrays.copyOfRange(all, from * width, (from + each.count()) * width);
      chunks.add(
          new FeatureChunk(from, each.count(), new float[][] {new float[each.count()], rows}));
    }
    JavaRDD<FeatureChunk> rdd = spark.parallelize(chunks, partitions);
    return new SetFeatures(rdd, 1, count);
  }

  @Test
  void kernelDistanceIsThatOfTheAuthors() throws IOException {
    for (Golden golden : Golden.all()) {
      double expected = golden.expected().get("kid").asDouble();
      double kid = kid(golden, 7, 3);
      assertEquals(expected, kid, TOLERANCE * Math.abs(expected));
      // whatever the batches and partitions
      assertEquals(kid, kid(golden, 64, 1));
      assertEquals(kid, kid(golden, 1000, 2));
    }
  }

  private static double kid(Golden golden, int batch, int partitions) {
    return KernelDistanceStage.of(
        features(golden.real(), golden.width(), batch, partitions),
        features(golden.generated(), golden.width(), batch, partitions),
        3,
        1,
        counter());
  }

  private static LongAccumulator counter() {
    return spark.sc().longAccumulator();
  }

  @Test
  void precisionAndRecallAreThoseOfTheAuthorsInAnyBlocks() throws IOException {
    int[][] cuts = {{4096, 1024}, {64, 16}, {100, 100}};
    for (Golden golden : Golden.all()) {
      for (int[] cut : cuts) {
        LongAccumulator pairs = counter();
        PrecisionRecallStage stage =
            new PrecisionRecallStage(
                features(golden.real(), golden.width(), 50, 3),
                features(golden.generated(), golden.width(), 7, 2),
                3,
                1,
                cut[0],
                cut[1]);
        PrecisionRecallStage.Result result = stage.run(pairs);
        assertEquals(stage.pairs(), pairs.value());
        String what = Arrays.toString(cut);
        double precision = golden.expected().get("precision").asDouble();
        double recall = golden.expected().get("recall").asDouble();
        assertEquals(precision, result.precision(), TOLERANCE * precision, what);
        assertEquals(recall, result.recall(), TOLERANCE * recall, what);
      }
    }
  }

  @Test
  void onlyTheFirstImagesAreTaken() throws IOException {
    Golden golden = Golden.all().get(0);
    int half = golden.count(golden.real()) / 2;
    float[] few = Arrays.copyOf(golden.real(), half * golden.width());
    SetFeatures whole = features(golden.real(), golden.width(), 7, 2);
    SetFeatures first = new SetFeatures(whole.chunks(), whole.request(), half);
    SetFeatures generated = features(golden.generated(), golden.width(), 7, 2);
    assertEquals(
        new PrecisionRecallStage(features(few, golden.width(), 64, 1), generated, 3, 1, 64, 16)
            .run(counter()),
        new PrecisionRecallStage(first, generated, 3, 1, 64, 16).run(counter()));
    assertEquals(
        KernelDistanceStage.of(features(few, golden.width(), 64, 1), generated, 3, 1, counter()),
        KernelDistanceStage.of(first, generated, 3, 1, counter()));
  }

  @Test
  void blocksHoldTheSameRowsWhateverTheBatches() {
    float[] all = new float[103 * 3];
    for (int i = 0; i < all.length; i++) {
      all[i] = i;
    }
    for (int batch : new int[] {1, 8, 103}) {
      List<FeatureBlock> blocks =
          new ArrayList<>(FeatureBlock.gather(features(all, 3, batch, 4), 20).collect());
      blocks.sort((a, b) -> Integer.compare(a.number(), b.number()));
      assertEquals(6, blocks.size());
      for (FeatureBlock block : blocks) {
        int from = block.number() * 20;
        assertEquals(Math.min(20, 103 - from), block.rows());
        assertArrayEquals(
            Arrays.copyOfRange(all, from * 3, (from + block.rows()) * 3), block.values());
      }
    }
  }

  @Test
  void sumsDoNotDependOnBatchesAndPartitions() throws IOException {
    Golden golden = Golden.all().get(0);
    FeatureStatistics expected = statistics(golden, 1000, 1);
    for (int[] cut : new int[][] {{1, 5}, {7, 3}, {64, 4}}) {
      FeatureStatistics found = statistics(golden, cut[0], cut[1]);
      assertEquals(expected.count(), found.count());
      assertRelative(expected.mean(), found.mean());
      assertRelative(expected.covariance(), found.covariance());
    }
  }

  private static FeatureStatistics statistics(Golden golden, int batch, int partitions) {
    PassSums.Wanted wanted = new PassSums.Wanted(1, golden.count(golden.generated()) - 5L, false);
    PassSums sums =
        FeatureStage.reduce(
            features(golden.generated(), golden.width(), batch, partitions).chunks(),
            List.of(wanted));
    return sums.moments(wanted).statistics(CovarianceDivisor.N);
  }

  /** Within 1e-12 of the largest. */
  private static void assertRelative(double[] expected, double[] actual) {
    double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
    for (int i = 0; i < expected.length; i++) {
      assertTrue(
          Math.abs(expected[i] - actual[i]) <= 1e-12 * largest,
          i + ": " + actual[i] + "; expected " + expected[i]);
    }
  }
}
