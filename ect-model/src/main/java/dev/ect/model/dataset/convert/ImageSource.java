package dev.ect.model.dataset.convert;

import dev.ect.model.dataset.ImageDecoder.Decoded;
import dev.ect.model.dataset.Label;
import dev.ect.model.io.Store;
import java.io.IOException;
import java.io.Serializable;

/**
 * A collection of images in an order of its own, in which they are numbered from 0. Immutable;
 * travels to executors.
 */
public interface ImageSource extends Serializable {
  /** What an image is read from when its turn comes. */
  @FunctionalInterface
  interface Content {
    /** Reads and decodes it; from any thread, while the {@link Images} are open. */
    Decoded read() throws IOException;
  }

  /**
   * One image.
   *
   * @param number its place in the whole collection, from 0
   * @param name for messages, with the path
   * @param label null where it has none
   */
  record Image(int number, String name, Label label, Content content) {}

  /** A source opened for reading, by one thread. */
  interface Images extends AutoCloseable {
    /** The next image, or null after the last one. */
    Image next() throws IOException;

    @Override
    void close() throws IOException;
  }

  /** Images in it. */
  int count();

  /** Images {@code from} to {@code to - 1} of this source, with their numbers, and nothing else. */
  ImageSource slice(int from, int to);

  /**
   * Whether reading a slice costs no more than the slice; not so where a stream must be skipped.
   */
  boolean divisible();

  /** Opens it; the caller closes it. */
  Images open(Store store) throws IOException;
}
