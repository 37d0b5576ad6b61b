package dev.ect.spark.data;

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
import dev.ect.spark.ForwardingStore;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

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

  private static BatchLoader loader(Store store, DatasetIndex index) throws IOException {
    VirtualShards shards = VirtualShards.of(COUNT, 4, BATCH, 3);
    return new BatchLoader(store, index, shards, Slice.slots(shards, 0, 1), false, 0, 0, 1 << 20);
  }

  @Test
  void theNextBatchIsReadInTheBackgroundAndNoFurther() throws Exception {
    DatasetIndex index = dataset("set");
    CountDownLatch two = new CountDownLatch(2 * BATCH);
    AtomicInteger files = new AtomicInteger();
    AtomicReference<Thread> reader = new AtomicReference<>();
    Store store =
        new ForwardingStore() {
          @Override
          public InputStream open(String path) throws IOException {
            reader.set(Thread.currentThread());
            files.incrementAndGet();
            two.countDown();
            return super.open(path);
          }
        };
    try (BatchLoader loader = loader(store, index)) {
      loader.take(0);
      assertTrue(two.await(30, TimeUnit.SECONDS), "files read: " + files);
      assertNotSame(Thread.currentThread(), reader.get());
    }
    reader.get().join();
    assertEquals(2 * BATCH, files.get());
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
    try (BatchLoader loader = loader(store, index)) {
      loader.take(0);
      begun.await();
    }
    reader.get().join();
    assertFalse(reader.get().isAlive());
    assertEquals(false, closedMeanwhile.get(), "closed while a read was under way");
    assertEquals(0, closed.getCount(), "the dataset is closed in the end");
  }
}
