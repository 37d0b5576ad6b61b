package dev.ect.model.dataset.convert;

import dev.ect.model.dataset.DatasetIndex.Kind;
import dev.ect.model.dataset.EntryReader;
import dev.ect.model.dataset.ImageDecoder;
import dev.ect.model.dataset.ImageEntries;
import dev.ect.model.dataset.ImageFiles;
import dev.ect.model.dataset.Label;
import dev.ect.model.dataset.LabelFile;
import dev.ect.model.io.Store;
import dev.ect.model.io.ZipDirectory;
import java.io.IOException;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/**
 * Image files in a folder, sorted by the parts of their paths, or in a zip, sorted by name. Labels
 * are those of {@code dataset.json}; in a folder without such labels, the places of the top-level
 * folders in sorted order, where there are several.
 */
final class StoredImages implements ImageSource {
  private static final long serialVersionUID = 1;
  private static final int NONE = -1;

  private final String path;
  private final Kind kind;
  private final ImageEntries entries;
  private final int first;

  /** Class of each image, {@link #NONE} where it has none; null where no image has one. */
  private final int[] classes;

  /** Label vector of each image, null where it has none; null where no image has one. */
  private final float[][] vectors;

  private StoredImages(
      String path, Kind kind, ImageEntries entries, int first, int[] classes, float[][] vectors) {
    this.path = path;
    this.kind = kind;
    this.entries = entries;
    this.first = first;
    this.classes = classes;
    this.vectors = vectors;
  }

  /** Lists a folder, or reads the directory of a zip. */
  static StoredImages find(Store store, String path, Kind kind) throws IOException {
    try (EntryReader reader = new EntryReader(store, path, kind)) {
      boolean folder = kind == Kind.FOLDER;
      List<ZipDirectory.Entry> files =
          folder ? ImageFiles.inFolder(store, path) : ZipDirectory.read(path, reader.zip());
      Comparator<String> order = folder ? NameOrder.PARTS : NameOrder.WHOLE;
      List<ZipDirectory.Entry> images = ImageFiles.images(path, files, order);
      Optional<LabelFile> labels = LabelFile.find(reader, files).filter(found -> !found.isEmpty());
      int[] classes = null;
      float[][] vectors = null;
      if (labels.isEmpty()) {
        classes = folder ? byFolder(images) : null;
      } else if (labels.get().vectors().isEmpty()) {
        classes =
            images.stream()
                .mapToInt(image -> labels.get().classes().getOrDefault(image.name(), NONE))
                .toArray();
      } else {
        vectors =
            images.stream()
                .map(image -> labels.get().vectors().get(image.name()))
                .toArray(float[][]::new);
      }
      return new StoredImages(path, kind, new ImageEntries(images), 0, classes, vectors);
    }
  }

  private static int[] byFolder(List<ZipDirectory.Entry> images) {
    TreeSet<String> names = new TreeSet<>(NameOrder.WHOLE);
    images.forEach(image -> names.add(group(image.name())));
    if (names.size() == 1) {
      return null;
    }
    List<String> groups = List.copyOf(names);
    return images.stream()
        .mapToInt(image -> Collections.binarySearch(groups, group(image.name()), NameOrder.WHOLE))
        .toArray();
  }

  /** The top-level folder; empty for a file at the root. */
  private static String group(String name) {
    return name.substring(0, Math.max(name.indexOf('/'), 0));
  }

  @Override
  public int count() {
    return entries.count();
  }

  @Override
  public ImageSource slice(int from, int to) {
    return new StoredImages(
        path,
        kind,
        entries.slice(from, to),
        first + from,
        classes == null ? null : Arrays.copyOfRange(classes, from, to),
        vectors == null ? null : Arrays.copyOfRange(vectors, from, to));
  }

  @Override
  public boolean divisible() {
    return true;
  }

  @Override
  public Images open(Store store) throws IOException {
    EntryReader reader = new EntryReader(store, path, kind);
    return new Images() {
      private int next;

      @Override
      public Image next() {
        if (next == count()) {
          return null;
        }
        int i = next++;
        String name = reader.label(entries.name(i));
        return new Image(
            first + i, name, label(i), () -> ImageDecoder.decode(name, reader.read(entries, i), 0));
      }

      @Override
      public void close() throws IOException {
        reader.close();
      }
    };
  }

  private Label label(int i) {
    if (vectors != null) {
      return vectors[i] == null ? null : new Label.OfVector(vectors[i]);
    }
    return classes == null || classes[i] == NONE ? null : new Label.OfClass(classes[i]);
  }
}
