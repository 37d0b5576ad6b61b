package dev.ect.model.dataset;

import dev.ect.model.io.BadFileException;
import dev.ect.model.io.Store;
import java.io.IOException;

/** Reads and decodes the images of an index, each by position. Safe for use by several threads. */
public final class ImageReader implements AutoCloseable {
  /** An image file has at most so many bytes for each of its pixels' bytes, and for the rest. */
  private static final long MOST_PER_BYTE = 8;

  private static final long MOST_BESIDES = 1 << 22;

  private final DatasetIndex index;
  private final EntryReader reader;

  /** Opens the dataset that an index describes. */
  public ImageReader(Store store, DatasetIndex index) throws IOException {
    this.index = index;
    reader = new EntryReader(store, index.path(), index.kind());
  }

  /**
   * Image i as bytes [C,H,W], mirrored where the index says so.
   *
   * @throws BadFileException if it is damaged or has another shape than the first image
   */
  public byte[] read(int i) throws IOException {
    String label = reader.label(index.imageName(i));
    ImageDecoder.Decoded image = ImageDecoder.decode(label, encoded(i), index.shape());
    if (index.mirrored(i)) {
      mirror(image.pixels(), index.shape().width());
    }
    return image.pixels();
  }

  /** The file behind image i, as it was before it was packed. */
  public byte[] encoded(int i) throws IOException {
    int entry = index.entry(i);
    long size = index.entries().size(entry);
    long most = MOST_PER_BYTE * index.shape().size() + MOST_BESIDES;
    if (size > most) {
      throw new BadFileException(
          reader.label(index.imageName(i)),
          "has " + size + " bytes; expected at most " + most + " for " + index.shape());
    }
    return reader.read(index.entries(), entry);
  }

  private static void mirror(byte[] pixels, int width) {
    for (int row = 0; row < pixels.length; row += width) {
      for (int left = row, right = row + width - 1; left < right; left++, right--) {
        byte kept = pixels[left];
        pixels[left] = pixels[right];
        pixels[right] = kept;
      }
    }
  }

  @Override
  public void close() throws IOException {
    reader.close();
  }
}
