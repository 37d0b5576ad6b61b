package dev.ect.model.dataset;

import dev.ect.model.io.BadFileException;
import dev.ect.model.io.Store;
import dev.ect.model.io.StoredFile;
import dev.ect.model.io.ZipDirectory;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import javax.imageio.ImageIO;

/** The files of a folder or zip, and which of them are images. */
public final class ImageFiles {
  private static final Set<String> SUFFIXES = Set.of(ImageIO.getReaderFileSuffixes());

  private ImageFiles() {}

  /** All files below a folder, as if they were entries of a zip; see {@link ImageEntries}. */
  public static List<ZipDirectory.Entry> inFolder(Store store, String path) throws IOException {
    List<ZipDirectory.Entry> files = new ArrayList<>();
    for (StoredFile file : store.list(path, true)) {
      files.add(
          new ZipDirectory.Entry(
              file.name(), ZipDirectory.STORED, 0, file.modified(), file.length(), file.length()));
    }
    return files;
  }

  /**
   * Those of the files that are images, sorted; hidden ones are left out.
   *
   * @param path of the folder or zip, for messages
   * @throws BadFileException if there are none, two of one name, or one of 2 GiB
   */
  public static List<ZipDirectory.Entry> images(
      String path, List<ZipDirectory.Entry> files, Comparator<String> order) throws IOException {
    List<ZipDirectory.Entry> images = new ArrayList<>();
    for (ZipDirectory.Entry file : files) {
      if (isImage(file.name())) {
        if (Math.max(file.stored(), file.size()) > Integer.MAX_VALUE - 8) {
          throw new BadFileException(
              Store.join(path, file.name()),
              "has " + file.size() + " bytes; expected an image of less than 2 GiB");
        }
        images.add(file);
      }
    }
    if (images.isEmpty()) {
      throw new BadFileException(
          path, "has no images among its " + files.size() + " files; expected PNG or JPEG files");
    }
    images.sort(Comparator.comparing(ZipDirectory.Entry::name, order));
    for (int i = 1; i < images.size(); i++) {
      if (images.get(i).name().equals(images.get(i - 1).name())) {
        throw new BadFileException(path, "has two images named " + images.get(i).name());
      }
    }
    return images;
  }

  private static boolean isImage(String name) {
    boolean hidden = name.startsWith(".") || name.contains("/.") || name.startsWith("__MACOSX/");
    return !hidden
        && SUFFIXES.contains(name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT));
  }
}
