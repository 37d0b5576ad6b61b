package dev.ect.spark.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.model.dataset.DatasetIndex;
import dev.ect.model.dataset.DatasetIndexer;
import dev.ect.model.dataset.DatasetOptions;
import dev.ect.model.dataset.EdmDatasetWriter;
import dev.ect.model.dataset.ImageShape;
import dev.ect.model.dataset.SyntheticDataset;
import dev.ect.model.dataset.VirtualShards;
import dev.ect.model.io.BadFileException;
import dev.ect.model.io.LocalStore;
import dev.ect.model.tuning.Batch;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BatchLoaderTest {
  private static final ImageShape SHAPE = ImageShape.square(3, 8);
  private static final int COUNT = 40;

  @TempDir Path folder;
  private final LocalStore store = new LocalStore();
  private String path;
  private DatasetIndex index;

  @BeforeEach
  void writeDataset() throws Exception {
    path = folder.resolve("set").toString();
    SyntheticDataset images = new SyntheticDataset(SHAPE, 1);
    EdmDatasetWriter.write(
        store,
        path,
        writer -> {
          for (int i = 0; i < COUNT; i++) {
            writer.add(i, SHAPE, images.image(i), SyntheticDataset.classOf(i));
          }
        });
    index = DatasetIndexer.index(store, path, DatasetOptions.ALL);
  }

  private BatchLoader loader(int rank, int world, double labelDropout, double augment, long cache)
      throws Exception {
    VirtualShards shards = VirtualShards.of(COUNT, 4, 8, 3);
    BatchSettings settings =
        new BatchSettings(true, labelDropout, augment, cache, 1 + rank, 1 + rank);
    return new BatchLoader(store, index, shards, Slice.slots(shards, rank, world), settings);
  }

  @Test
  void anyNumberOfExecutorsDrawsTheSameBatch() throws Exception {
    try (BatchLoader whole = loader(0, 1, 0, 0, 1 << 20);
        BatchLoader first = loader(0, 2, 0, 0, 1 << 20);
        BatchLoader second = loader(1, 2, 0, 0, 0)) {
      for (long step = 0; step < 7; step++) {
        Batch all = whole.take(step);
        Map<Long, float[]> eps = new TreeMap<>();
        Map<Long, float[]> images = new TreeMap<>();
        for (Batch part : new Batch[] {first.take(step), second.take(step)}) {
          assertEquals(4, part.size());
          for (int i = 0; i < part.size(); i++) {
            eps.put(part.positions()[i], part.slice(i, i + 1).eps());
            images.put(part.positions()[i], part.slice(i, i + 1).images());
          }
        }
        for (int i = 0; i < all.size(); i++) {
          assertArrayEquals(all.slice(i, i + 1).eps(), eps.get((long) i));
          assertArrayEquals(all.slice(i, i + 1).images(), images.get((long) i));
        }
      }
    }
  }

  @Test
  void aResumedLoaderGoesOnWithTheSameBatches() throws Exception {
    try (BatchLoader running = loader(0, 1, 0.5, 0.5, 1 << 20);
        BatchLoader resumed = loader(0, 1, 0.5, 0.5, 0)) {
      running.take(0);
      running.take(1);
      Batch expected = running.take(2);
      Batch actual = resumed.take(2);
      assertArrayEquals(expected.images(), actual.images());
      assertArrayEquals(expected.eps(), actual.eps());
      assertTrue(
          Arrays.deepEquals(
              expected.conditioning().classLabels(), actual.conditioning().classLabels()));
      assertTrue(
          Arrays.deepEquals(
              expected.conditioning().augmentLabels(), actual.conditioning().augmentLabels()));
    }
  }

  @Test
  void labelsAreDroppedWithTheGivenProbability() throws Exception {
    int dropped = 0;
    try (BatchLoader loader = loader(0, 1, 0.25, 0, 1 << 20)) {
      for (long step = 0; step < 200; step++) {
        for (float[] label : loader.take(step).conditioning().classLabels()) {
          float sum = 0;
          for (float v : label) {
            sum += v;
          }
          dropped += sum == 0 ? 1 : 0;
        }
      }
    }
    assertEquals(400, dropped, 70);
  }

  @Test
  void augmentedImagesDifferAndComeWithTheirLabels() throws Exception {
    try (BatchLoader plain = loader(0, 1, 0, 0, 1 << 20);
        BatchLoader augmented = loader(0, 1, 0, 1, 1 << 20)) {
      Batch batch = augmented.take(0);
      assertNotNull(batch.conditioning().augmentLabels());
      assertEquals(9, batch.conditioning().augmentLabels()[0].length);
      assertTrue(!Arrays.equals(plain.take(0).images(), batch.images()));
    }
  }

  @Test
  void aDamagedImageIsNamed() throws Exception {
    Path image;
    try (var files = Files.walk(Path.of(path))) {
      image = files.filter(p -> p.toString().endsWith("17.png")).findFirst().orElseThrow();
    }
    Files.write(image, Arrays.copyOf(Files.readAllBytes(image), 60));
    try (BatchLoader loader = loader(0, 1, 0, 0, 1 << 20)) {
      BadFileException e =
          assertThrows(
              BadFileException.class,
              () -> {
                for (long step = 0; step < 10; step++) {
                  loader.take(step);
                }
              });
      assertTrue(e.getMessage().contains("17.png"), e.getMessage());
    }
  }
}
