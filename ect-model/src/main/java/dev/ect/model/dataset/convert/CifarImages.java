package dev.ect.model.dataset.convert;

import dev.ect.model.dataset.ImageDecoder.Decoded;
import dev.ect.model.dataset.Label;
import dev.ect.model.io.BadFileException;
import dev.ect.model.io.Store;
import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/**
 * CIFAR-10's archive for Python: five pickled batches, which are numbered but lie in the archive in
 * any order, so that they are kept in memory (150 MB) while they are read.
 */
final class CifarImages implements ImageSource {
  private static final long serialVersionUID = 1;
  static final String SUFFIX = ".tar.gz";
  private static final Pattern MEMBER = Pattern.compile("(?:.*/)?data_batch_([1-5])");
  private static final int BATCHES = 5;
  private static final int LARGEST_MEMBER = 1 << 28;

  /** Of the archive when it is unpacked, which has 186 MB; a gzip bomb stops here. */
  private static final long LARGEST_ARCHIVE = 1 << 29;

  private static final int BUFFER = 1 << 16;

  private final String path;

  /** Images of the batches up to each, itself included. */
  private final int[] ends;

  private final int from;
  private final int to;

  private CifarImages(String path, int[] ends, int from, int to) {
    this.path = path;
    this.ends = ends;
    this.from = from;
    this.to = to;
  }

  /** Reads how many images there are. */
  static CifarImages find(Store store, String path) throws IOException {
    int[] ends = new int[BATCHES];
    read(store, path, i -> true, (i, batch) -> ends[i] = batch.labels().length);
    Arrays.parallelPrefix(ends, Math::addExact);
    int count = ends[BATCHES - 1];
    if (count == 0) {
      throw new BadFileException(path, "holds no images");
    }
    return new CifarImages(path, ends, 0, count);
  }

  @Override
  public int count() {
    return to - from;
  }

  @Override
  public ImageSource slice(int first, int end) {
    return new CifarImages(path, ends, from + first, from + end);
  }

  @Override
  public boolean divisible() {
    return false;
  }

  @Override
  public Images open(Store store) throws IOException {
    CifarBatch[] batches = new CifarBatch[BATCHES];
    read(store, path, i -> start(i) < to && ends[i] > from, (i, batch) -> batches[i] = batch);
    return new Images() {
      private int next = from;

      @Override
      public Image next() throws IOException {
        if (next == to) {
          return null;
        }
        int number = next++;
        int i = 0;
        while (ends[i] <= number) {
          i++;
        }
        int row = number - start(i);
        CifarBatch batch = batches[i];
        if (batch.labels().length != ends[i] - start(i)) {
          throw new BadFileException(path, "was replaced by another file meanwhile");
        }
        return new Image(
            number,
            path + ": image " + number,
            new Label.OfClass(batch.labels()[row]),
            () -> new Decoded(CifarBatch.SHAPE, batch.image(row)));
      }

      @Override
      public void close() {
        Arrays.fill(batches, null);
      }
    };
  }

  private int start(int batch) {
    return batch == 0 ? 0 : ends[batch - 1];
  }

  private interface Receiver {
    void take(int i, CifarBatch batch);
  }

  /** Reads the batches that are wanted; all must be there. */
  private static void read(Store store, String path, IntPredicate wanted, Receiver receiver)
      throws IOException {
    boolean[] found = new boolean[BATCHES];
    try (InputStream packed = store.open(path);
        TarArchiveInputStream tar =
            new TarArchiveInputStream(
                new BufferedInputStream(
                    new Bounded(path, new GZIPInputStream(packed, BUFFER)), BUFFER))) {
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        Matcher member = MEMBER.matcher(entry.getName());
        if (!entry.isFile() || !member.matches()) {
          continue;
        }
        int i = Integer.parseInt(member.group(1)) - 1;
        found[i] = true;
        if (wanted.test(i)) {
          String file = Store.join(path, entry.getName());
          if (entry.getSize() > LARGEST_MEMBER) {
            throw new BadFileException(
                file, "has " + entry.getSize() + " bytes; expected at most " + LARGEST_MEMBER);
          }
          receiver.take(i, CifarBatch.read(file, tar.readAllBytes()));
        }
      }
    } catch (BadFileException e) {
      throw e;
    } catch (IOException | IllegalArgumentException e) {
      throw new BadFileException(
          path, "is damaged, or no gzipped tar archive: " + e.getMessage(), e);
    }
    List<String> missing = new ArrayList<>();
    for (int i = 0; i < BATCHES; i++) {
      if (!found[i]) {
        missing.add("data_batch_" + (i + 1));
      }
    }
    if (!missing.isEmpty()) {
      throw new BadFileException(
          path,
          "lacks "
              + String.join(", ", missing)
              + "; expected the Python version of CIFAR-10, cifar-10-python.tar.gz");
    }
  }

  /** Ends with an exception where an archive unpacks to more than it may. */
  private static final class Bounded extends FilterInputStream {
    private final String path;
    private long left = LARGEST_ARCHIVE;

    Bounded(String path, InputStream in) {
      super(in);
      this.path = path;
    }

    @Override
    public int read() throws IOException {
      return count(super.read(), 1);
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      int read = super.read(bytes, offset, length);
      return count(read, read);
    }

    @Override
    public long skip(long most) throws IOException {
      long skipped = super.skip(most);
      count(0, skipped);
      return skipped;
    }

    private int count(int result, long bytes) throws BadFileException {
      left -= Math.max(result < 0 ? 0 : bytes, 0);
      if (left < 0) {
        throw new BadFileException(
            path,
            "unpacks to more than " + LARGEST_ARCHIVE + " bytes; expected CIFAR-10's archive");
      }
      return result;
    }
  }
}
