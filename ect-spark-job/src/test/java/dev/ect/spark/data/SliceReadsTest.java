package dev.ect.spark.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.model.dataset.DatasetIndex;
import dev.ect.model.dataset.DatasetIndexer;
import dev.ect.model.dataset.DatasetOptions;
import dev.ect.model.dataset.EdmDatasetWriter;
import dev.ect.model.dataset.ImageReader;
import dev.ect.model.dataset.ImageShape;
import dev.ect.model.dataset.Pixels;
import dev.ect.model.dataset.VirtualShards;
import dev.ect.model.io.LocalStore;
import dev.ect.model.io.Store;
import dev.ect.model.tuning.Batch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What executors read of a dataset, and what they make of it together. */
class SliceReadsTest {
  private static final int COUNT = 122;
  private static final long PLENTY = 1L << 30;
  private static final int LOCAL_HEADER = 0x04034b50;

  @TempDir Path folder;

  /** A dataset of noise, which no packing makes smaller. */
  private DatasetIndex dataset(String name, int resolution) throws IOException {
    Store store = new LocalStore();
    ImageShape shape = ImageShape.square(3, resolution);
    String path = folder.resolve(name).toString();
    Random random = new Random(5);
    EdmDatasetWriter.write(
        store,
        path,
        writer -> {
          for (int i = 0; i < COUNT; i++) {
            byte[] image = new byte[shape.size()];
            random.nextBytes(image);
            writer.add(i, shape, image);
          }
        });
    return DatasetIndexer.index(store, path, DatasetOptions.ALL);
  }

  private static BatchLoader loader(
      Store store, DatasetIndex index, VirtualShards shards, int rank, int world, long cache)
      throws IOException {
    int[] slots = Slice.slots(shards, rank, world);
    return new BatchLoader(
        store, index, shards, slots, new BatchSettings(false, 0, 0, cache, 1, 1));
  }

  /** Steps after which every image of every shard has been used so many times. */
  private static long steps(VirtualShards shards, int passes) {
    int most = IntStream.range(0, shards.shards()).map(shards::size).max().orElseThrow();
    return ((long) passes * most + shards.perBatch() - 1) / shards.perBatch();
  }

  /** Numbers of the images that a rank owns. */
  private static int[] owned(VirtualShards shards, int rank, int world) {
    return IntStream.range(0, shards.shards())
        .filter(shard -> shard % world == rank)
        .flatMap(s -> IntStream.range(shards.first(s), shards.first(s) + shards.size(s)))
        .toArray();
  }

  @ParameterizedTest
  @CsvSource({"1,4,8", "2,4,8", "3,4,8", "4,4,8", "2,5,10", "3,5,5", "4,5,10", "4,6,12", "3,7,7"})
  void everyImageIsUsedOncePerPassByAnyNumberOfExecutors(int world, int virtual, int batch)
      throws IOException, InterruptedException {
    DatasetIndex index = dataset("set.zip", 4);
    Map<Integer, Integer> numbers = numbersByPixels(index);
    VirtualShards shards = new VirtualShards(COUNT, virtual, batch, 3);
    List<List<Integer>> drawn = new ArrayList<>();
    IntStream.range(0, virtual).forEach(shard -> drawn.add(new ArrayList<>()));
    List<BatchLoader> parts = new ArrayList<>();
    Store store = new LocalStore();
    try (BatchLoader whole = loader(store, index, shards, 0, 1, PLENTY)) {
      for (int rank = 0; rank < world; rank++) {
        parts.add(loader(store, index, shards, rank, world, PLENTY));
      }
      for (long step = 0; step < steps(shards, 2); step++) {
        Map<Long, float[]> images = new TreeMap<>();
        for (BatchLoader part : parts) {
          Batch own = part.take(step);
          for (int i = 0; i < own.size(); i++) {
            assertEquals(null, images.put(own.positions()[i], own.slice(i, i + 1).images()));
          }
        }
        Batch all = whole.take(step);
        assertEquals(batch, all.size());
        assertEquals(batch, images.size());
        for (int slot = 0; slot < batch; slot++) {
          float[] image = images.get((long) slot);
          assertArrayEquals(all.slice(slot, slot + 1).images(), image);
          drawn.get(slot % virtual).add(numbers.get(Arrays.hashCode(image)));
        }
      }
    } finally {
      for (BatchLoader part : parts) {
        part.close();
      }
    }
    for (int shard = 0; shard < virtual; shard++) {
      int first = shards.first(shard);
      int size = shards.size(shard);
      List<Integer> expected = IntStream.range(first, first + size).boxed().toList();
      for (int pass = 0; pass < 2; pass++) {
        List<Integer> used = drawn.get(shard).subList(pass * size, (pass + 1) * size);
        assertEquals(expected, used.stream().sorted().toList(), "shard " + shard);
      }
    }
  }

  private static Map<Integer, Integer> numbersByPixels(DatasetIndex index) throws IOException {
    Map<Integer, Integer> numbers = new HashMap<>();
    int size = index.shape().size();
    try (ImageReader reader = new ImageReader(new LocalStore(), index)) {
      for (int i = 0; i < index.size(); i++) {
        float[] pixels = new float[size];
        Pixels.toFloats(reader.read(i), 0, pixels, 0, size);
        numbers.put(Arrays.hashCode(pixels), i);
      }
    }
    assertEquals(COUNT, numbers.size(), "images that can be told apart");
    return numbers;
  }

  /** Takes the batches of two passes. */
  private static void twoPasses(
      RecordingStore store, DatasetIndex index, VirtualShards shards, int rank, int world)
      throws IOException, InterruptedException {
    try (BatchLoader loader = loader(store, index, shards, rank, world, PLENTY)) {
      for (long step = 0; step < steps(shards, 2); step++) {
        loader.take(step);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"1,4,32", "2,4,32", "3,4,32", "4,4,32", "3,6,32", "4,4,8"})
  void anExecutorReadsItsOwnPartOfAZipAndLittleElse(int world, int virtual, int resolution)
      throws IOException, InterruptedException {
    DatasetIndex index = dataset("set.zip", resolution);
    Map<String, RecordingStore.Range> data = new HashMap<>();
    Map<String, RecordingStore.Range> entries = zipEntries(Path.of(index.path()), data);
    VirtualShards shards = new VirtualShards(COUNT, virtual, 2 * virtual, 3);
    for (int rank = 0; rank < world; rank++) {
      RecordingStore store = new RecordingStore();
      twoPasses(store, index, shards, rank, world);
      assertEquals(List.of(), store.opened);
      assertEquals(List.of(index.path()), store.openedRandom);
      Map<Long, RecordingStore.Range> own = new TreeMap<>();
      long stored = 0;
      for (int image : owned(shards, rank, world)) {
        RecordingStore.Range entry = entries.get(index.imageName(image));
        own.put(entry.position(), entry);
        // Headers weigh next to nothing but beside the smallest images.
        stored += (resolution < 32 ? entry : data.get(index.imageName(image))).count();
      }
      RecordingStore.Range first = store.ranges.get(0);
      for (RecordingStore.Range read : store.ranges) {
        RecordingStore.Range entry = own.remove(read.position());
        assertTrue(entry != null, "read twice, or another's: " + read);
        assertTrue(
            read.end() <= entry.end() + (read.equals(first) ? 64 : 0), read + " of " + entry);
      }
      assertTrue(own.isEmpty(), "not read: " + own);
      long bytes = store.bytes.get();
      assertTrue(bytes >= stored && bytes <= 1.1 * stored, bytes + " bytes for " + stored);
    }
  }

  /**
   * Where the entries of a zip lie, with their headers.
   *
   * @param data receives where their content lies
   */
  private static Map<String, RecordingStore.Range> zipEntries(
      Path zip, Map<String, RecordingStore.Range> data) throws IOException {
    ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(zip)).order(ByteOrder.LITTLE_ENDIAN);
    Map<String, RecordingStore.Range> entries = new HashMap<>();
    int at = 0;
    while (file.getInt(at) == LOCAL_HEADER) {
      int nameLength = file.getShort(at + 26);
      int content = at + 30 + nameLength + file.getShort(at + 28);
      int end = content + file.getInt(at + 18);
      String name = new String(file.array(), at + 30, nameLength, StandardCharsets.UTF_8);
      entries.put(name, new RecordingStore.Range(at, end - at));
      data.put(name, new RecordingStore.Range(content, end - content));
      at = end;
    }
    assertEquals(COUNT + 1, entries.size());
    return entries;
  }

  @ParameterizedTest
  @CsvSource({"1,4", "2,4", "3,4", "4,4", "4,6"})
  void anExecutorOpensItsOwnFilesOfAFolderOnceEach(int world, int virtual)
      throws IOException, InterruptedException {
    DatasetIndex index = dataset("set", 32);
    VirtualShards shards = new VirtualShards(COUNT, virtual, 2 * virtual, 3);
    for (int rank = 0; rank < world; rank++) {
      RecordingStore store = new RecordingStore();
      twoPasses(store, index, shards, rank, world);
      Set<String> own =
          IntStream.of(owned(shards, rank, world))
              .mapToObj(i -> Store.join(index.path(), index.imageName(i)))
              .collect(Collectors.toSet());
      long stored = 0;
      for (String file : own) {
        stored += Files.size(Path.of(file));
      }
      assertEquals(List.of(), store.openedRandom);
      assertEquals(own, Set.copyOf(store.opened));
      assertEquals(own.size(), store.opened.size(), "each is opened once");
      assertEquals(stored, store.bytes.get());
    }
  }

  @Test
  void beyondTheCacheImagesAreReadAgainAndTheBatchesAreTheSame()
      throws IOException, InterruptedException {
    DatasetIndex index = dataset("set.zip", 8);
    VirtualShards shards = new VirtualShards(COUNT, 2, 4, 3);
    int kept = 20;
    RecordingStore roomy = new RecordingStore();
    RecordingStore narrow = new RecordingStore();
    long steps = steps(shards, 2);
    try (BatchLoader first = loader(roomy, index, shards, 0, 1, PLENTY);
        BatchLoader second =
            loader(narrow, index, shards, 0, 1, kept * (long) index.shape().size())) {
      for (long step = 0; step < steps; step++) {
        assertArrayEquals(first.take(step).images(), second.take(step).images());
      }
    }
    assertEquals(COUNT, roomy.ranges.size());
    int uses = Math.toIntExact(steps * shards.batch());
    // Two passes; the batch after them may have been begun.
    int most = uses + shards.batch() - kept;
    int least = uses - 2 * kept;
    int reads = narrow.ranges.size();
    assertTrue(reads >= least && reads <= most, least + " <= " + reads + " <= " + most);
  }
}
