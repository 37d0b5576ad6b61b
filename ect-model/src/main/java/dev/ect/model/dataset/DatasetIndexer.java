package dev.ect.model.dataset;

import dev.ect.model.io.BadFileException;
import dev.ect.model.io.Store;
import dev.ect.model.io.ZipDirectory;
import dev.ect.model.random.Philox;
import dev.ect.model.random.Purpose;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Finds the images of an EDM dataset: a folder or zip of images of one size, with labels in {@code
 * dataset.json}. Of a zip only the central directory, {@code dataset.json} and the first image are
 * read. Files that are not images, and hidden ones, are ignored.
 */
public final class DatasetIndexer {
  private DatasetIndexer() {}

  /**
   * The images in use, sorted by name, and their labels; at most one of the two label arrays is
   * there.
   */
  private record Labels(int[] classes, float[][] vectors, int width) {}

  /**
   * Indexes a dataset.
   *
   * @param path a folder or a {@code .zip}
   * @throws FileNotFoundException if there is none
   * @throws BadFileException if it is not a usable dataset: no images, a first image that is
   *     damaged or not square with a power of two pixels, labels that are missing, partial or
   *     malformed, a zip cut short
   */
  public static DatasetIndex index(Store store, String path, DatasetOptions options)
      throws IOException {
    if (!store.exists(path)) {
      throw new FileNotFoundException(
          store.qualified(path) + ": no such dataset; expected a folder or a .zip");
    }
    boolean folder = store.info(path).directory();
    DatasetIndex.Kind kind = folder ? DatasetIndex.Kind.FOLDER : DatasetIndex.Kind.ZIP;
    try (EntryReader reader = new EntryReader(store, path, kind)) {
      List<ZipDirectory.Entry> files =
          folder ? ImageFiles.inFolder(store, path) : ZipDirectory.read(path, reader.zip());
      List<ZipDirectory.Entry> images = ImageFiles.images(path, files, Comparator.naturalOrder());
      LabelFile labelFile = labels(reader, files, options.labels());
      int[] chosen = choose(images.size(), options);
      Labels labels = assign(reader.label(LabelFile.NAME), labelFile, images, chosen);
      ImageEntries entries = new ImageEntries(Arrays.stream(chosen).mapToObj(images::get).toList());
      String first = reader.label(entries.name(0));
      ImageShape shape = ImageDecoder.decode(first, reader.read(entries, 0), 0).shape();
      if (shape.height() != shape.width() || Integer.bitCount(shape.width()) != 1) {
        throw new BadFileException(
            first,
            "is "
                + shape
                + "; expected a square image of a power of two pixels: convert the dataset with a resolution");
      }
      if (options.xflip() && images.size() > Integer.MAX_VALUE / 2) {
        throw new BadFileException(path, "has too many images to be doubled: " + images.size());
      }
      return new DatasetIndex(
          path,
          kind,
          name(path),
          shape,
          entries,
          labels.classes(),
          labels.vectors(),
          labels.width(),
          options.xflip());
    }
  }

  private static String name(String path) {
    String name = Store.name(path);
    return name.toLowerCase(Locale.ROOT).endsWith(".zip")
        ? name.substring(0, name.length() - 4)
        : name;
  }

  private static LabelFile labels(EntryReader reader, List<ZipDirectory.Entry> files, LabelUse use)
      throws IOException {
    LabelFile none = new LabelFile(Map.of(), Map.of());
    if (use == LabelUse.IGNORE) {
      return none;
    }
    String file = reader.label(LabelFile.NAME);
    Optional<LabelFile> found = LabelFile.find(reader, files);
    LabelFile labels = found.orElse(none);
    if (labels.isEmpty() && use == LabelUse.REQUIRE) {
      throw new BadFileException(
          file,
          (found.isPresent() ? "has no labels" : "is missing")
              + "; expected a label for every image, or training without labels");
    }
    return labels;
  }

  private static int[] choose(int count, DatasetOptions options) {
    int[] all = new int[count];
    Arrays.setAll(all, i -> i);
    if (options.maxSize() == 0 || options.maxSize() >= count) {
      return all;
    }
    int[] chosen =
        Arrays.copyOf(
            new Philox(options.seed(), Purpose.SUBSET, 0, 0).permutation(count), options.maxSize());
    Arrays.sort(chosen);
    return chosen;
  }

  /**
   * Looks up the labels of the chosen images. All images must have one, and all count for the
   * width, so that it does not depend on the subset.
   */
  private static Labels assign(
      String file, LabelFile labels, List<ZipDirectory.Entry> images, int[] chosen)
      throws IOException {
    if (labels.isEmpty()) {
      return new Labels(null, null, 0);
    }
    List<String> without =
        images.stream().map(ZipDirectory.Entry::name).filter(name -> !labels.has(name)).toList();
    if (!without.isEmpty()) {
      throw new BadFileException(
          file,
          "has no label for "
              + without.size()
              + " of "
              + images.size()
              + " images, the first being "
              + without.get(0));
    }
    if (!labels.vectors().isEmpty()) {
      float[][] vectors =
          Arrays.stream(chosen)
              .mapToObj(i -> labels.vectors().get(images.get(i).name()))
              .toArray(float[][]::new);
      return new Labels(null, vectors, vectors[0].length);
    }
    int largest =
        images.stream().mapToInt(image -> labels.classes().get(image.name())).max().orElseThrow();
    int[] classes =
        Arrays.stream(chosen).map(i -> labels.classes().get(images.get(i).name())).toArray();
    return new Labels(classes, null, largest + 1);
  }
}
