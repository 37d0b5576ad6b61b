package dev.ect.model.dataset.convert;

import dev.ect.model.dataset.DatasetIndex.Kind;
import dev.ect.model.io.BadFileException;
import dev.ect.model.io.Store;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.Locale;

/** Knows what a path holds by its name. */
public final class ImageSources {
  /** What is accepted. */
  private static final String KINDS =
      "a folder of images, a .zip, CIFAR-10's cifar-10-python.tar.gz, MNIST's"
          + " train-images-idx3-ubyte.gz, or an LSUN folder *_lmdb";

  private ImageSources() {}

  /** Looks into a source of a kind. */
  @FunctionalInterface
  private interface Finder {
    ImageSource find() throws IOException;
  }

  /**
   * Says whether a path could hold images, without looking into it.
   *
   * @throws FileNotFoundException if there is nothing
   * @throws BadFileException if it is of no known kind
   */
  public static void requireKnown(Store store, String path) throws IOException {
    finder(store, path, 1);
  }

  /**
   * Finds the images at a path.
   *
   * @param most images to use, the first ones; at least 1
   * @throws FileNotFoundException if there is nothing
   * @throws BadFileException if it is of no known kind, damaged, or holds no images
   */
  public static ImageSource find(Store store, String path, int most) throws IOException {
    ImageSource all = finder(store, path, most).find();
    return all.count() > most ? all.slice(0, most) : all;
  }

  private static Finder finder(Store store, String path, int most) throws IOException {
    if (!store.exists(path)) {
      throw new FileNotFoundException(
          store.qualified(path) + ": does not exist; expected " + KINDS);
    }
    String name = Store.name(path);
    String lower = name.toLowerCase(Locale.ROOT);
    if (store.info(path).directory()) {
      return name.endsWith(LmdbImages.SUFFIX)
          ? () -> LmdbImages.find(store, path, most)
          : () -> StoredImages.find(store, path, Kind.FOLDER);
    }
    if (lower.endsWith(".zip")) {
      return () -> StoredImages.find(store, path, Kind.ZIP);
    }
    if (lower.endsWith(CifarImages.SUFFIX)) {
      return () -> CifarImages.find(store, path);
    }
    if (name.endsWith(MnistImages.IMAGES)) {
      return () -> MnistImages.find(store, path);
    }
    throw new BadFileException(path, "is of no kind that can be converted; expected " + KINDS);
  }
}
