package dev.ect.model.dataset.convert;

import dev.ect.model.dataset.ImageDecoder.Decoded;
import dev.ect.model.dataset.ImageShape;
import dev.ect.model.dataset.Label;
import dev.ect.model.io.BadFileException;
import dev.ect.model.io.Store;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * MNIST: grey images of 28x28 with a margin of two zeros, and classes in a file of their own, both
 * in gzipped IDX.
 *
 * @param path the images, {@code train-images-idx3-ubyte.gz}
 * @param labels the classes, {@code train-labels-idx1-ubyte.gz}
 * @param all images in the file
 * @param from first of those in use
 * @param to one past the last
 */
record MnistImages(String path, String labels, int all, int from, int to) implements ImageSource {
  private static final long serialVersionUID = 1;
  static final String IMAGES = "-images-idx3-ubyte.gz";
  private static final String LABELS = "-labels-idx1-ubyte.gz";

  /** Unsigned bytes of three axes, and of one. */
  private static final int IMAGE_MAGIC = 0x803;

  private static final int LABEL_MAGIC = 0x801;
  private static final int SIDE = 28;
  private static final int MARGIN = 2;
  private static final ImageShape SHAPE = ImageShape.square(1, SIDE + 2 * MARGIN);

  /** Reads how many there are. */
  static MnistImages find(Store store, String path) throws IOException {
    String labels = path.substring(0, path.length() - IMAGES.length()) + LABELS;
    if (!store.exists(labels)) {
      throw new BadFileException(
          store.qualified(labels), "is missing; expected the labels of " + Store.name(path));
    }
    try (DataInputStream in = open(store, path)) {
      int count = header(path, in, IMAGE_MAGIC);
      int height = integer(path, in);
      int width = integer(path, in);
      if (count < 1 || height != SIDE || width != SIDE) {
        throw new BadFileException(
            path, "holds " + count + " images of " + height + "x" + width + "; expected 28x28");
      }
      return new MnistImages(path, labels, count, 0, count);
    }
  }

  @Override
  public int count() {
    return to - from;
  }

  @Override
  public ImageSource slice(int first, int end) {
    return new MnistImages(path, labels, all, from + first, from + end);
  }

  @Override
  public boolean divisible() {
    return false;
  }

  @Override
  public Images open(Store store) throws IOException {
    DataInputStream images = open(store, path);
    try {
      DataInputStream classes = open(store, labels);
      try {
        return open(images, classes);
      } catch (IOException | RuntimeException e) {
        classes.close();
        throw e;
      }
    } catch (IOException | RuntimeException e) {
      images.close();
      throw e;
    }
  }

  private Images open(DataInputStream images, DataInputStream classes) throws IOException {
    header(path, images, IMAGE_MAGIC);
    integer(path, images);
    integer(path, images);
    int labelled = header(labels, classes, LABEL_MAGIC);
    if (labelled != all) {
      throw new BadFileException(
          labels, "holds " + labelled + " labels; expected " + all + ", as many as images");
    }
    return new Images() {
      private int next;

      @Override
      public Image next() throws IOException {
        while (true) {
          if (next == to) {
            requireEnd(images, classes);
            return null;
          }
          byte[] pixels = bytes(path, images, SIDE * SIDE);
          int label = bytes(labels, classes, 1)[0] & 0xFF;
          int number = next++;
          if (number >= from) {
            return new Image(
                number, path + ": image " + number, new Label.OfClass(label), () -> padded(pixels));
          }
        }
      }

      @Override
      public void close() throws IOException {
        try (classes) {
          images.close();
        }
      }
    };
  }

  private void requireEnd(DataInputStream images, DataInputStream classes) throws IOException {
    if (to == all) {
      for (DataInputStream each : new DataInputStream[] {images, classes}) {
        if (each.read() >= 0) {
          throw new BadFileException(
              each == images ? path : labels, "goes on after its " + all + " entries");
        }
      }
    }
  }

  private static Decoded padded(byte[] pixels) {
    byte[] padded = new byte[SHAPE.size()];
    for (int y = 0; y < SIDE; y++) {
      System.arraycopy(pixels, y * SIDE, padded, (y + MARGIN) * SHAPE.width() + MARGIN, SIDE);
    }
    return new Decoded(SHAPE, padded);
  }

  private static DataInputStream open(Store store, String file) throws IOException {
    InputStream packed = store.open(file);
    try {
      return new DataInputStream(
          new BufferedInputStream(new GZIPInputStream(packed, 1 << 16), 1 << 16));
    } catch (EOFException | ZipException e) {
      packed.close();
      throw new BadFileException(file, "is no gzip file", e);
    }
  }

  private static int header(String file, DataInputStream in, int magic) throws IOException {
    int found = integer(file, in);
    if (found != magic) {
      throw new BadFileException(
          file, String.format("starts with %08x; expected %08x, as IDX files do", found, magic));
    }
    return integer(file, in);
  }

  private static int integer(String file, DataInputStream in) throws IOException {
    return ByteBuffer.wrap(bytes(file, in, Integer.BYTES)).getInt();
  }

  private static byte[] bytes(String file, DataInputStream in, int count) throws IOException {
    byte[] bytes = new byte[count];
    try {
      in.readFully(bytes);
    } catch (EOFException | ZipException e) {
      throw new BadFileException(file, "is damaged or cut short", e);
    }
    return bytes;
  }
}
