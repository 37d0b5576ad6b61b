package dev.ect.model.pickle;

import dev.ect.model.io.BadFileException;
import dev.ect.model.io.RandomInput;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** The bytes of a pickle in order, read through a window. Lengths are checked before use. */
final class PickleSource {
  /** Longest text that is decoded in the window. */
  static final int WINDOW = 1 << 16;

  private static final int FIRST_WINDOW = 1 << 10;
  private static final int GROWTH = 4;
  private static final char REPLACEMENT = '\uFFFD';

  private final String file;
  private final RandomInput input;
  private final long end;
  private ByteBuffer window;

  /** Position in the file of the window's first byte. */
  private long windowStart;

  /** Position in the file of the opcode in work, for messages. */
  private long opcode;

  PickleSource(String file, RandomInput input, long start, long end) {
    if (start < 0 || end < start || end > input.length()) {
      throw new IllegalArgumentException(
          "a pickle from byte " + start + " to " + end + " of " + input.length());
    }
    this.file = file;
    this.input = input;
    this.end = end;
    window = ByteBuffer.allocate(0);
    windowStart = start;
  }

  String file() {
    return file;
  }

  /** Position in the file of the next byte. */
  long position() {
    return windowStart + window.position();
  }

  int opcode() throws IOException {
    opcode = position();
    return u1();
  }

  int u1() throws IOException {
    require(1);
    return Byte.toUnsignedInt(window.get());
  }

  int u2() throws IOException {
    require(Short.BYTES);
    return Short.toUnsignedInt(window.getShort());
  }

  int i4() throws IOException {
    require(Integer.BYTES);
    return window.getInt();
  }

  long u4() throws IOException {
    return Integer.toUnsignedLong(i4());
  }

  long i8() throws IOException {
    require(Long.BYTES);
    return window.getLong();
  }

  /** The one number that pickles hold big-endian. */
  double bigEndianDouble() throws IOException {
    return Double.longBitsToDouble(Long.reverseBytes(i8()));
  }

  /** A length, which must not be more than what is left. */
  long claim(long length) throws IOException {
    long left = end - position();
    if (length < 0 || length > left) {
      throw bad(
          "it claims "
              + Long.toUnsignedString(length)
              + " bytes where "
              + left
              + " are left; the file is damaged or cut short");
    }
    return length;
  }

  /** Bytes that are left where they are. */
  PickledBytes bytes(long length) throws IOException {
    PickledBytes bytes = new PickledBytes(file, input, position(), claim(length));
    skip(length);
    return bytes;
  }

  /** At most as many as the window holds. */
  byte[] small(int length) throws IOException {
    require(length);
    byte[] bytes = new byte[length];
    window.get(bytes);
    return bytes;
  }

  /** Latin-1 text of at most {@link #WINDOW} bytes. */
  String latin1(int length) throws IOException {
    require(length);
    String text =
        new String(window.array(), window.position(), length, StandardCharsets.ISO_8859_1);
    skip(length);
    return text;
  }

  /** UTF-8 text of at most {@link #WINDOW} bytes. */
  String utf8(int length) throws IOException {
    require(length);
    String text = new String(window.array(), window.position(), length, StandardCharsets.UTF_8);
    if (text.indexOf(REPLACEMENT) >= 0) {
      // Either the text has that character or something was replaced by it.
      try {
        StandardCharsets.UTF_8.newDecoder().decode(window.slice(window.position(), length));
      } catch (CharacterCodingException e) {
        throw notUtf8(e);
      }
    }
    skip(length);
    return text;
  }

  BadFileException notUtf8(CharacterCodingException cause) {
    return new BadFileException(file, at() + "it holds text that is not UTF-8", cause);
  }

  void skip(long length) {
    if (length <= window.remaining()) {
      window.position(window.position() + (int) length);
    } else {
      windowStart = position() + length;
      window.limit(0);
    }
  }

  /** Bytes before the next line feed. */
  long lineLength() throws IOException {
    long length = 0;
    while (length < end - position()) {
      if (length < WINDOW) {
        require((int) Math.min(end - position(), length + 1));
        while (length < window.remaining()) {
          if (window.get(window.position() + (int) length) == '\n') {
            return length;
          }
          length++;
        }
      } else {
        return longLine(length);
      }
    }
    throw bad("its last line has no end; the file is cut short");
  }

  /** A byte after the next, in a line whose length was asked for and is below {@link #WINDOW}. */
  int peek(int ahead) {
    return Byte.toUnsignedInt(window.get(window.position() + ahead));
  }

  private long longLine(long known) throws IOException {
    byte[] piece = new byte[WINDOW];
    for (long at = position() + known; at < end; ) {
      int count = (int) Math.min(piece.length, end - at);
      input.readFully(at, piece, 0, count);
      for (int i = 0; i < count; i++) {
        if (piece[i] == '\n') {
          return at + i - position();
        }
      }
      at += count;
    }
    throw bad("its last line has no end; the file is cut short");
  }

  /** Fills the window so that it holds the next bytes. */
  private void require(int count) throws IOException {
    if (window.remaining() >= count) {
      return;
    }
    long position = position();
    if (end - position < count) {
      throw bad("it ends in the middle; the file is cut short");
    }
    // Starts small: many pickles are short, and files can be far away.
    int size = Math.min(Math.max(GROWTH * window.capacity(), FIRST_WINDOW), WINDOW);
    int filled = (int) Math.min(Math.max(size, count), end - position);
    if (filled > window.capacity()) {
      window = ByteBuffer.allocate(filled).order(ByteOrder.LITTLE_ENDIAN);
    }
    input.readFully(position, window.array(), 0, filled);
    windowStart = position;
    window.clear().limit(filled);
  }

  BadFileException bad(String what) {
    return new BadFileException(file, at() + what);
  }

  private String at() {
    return "its pickle cannot be read at byte " + opcode + ": ";
  }
}
