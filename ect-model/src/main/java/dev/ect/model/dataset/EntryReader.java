package dev.ect.model.dataset;

import dev.ect.model.io.BadFileException;
import dev.ect.model.io.RandomInput;
import dev.ect.model.io.Store;
import dev.ect.model.io.ZipDirectory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Reads files of a dataset as they are stored: out of a folder, or by position out of a zip. Safe
 * for use by several threads.
 */
public final class EntryReader implements AutoCloseable {
  /**
   * Room for extra fields of local headers, which are rarely longer; where they are, a second read
   * follows.
   */
  private static final int MOST_EXTRA = 64;

  /** No deflated byte stands for more bytes. */
  private static final long LARGEST_RATIO = 1032;

  private final Store store;
  private final String path;
  private final RandomInput zip;

  /**
   * How much longer than its name and its fixed part a local header has been at most; -1 before the
   * first one. A zip's headers are mostly alike, so that little is read in vain.
   */
  private final AtomicInteger extra = new AtomicInteger(-1);

  /** Opens a folder or zip. */
  public EntryReader(Store store, String path, DatasetIndex.Kind kind) throws IOException {
    this.store = store;
    this.path = path;
    zip = kind == DatasetIndex.Kind.ZIP ? store.openRandom(path) : null;
  }

  /** The zip itself; null for a folder. */
  public RandomInput zip() {
    return zip;
  }

  /** The file's name for messages. */
  public String label(String name) {
    return Store.join(path, name);
  }

  /** File i of the entries. */
  public byte[] read(ImageEntries entries, int i) throws IOException {
    String name = entries.name(i);
    return zip == null
        ? readFile(name)
        : readEntry(
            new ZipDirectory.Entry(
                name,
                entries.deflated(i) ? ZipDirectory.DEFLATED : ZipDirectory.STORED,
                entries.crc(i),
                entries.header(i),
                entries.stored(i),
                entries.size(i)));
  }

  /** A file of the folder. */
  public byte[] readFile(String name) throws IOException {
    return store.readAll(label(name));
  }

  /** One entry of the zip, unpacked, its checksum verified. */
  public byte[] readEntry(ZipDirectory.Entry entry) throws IOException {
    int stored = requireInt(entry.name(), entry.stored());
    int size = requireInt(entry.name(), entry.size());
    int known = ZipDirectory.LOCAL_LENGTH + entry.name().length();
    int seen = extra.get();
    long guess = (long) known + (seen < 0 ? MOST_EXTRA : Math.min(seen, MOST_EXTRA)) + stored;
    long left = Math.max(zip.length() - entry.header(), 0);
    int read = requireInt(entry.name(), Math.min(guess, left));
    byte[] bytes = new byte[Math.max(read, ZipDirectory.LOCAL_LENGTH)];
    zip.readFully(entry.header(), bytes, 0, read);
    ByteBuffer local = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    if (local.getInt(0) != ZipDirectory.LOCAL_SIGNATURE) {
      throw new BadFileException(
          label(entry.name()),
          "is not where the zip's directory says; the zip is damaged or was replaced");
    }
    int start =
        ZipDirectory.LOCAL_LENGTH
            + Short.toUnsignedInt(local.getShort(26))
            + Short.toUnsignedInt(local.getShort(28));
    extra.accumulateAndGet(Math.max(start - known, 0), Math::max);
    byte[] data = new byte[stored];
    int there = Math.max(Math.min(read - start, stored), 0);
    System.arraycopy(bytes, Math.min(start, read), data, 0, there);
    if (there < stored) {
      zip.readFully(entry.header() + start + there, data, there, stored - there);
    }
    if (entry.method() == ZipDirectory.DEFLATED) {
      data = inflate(entry.name(), data, size);
    }
    CRC32 crc = new CRC32();
    crc.update(data);
    if ((int) crc.getValue() != entry.crc()) {
      throw new BadFileException(
          label(entry.name()),
          String.format(
              "is damaged: its checksum is %08x; the zip's directory says %08x",
              crc.getValue(), entry.crc()));
    }
    return data;
  }

  private byte[] inflate(String name, byte[] packed, int size) throws IOException {
    if (size > LARGEST_RATIO * packed.length) {
      throw new BadFileException(
          label(name),
          "is damaged: "
              + packed.length
              + " packed bytes cannot unpack to "
              + size
              + ", as the zip's directory says");
    }
    Inflater inflater = new Inflater(true);
    try {
      inflater.setInput(packed);
      byte[] data = new byte[size];
      int done = 0;
      while (done < size) {
        int count = inflater.inflate(data, done, size - done);
        if (count == 0) {
          throw new BadFileException(
              label(name), "is damaged: it unpacks to " + done + " bytes; expected " + size);
        }
        done += count;
      }
      return data;
    } catch (DataFormatException e) {
      throw new BadFileException(label(name), "is damaged: it cannot be unpacked", e);
    } finally {
      inflater.end();
    }
  }

  private int requireInt(String name, long size) throws IOException {
    if (size > Integer.MAX_VALUE - 8) {
      throw new BadFileException(label(name), "has " + size + " bytes; expected less than 2 GiB");
    }
    return (int) size;
  }

  @Override
  public void close() throws IOException {
    if (zip != null) {
      zip.close();
    }
  }
}
