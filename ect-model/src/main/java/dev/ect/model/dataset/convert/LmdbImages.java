package dev.ect.model.dataset.convert;

import dev.ect.model.dataset.ImageDecoder;
import dev.ect.model.io.BadFileException;
import dev.ect.model.io.RandomInput;
import dev.ect.model.io.Store;
import java.io.IOException;
import java.util.Arrays;

/**
 * LSUN: the values of an LMDB database, in the order of their keys, are image files. They have no
 * labels. All become RGB, since a few of them are grey.
 */
final class LmdbImages implements ImageSource {
  private static final long serialVersionUID = 1;
  static final String SUFFIX = "_lmdb";

  private final String file;
  private final long[] positions;
  private final int[] sizes;
  private final int first;

  private LmdbImages(String file, long[] positions, int[] sizes, int first) {
    this.file = file;
    this.positions = positions;
    this.sizes = sizes;
    this.first = first;
  }

  /**
   * Finds the values; what large ones hold is not read.
   *
   * @param most images
   */
  static LmdbImages find(Store store, String folder, int most) throws IOException {
    String file = Store.join(folder, "data.mdb");
    try (RandomInput input = store.openRandom(file)) {
      LmdbReader reader = new LmdbReader(file, input);
      if (reader.entries() == 0) {
        throw new BadFileException(file, "holds no images");
      }
      int count = (int) Math.min(reader.entries(), most);
      long[] positions = new long[count];
      int[] sizes = new int[count];
      int[] next = {0};
      reader.forEach(
          (position, size) -> {
            positions[next[0]] = position;
            sizes[next[0]] = size;
            return ++next[0] < count || count == reader.entries();
          });
      return new LmdbImages(file, positions, sizes, 0);
    }
  }

  @Override
  public int count() {
    return sizes.length;
  }

  @Override
  public ImageSource slice(int from, int to) {
    return new LmdbImages(
        file,
        Arrays.copyOfRange(positions, from, to),
        Arrays.copyOfRange(sizes, from, to),
        first + from);
  }

  @Override
  public boolean divisible() {
    return true;
  }

  @Override
  public Images open(Store store) throws IOException {
    RandomInput input = store.openRandom(file);
    return new Images() {
      private int next;

      @Override
      public Image next() {
        if (next == count()) {
          return null;
        }
        int i = next++;
        String name = file + ": image " + (first + i);
        return new Image(
            first + i,
            name,
            null,
            () -> {
              byte[] encoded = new byte[sizes[i]];
              input.readFully(positions[i], encoded, 0, encoded.length);
              return Planes.toRgb(ImageDecoder.decode(name, encoded, 0));
            });
      }

      @Override
      public void close() throws IOException {
        input.close();
      }
    };
  }
}
