package dev.ect.spark.evaluation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.model.dataset.DatasetIndex;
import dev.ect.model.dataset.DatasetIndexer;
import dev.ect.model.dataset.DatasetOptions;
import dev.ect.model.dataset.EdmDatasetWriter;
import dev.ect.model.dataset.ImageShape;
import dev.ect.model.io.LocalStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SampleLabelsTest {
  private static final int MANY = 6000;

  @TempDir Path folder;

  private static int[] counts(SampleLabels labels, int classes) {
    int[] counts = new int[classes];
    for (int i = 0; i < MANY; i++) {
      counts[labels.classOf(5, i)]++;
    }
    return counts;
  }

  @Test
  void withoutLabelsThereAreNone() {
    assertNull(SampleLabels.none().labels(0, new long[] {0, 1}));
    assertEquals(-1, SampleLabels.none().classOf(0, 3));
  }

  @Test
  void classesComeInTurnByTheImagesNumber() {
    SampleLabels labels = SampleLabels.inTurn(4, List.of(2, 0));
    assertArrayEquals(
        new float[][] {{1, 0, 0, 0}, {0, 0, 1, 0}}, labels.labels(0, new long[] {7, 100}));
  }

  @Test
  void labelsAreAsFrequentAsInTheDataset() throws IOException {
    DatasetIndex index = dataset(0, 0, 0, 2);
    SampleLabels labels = SampleLabels.of(index);
    int[] counts = counts(labels, 3);
    assertEquals(0, counts[1]);
    // 5 standard deviations
    assertEquals(0.25 * MANY, counts[2], 5 * Math.sqrt(MANY * 0.25 * 0.75));
    float[][] drawn = labels.labels(5, LongStream.range(0, 3).toArray());
    for (int i = 0; i < 3; i++) {
      assertEquals(3, drawn[i].length);
      assertEquals(1, drawn[i][labels.classOf(5, i)]);
    }
  }

  @Test
  void anyClassIsAsFrequentAsAnother() {
    for (int count : counts(SampleLabels.anyClass(6), 6)) {
      assertTrue(Math.abs(count - 1000) < 5 * Math.sqrt(MANY / 6.0 * 5 / 6), "count " + count);
    }
  }

  @Test
  void aLabelDependsOnSeedAndNumberOnly() {
    SampleLabels labels = SampleLabels.anyClass(1000);
    assertArrayEquals(labels.labels(1, new long[] {3, 4})[1], labels.labels(1, new long[] {4})[0]);
    assertTrue(labels.classOf(1, 4) != labels.classOf(2, 4));
  }

  private DatasetIndex dataset(int... classes) throws IOException {
    ImageShape shape = ImageShape.square(1, 8);
    String path = folder.resolve("set.zip").toString();
    EdmDatasetWriter.write(
        new LocalStore(),
        path,
        writer -> {
          for (int i = 0; i < classes.length; i++) {
            writer.add(i, shape, new byte[shape.size()], classes[i]);
          }
        });
    return DatasetIndexer.index(new LocalStore(), path, DatasetOptions.ALL);
  }
}
