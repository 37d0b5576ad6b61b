package dev.ect.model.io;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads one .npy file, of which the size is known, from a stream. */
final class NpyReader {
  /** NumPy itself refuses to parse more than 10,000 characters. */
  private static final int LONGEST_HEADER = 1 << 16;

  private static final int PIECE = 1 << 16;
  private static final Pattern TYPE = Pattern.compile("([<>])(?:(f8|f4|i8)|U(\\d{1,6}))");

  private final String file;
  private final String name;
  private final InputStream in;
  private final long size;
  private long position;

  /**
   * @param file the path for messages
   * @param name of the array
   * @param size bytes that the stream has
   */
  NpyReader(String file, String name, InputStream in, long size) {
    this.file = file;
    this.name = name;
    this.in = in;
    this.size = size;
  }

  /** Reads as far as the elements. */
  NpyHeader header() throws IOException {
    byte[] start = bytes(NpyHeader.START);
    if (!Arrays.equals(
        NpyHeader.MAGIC, 0, NpyHeader.MAGIC.length, start, 0, NpyHeader.MAGIC.length)) {
      throw bad("is no .npy file: it does not start with the magic \\x93NUMPY");
    }
    int version = start[NpyHeader.MAGIC.length];
    if (version < 1 || version > 3) {
      throw bad("is a .npy file of version " + version + "; expected 1, 2 or 3");
    }
    ByteBuffer prefix =
        ByteBuffer.wrap(bytes(version == 1 ? Short.BYTES : Integer.BYTES))
            .order(ByteOrder.LITTLE_ENDIAN);
    long length =
        version == 1
            ? Short.toUnsignedInt(prefix.getShort())
            : Integer.toUnsignedLong(prefix.getInt());
    if (length > LONGEST_HEADER) {
      throw bad("has a header of " + length + " bytes; expected at most " + LONGEST_HEADER);
    }
    byte[] text = bytes((int) length);
    try {
      return NpyHeader.parse(text, version == 3);
    } catch (IllegalArgumentException e) {
      throw new BadFileException(file, "array " + name + " " + e.getMessage(), e);
    }
  }

  /** Reads the whole array, and the stream to its end. */
  NpyArray array() throws IOException {
    NpyHeader header = header();
    Matcher type = TYPE.matcher(header.type());
    if (!type.matches()) {
      throw bad(
          "has the type "
              + header.type()
              + "; expected float64, float32, int64 or unicode (objects are pickles, which are not"
              + " read)");
    }
    boolean text = type.group(2) == null;
    int width =
        text ? Integer.BYTES * Integer.parseInt(type.group(3)) : type.group(2).charAt(1) - '0';
    long elements = header.elements();
    // Also keeps what is allocated to what the file has.
    if (elements > Integer.MAX_VALUE - 8
        || (width == 0 && elements > size)
        || elements * width != size - position) {
      throw bad(
          "has "
              + (size - position)
              + " bytes of elements; its shape "
              + header.shape()
              + " and type "
              + header.type()
              + " take another number");
    }
    Elements source =
        new Elements(
            (int) elements,
            width,
            type.group(1).equals("<") ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
    NpyArray array = text ? texts(header, source) : numbers(header, source, type.group(2));
    if (in.read() >= 0) {
      throw bad("is longer than the " + size + " bytes that the zip's directory gives it");
    }
    return array;
  }

  private NpyArray numbers(NpyHeader header, Elements source, String type) throws IOException {
    if (type.equals("i8")) {
      long[] values = new long[source.count];
      for (int i = 0; i < values.length; i++) {
        values[header.place(i)] = source.next().getLong();
      }
      return new NpyArray.Longs(header.shape(), values);
    }
    boolean wide = type.equals("f8");
    double[] values = new double[source.count];
    for (int i = 0; i < values.length; i++) {
      ByteBuffer next = source.next();
      values[header.place(i)] = wide ? next.getDouble() : next.getFloat();
    }
    return new NpyArray.Doubles(header.shape(), values);
  }

  private NpyArray texts(NpyHeader header, Elements source) throws IOException {
    String[] values = new String[source.count];
    int[] points = new int[source.width / Integer.BYTES];
    for (int i = 0; i < values.length; i++) {
      ByteBuffer next = source.next();
      int length = 0;
      for (int j = 0; j < points.length; j++) {
        points[j] = next.getInt();
        if (!Character.isValidCodePoint(points[j])) {
          throw bad(
              "has the character "
                  + Integer.toUnsignedString(points[j])
                  + ", which is not unicode");
        }
        if (points[j] != 0) {
          length = j + 1;
        }
      }
      values[header.place(i)] = new String(points, 0, length);
    }
    return new NpyArray.Texts(header.shape(), List.of(values));
  }

  /** The elements' bytes, one element after the other. */
  private final class Elements {
    final int count;
    final int width;
    private final ByteBuffer piece;
    private final int perPiece;
    private int taken;

    Elements(int count, int width, ByteOrder order) {
      this.count = count;
      this.width = width;
      perPiece = Math.max(1, Math.min(count, PIECE / Math.max(width, 1)));
      piece = ByteBuffer.allocate(perPiece * width).order(order);
    }

    /** A buffer that stands at the next element. */
    ByteBuffer next() throws IOException {
      if (taken % perPiece == 0) {
        int bytes = Math.min(perPiece, count - taken) * width;
        fill(piece.array(), bytes);
        piece.clear();
      }
      taken++;
      return piece;
    }
  }

  private byte[] bytes(int count) throws IOException {
    if (count > size - position) {
      throw bad("is cut short: it has " + size + " bytes");
    }
    byte[] bytes = new byte[count];
    fill(bytes, count);
    return bytes;
  }

  private void fill(byte[] bytes, int count) throws IOException {
    int read = in.readNBytes(bytes, 0, count);
    if (read < count) {
      throw new EOFException("after " + (position + read) + " of " + size + " bytes");
    }
    position += count;
  }

  private BadFileException bad(String problem) {
    return new BadFileException(file, "array " + name + " " + problem);
  }
}
