package dev.ect.spark.data;

import dev.ect.model.dataset.DatasetIndex;
import dev.ect.model.dataset.ImageReader;
import dev.ect.model.io.Store;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Images of a dataset as bytes, kept in memory up to a limit; what does not fit is read again. Safe
 * for use by several threads.
 */
final class ImageCache implements AutoCloseable {
  private final ImageReader reader;
  private final AtomicReferenceArray<byte[]> images;
  private final AtomicLong room;

  /**
   * @param bytes how much to keep
   */
  ImageCache(Store store, DatasetIndex index, long bytes) throws IOException {
    reader = new ImageReader(store, index);
    images = new AtomicReferenceArray<>(index.size());
    room = new AtomicLong(bytes);
  }

  /** Image i as bytes [C,H,W]; not to be changed. */
  byte[] image(int i) throws IOException {
    byte[] image = images.get(i);
    if (image == null) {
      image = reader.read(i);
      // Another thread may have read it meanwhile.
      if (room.addAndGet(-image.length) < 0 || !images.compareAndSet(i, null, image)) {
        room.addAndGet(image.length);
      }
    }
    return image;
  }

  @Override
  public void close() throws IOException {
    reader.close();
  }
}
