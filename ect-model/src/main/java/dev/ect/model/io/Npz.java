package dev.ect.model.io;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.LocalDateTime;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.CheckedOutputStream;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipOutputStream;

/**
 * A .npz file: a zip of named NumPy arrays, stored or deflated, as numpy.savez and
 * numpy.savez_compressed write them. Arrays are read when they are asked for; what is allocated is
 * bounded by the file's size. Pickled objects are never read.
 */
public final class Npz implements AutoCloseable {
  private static final String SUFFIX = ".npy";

  /** NumPy's own choice: equal arrays make equal files. */
  private static final LocalDateTime TIME = LocalDateTime.of(1980, 1, 1, 0, 0);

  /** Deflate makes nothing smaller than by this factor (zlib's technical details). */
  private static final long BEST_DEFLATE = 1032;

  /** Bytes of one read: remote file systems take some milliseconds for each. */
  private static final int BUFFER = 1 << 20;

  private static final int PACKED_BUFFER = 1 << 13;

  private final String path;
  private final RandomInput input;
  private final Map<String, Place> places = new LinkedHashMap<>();

  /**
   * Where an array lies.
   *
   * @param start position of its first byte, packed or not
   */
  private record Place(ZipDirectory.Entry entry, long start) {}

  private Npz(String path, RandomInput input) throws IOException {
    this.path = path;
    this.input = input;
    for (ZipDirectory.Entry entry : ZipDirectory.read(path, input)) {
      Place place = new Place(entry, ZipDirectory.dataStart(path, input, entry));
      if (entry.name().endsWith(SUFFIX)) {
        String name = entry.name().substring(0, entry.name().length() - SUFFIX.length());
        if (places.put(name, place) != null) {
          throw new BadFileException(path, "holds two arrays called " + name);
        }
      }
    }
  }

  /**
   * Opens a file and reads its list of arrays; the caller closes it.
   *
   * @throws BadFileException if it is not a zip, is damaged, or names an array twice
   */
  public static Npz open(Store store, String path) throws IOException {
    RandomInput input = store.openRandom(path);
    try {
      return new Npz(path, input);
    } catch (IOException | RuntimeException failure) {
      try {
        input.close();
      } catch (IOException again) {
        failure.addSuppressed(again);
      }
      throw failure;
    }
  }

  /** Names of the arrays, in the file's order. */
  public Set<String> names() {
    return Collections.unmodifiableSet(places.keySet());
  }

  /**
   * Reads an array and verifies its checksum.
   *
   * @throws BadFileException if there is none of that name, or it is damaged or of another type
   *     than float64, float32, int64 or unicode
   */
  public NpyArray array(String name) throws IOException {
    Place place = places.get(name);
    if (place == null) {
      throw new BadFileException(
          path,
          "has no array "
              + name
              + "; "
              + (places.isEmpty() ? "it holds none" : "it holds " + String.join(", ", names())));
    }
    return read(name, place);
  }

  /**
   * The array's value if it is a single text, else nothing.
   *
   * @throws BadFileException as {@link #array}
   */
  public Optional<String> text(String name) throws IOException {
    Place place = places.get(name);
    if (place == null) {
      return Optional.empty();
    }
    NpyHeader header;
    try (CheckedInputStream in = content(name, place)) {
      header = new NpyReader(path, name, in, place.entry().size()).header();
      in.skip(Long.MAX_VALUE);
      verify(name, place, in);
    } catch (ZipException | EOFException e) {
      throw damaged(name, e);
    }
    return header.type().matches("[<>]U\\d+") && header.shape().isEmpty()
        ? Optional.of(((NpyArray.Texts) read(name, place)).values().get(0))
        : Optional.empty();
  }

  private NpyArray read(String name, Place place) throws IOException {
    try (CheckedInputStream in = content(name, place)) {
      NpyArray array = new NpyReader(path, name, in, place.entry().size()).array();
      verify(name, place, in);
      return array;
    } catch (ZipException | EOFException e) {
      throw damaged(name, e);
    }
  }

  private void verify(String name, Place place, CheckedInputStream in) throws IOException {
    if ((int) in.getChecksum().getValue() != place.entry().crc()) {
      throw new BadFileException(path, "array " + name + " is damaged: its checksum is wrong");
    }
  }

  private BadFileException damaged(String name, IOException cause) {
    return new BadFileException(
        path, "array " + name + " is damaged or cut short (" + cause.getMessage() + ")", cause);
  }

  /** What an array's entry unpacks to. */
  private CheckedInputStream content(String name, Place place) throws IOException {
    long size = place.entry().size();
    long stored = place.entry().stored();
    boolean deflated = place.entry().method() == ZipDirectory.DEFLATED;
    if (deflated && size / BEST_DEFLATE > stored) {
      throw new BadFileException(
          path,
          "array " + name + " of " + size + " bytes cannot come from " + stored + " packed ones");
    }
    InputStream raw =
        new BufferedInputStream(
            new Range(input, place.start(), place.start() + stored),
            (int) Math.max(1, Math.min(stored, BUFFER)));
    return new CheckedInputStream(deflated ? new Inflating(raw) : raw, new CRC32());
  }

  @Override
  public void close() throws IOException {
    input.close();
  }

  /**
   * Writes arrays as a whole, see {@link Store#write}: stored, in the map's order, and the same
   * bytes for the same arrays. numpy.load reads the file without pickle.
   */
  public static void write(Store store, String path, Map<String, NpyArray> arrays)
      throws IOException {
    store.write(
        path,
        out -> {
          ZipOutputStream zip = new ZipOutputStream(out);
          for (Map.Entry<String, NpyArray> array : arrays.entrySet()) {
            Measure measure = new Measure();
            CheckedOutputStream checked = new CheckedOutputStream(measure, new CRC32());
            NpyWriter.write(array.getValue(), checked);
            ZipEntry entry = new ZipEntry(array.getKey() + SUFFIX);
            entry.setMethod(ZipEntry.STORED);
            entry.setTimeLocal(TIME);
            entry.setSize(measure.bytes);
            entry.setCrc(checked.getChecksum().getValue());
            zip.putNextEntry(entry);
            NpyWriter.write(array.getValue(), zip);
            zip.closeEntry();
          }
          zip.finish();
        });
  }

  /** Frees its inflater, which the class above it does only for one of its own. */
  private static final class Inflating extends InflaterInputStream {
    Inflating(InputStream packed) {
      super(packed, new Inflater(true), PACKED_BUFFER);
    }

    @Override
    public void close() throws IOException {
      try {
        super.close();
      } finally {
        inf.end();
      }
    }
  }

  /** Counts what is written and keeps none of it. */
  private static final class Measure extends OutputStream {
    long bytes;

    @Override
    public void write(int b) {
      bytes++;
    }

    @Override
    public void write(byte[] b, int offset, int length) {
      bytes += length;
    }
  }

  /** Part of a file, from a position to another. */
  private static final class Range extends InputStream {
    private final RandomInput input;
    private final long end;
    private long next;

    Range(RandomInput input, long start, long end) {
      this.input = input;
      this.next = start;
      this.end = end;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      int count = (int) Math.min(length, end - next);
      if (count <= 0) {
        return length == 0 ? 0 : -1;
      }
      input.readFully(next, bytes, offset, count);
      next += count;
      return count;
    }
  }
}
