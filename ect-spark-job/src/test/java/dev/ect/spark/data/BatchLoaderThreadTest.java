package dev.ect.spark.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.model.dataset.DatasetIndex;
import dev.ect.model.dataset.DatasetIndexer;
import dev.ect.model.dataset.DatasetOptions;
import dev.ect.model.dataset.EdmDatasetWriter;
import dev.ect.model.dataset.ImageShape;
import dev.ect.model.dataset.SyntheticDataset;
import dev.ect.model.dataset.VirtualShards;
import dev.ect.model.io.LocalStore;
import dev.ect.model.io.RandomInput;
import dev.ect.model.io.Store;
import dev.ect.model.tuning.Batch;
import dev.ect.spark.ForwardingStore;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class BatchLoaderThreadTest {
  private static final ImageShape SHAPE = ImageShape.square(3, 8);
  private static final int COUNT = 40;
  private static final int BATCH = 8;

  @TempDir Path folder;

  private DatasetIndex dataset(String name) throws IOException {
    Store store = new LocalStore();
    SyntheticDataset images = new SyntheticDataset(SHAPE, 1);
    String path = folder.resolve(name).toString();
    EdmDatasetWriter.write(
        store,
        path,
        writer -> {
          for (int i = 0; i < COUNT; i++) {
            writer.add(i, SHAPE, images.image(i));
          }
        });
    return DatasetIndexer.index(store, path, DatasetOptions.ALL);
  }

  private static BatchLoader loader(
      Store store, DatasetIndex index, int batch, int threads, int prefetch) throws IOException {
    VirtualShards shards = VirtualShards.of(COUNT, 4, batch, 3);
    return new BatchLoader(
        store,
        index,
        shards,
        Slice.slots(shards, 0, 1),
        new BatchSettings(false, 0, 0, 1 << 20, threads, prefetch));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void soManyBatchesAreReadInTheBackgroundAndNoFurther(int prefetch) throws Exception {
    DatasetIndex index = dataset("set");
    int expected = (1 + prefetch) * BATCH;
    CountDownLatch begun = new CountDownLatch(expected);
    AtomicInteger files = new AtomicInteger();
    AtomicReference<Thread> reader = new AtomicReference<>();
    Store store =
        new ForwardingStore() {
          @Override
          public InputStream open(String path) throws IOException {
            reader.set(Thread.currentThread());
            files.incrementAndGet();
            begun.countDown();
            return super.open(path);
          }
        };
    try (BatchLoader loader = loader(store, index, BATCH, 1, prefetch)) {
      loader.take(0);
      assertTrue(begun.await(30, TimeUnit.SECONDS), "files read: " + files);
      assertNotSame(Thread.currentThread(), reader.get());
    }
    reader.get().join();
    assertEquals(expected, files.get());
  }

  @Test
  void severalThreadsShareTheImagesOfABatch() throws Exception {
    int threads = 3;
    DatasetIndex index = dataset("set");
    Batch expected;
    try (BatchLoader alone = loader(new LocalStore(), index, COUNT, 1, 1)) {
      expected = alone.take(0);
    }
    // Nobody goes on before as many are reading: one thread alone would wait for ever.
    CyclicBarrier together = new CyclicBarrier(threads);
    ThreadLocal<Boolean> met = ThreadLocal.withInitial(() -> false);
    Set<Thread> readers = ConcurrentHashMap.newKeySet();
    Store store =
        new ForwardingStore() {
          @Override
          public InputStream open(String path) throws IOException {
            readers.add(Thread.currentThread());
            if (!met.get()) {
              met.set(true);
              meet();
            }
            return super.open(path);
          }

          private void meet() throws IOException {
            try {
              together.await(30, TimeUnit.SECONDS);
            } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
              throw new IOException("read by fewer threads", e);
            }
          }
        };
    try (BatchLoader loader = loader(store, index, COUNT, threads, 1)) {
      Batch batch = loader.take(0);
      assertArrayEquals(expected.images(), batch.images());
      assertArrayEquals(expected.eps(), batch.eps());
      assertArrayEquals(expected.normal(), batch.normal());
    }
    assertEquals(threads, readers.size());
    assertFalse(readers.contains(Thread.currentThread()));
  }

  @Test
  void closingEndsTheThreadBeforeTheDatasetIsClosed() throws Exception {
    DatasetIndex index = dataset("set.zip");
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch closed = new CountDownLatch(1);
    AtomicInteger reads = new AtomicInteger();
    AtomicReference<Thread> reader = new AtomicReference<>();
    AtomicReference<Boolean> closedMeanwhile = new AtomicReference<>();
    Store store =
        new ForwardingStore() {
          @Override
          public RandomInput openRandom(String path) throws IOException {
            RandomInput input = super.openRandom(path);
            return new RandomInput() {
              @Override
              public long length() {
                return input.length();
              }

              @Override
              public void readFully(long position, byte[] buffer, int offset, int count)
                  throws IOException {
                if (reads.incrementAndGet() <= BATCH) {
                  input.readFully(position, buffer, offset, count);
                  return;
                }
                reader.set(Thread.currentThread());
                begun.countDown();
                try {
                  new CountDownLatch(1).await();
                } catch (InterruptedException e) {
                  closedMeanwhile.set(closedWithin(300));
                  throw new InterruptedIOException("interrupted");
                }
              }

              private boolean closedWithin(long milliseconds) {
                try {
                  return closed.await(milliseconds, TimeUnit.MILLISECONDS);
                } catch (InterruptedException e) {
                  return true;
                }
              }

              @Override
              public void close() throws IOException {
                closed.countDown();
                input.close();
              }
            };
          }
        };
    try (BatchLoader loader = loader(store, index, BATCH, 1, 1)) {
      loader.take(0);
      begun.await();
    }
    reader.get().join();
    assertFalse(reader.get().isAlive());
    assertEquals(false, closedMeanwhile.get(), "closed while a read was under way");
    assertEquals(0, closed.getCount(), "the dataset is closed in the end");
  }
}
