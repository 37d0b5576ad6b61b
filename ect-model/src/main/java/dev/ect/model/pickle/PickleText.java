package dev.ect.model.pickle;

import dev.ect.model.io.BadFileException;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;

/**
 * The texts and numbers of a pickle. Long text is decoded in two passes: measured, then allocated
 * once.
 */
final class PickleText {
  /** Bytes of the largest integer; the time to read one grows with the square of its length. */
  static final int LONGEST_INTEGER = 64;

  private static final int LONGEST_NUMBER_LINE = 170;

  /** So many fit a long whatever they are. */
  private static final int LONG_DIGITS = 18;

  private static final int LONGEST_NAME = 1000;
  private static final int LATIN1_LIMIT = 0x100;

  private final PickleSource source;
  private final Budget budget;
  private ByteBuffer undecoded;
  private CharBuffer decoded;

  PickleText(PickleSource source, Budget budget) {
    this.source = source;
    this.budget = budget;
  }

  /** UTF-8 text of so many bytes. */
  String utf8(long claimed) throws IOException {
    long length = source.claim(claimed);
    if (length > PickleSource.WINDOW) {
      return longUtf8(length);
    }
    budget.take(Budget.OBJECT + length);
    String text = source.utf8((int) length);
    if (text.length() != length) {
      budget.take(4 * length);
    }
    return text;
  }

  /** A Python 2 string: text, or what is too long to be text as the bytes it is. */
  Object python2(long claimed) throws IOException {
    long length = source.claim(claimed);
    budget.take(Budget.OBJECT);
    if (length > PickleSource.WINDOW) {
      return source.bytes(length);
    }
    budget.take(length);
    return source.latin1((int) length);
  }

  /** An integer of so many bytes, little-endian in two's complement. */
  Object integer(long claimed) throws IOException {
    if (claimed < 0 || claimed > LONGEST_INTEGER) {
      throw source.bad("an integer of " + claimed + " bytes; expected at most " + LONGEST_INTEGER);
    }
    budget.take(2 * Budget.OBJECT);
    byte[] bytes = source.small((int) source.claim(claimed));
    for (int i = 0; i < bytes.length / 2; i++) {
      byte low = bytes[i];
      bytes[i] = bytes[bytes.length - 1 - i];
      bytes[bytes.length - 1 - i] = low;
    }
    return bytes.length == 0 ? (Object) 0L : narrow(new BigInteger(bytes));
  }

  /** A line that is a number in decimal digits; {@code 00} and {@code 01} are booleans. */
  Object integerLine(boolean booleans) throws IOException {
    long length = source.lineLength();
    if (length > LONGEST_NUMBER_LINE) {
      throw tooLong("a number", length, LONGEST_NUMBER_LINE);
    }
    int digits = (int) length;
    digits -= digits > 0 && source.peek(digits - 1) == '\r' ? 1 : 0;
    digits -= digits > 0 && source.peek(digits - 1) == 'L' ? 1 : 0;
    boolean negative = source.peek(0) == '-';
    int first = negative || source.peek(0) == '+' ? 1 : 0;
    long value = 0;
    for (int i = first; i < digits; i++) {
      int digit = source.peek(i) - '0';
      if (digit < 0 || digit > 9) {
        throw noNumber(length, "an integer");
      }
      value = 10 * value + digit;
    }
    if (digits == first) {
      throw noNumber(length, "an integer");
    }
    if (digits > LONG_DIGITS) {
      budget.take(8 * Budget.OBJECT);
      String text = source.latin1(digits);
      source.skip(length - digits + 1);
      return narrow(new BigInteger(text));
    }
    boolean bool = booleans && length == 2 && source.peek(0) == '0' && value <= 1;
    budget.take(Budget.OBJECT / 2);
    source.skip(length + 1);
    return bool ? (Object) (value == 1) : (Object) (negative ? -value : value);
  }

  double floatLine() throws IOException {
    long length = source.lineLength();
    if (length > LONGEST_NUMBER_LINE) {
      throw tooLong("a number", length, LONGEST_NUMBER_LINE);
    }
    budget.take(4 * Budget.OBJECT + length);
    for (int i = 0; i < length; i++) {
      // What Java takes for a number beyond that is none in Python.
      if ("0123456789+-.eE\rinfa".indexOf(source.peek(i)) < 0) {
        throw noNumber(length, "a number");
      }
    }
    String line = source.latin1((int) length).strip();
    source.skip(1);
    return switch (line) {
      case "inf" -> Double.POSITIVE_INFINITY;
      case "-inf" -> Double.NEGATIVE_INFINITY;
      case "nan", "-nan" -> Double.NaN;
      default -> {
        try {
          yield Double.parseDouble(line);
        } catch (NumberFormatException e) {
          throw source.bad("\"" + Printable.of(line) + "\" where a number is expected");
        }
      }
    };
  }

  private BadFileException noNumber(long length, String expected) throws IOException {
    String line = source.latin1((int) length).strip();
    return source.bad("\"" + Printable.of(line) + "\" where " + expected + " is expected");
  }

  private BadFileException tooLong(String what, long length, int longest) {
    return source.bad(what + " of " + length + " characters; expected at most " + longest);
  }

  /** A line that is a place in the memo. */
  long indexLine() throws IOException {
    return integerLine(false) instanceof Long index ? index : -1;
  }

  String nameLine() throws IOException {
    long length = source.lineLength();
    if (length > LONGEST_NAME) {
      throw tooLong("a name", length, LONGEST_NAME);
    }
    String line = utf8(length);
    source.skip(1);
    return line.endsWith("\r") ? line.substring(0, line.length() - 1) : line;
  }

  /** A name that was read as text. */
  String name(Object value) throws IOException {
    if (!(value instanceof String name) || name.length() > LONGEST_NAME) {
      throw source.bad(
          Printable.kind(value)
              + " where a name of at most "
              + LONGEST_NAME
              + " characters is expected");
    }
    return name;
  }

  /** A line of Latin-1 with escapes in Python's raw-unicode-escape. */
  String unicodeLine() throws IOException {
    return new EscapedText(source, budget).unicode(source.lineLength());
  }

  /** A line that is a string in quotes, with Python 2's escapes. */
  String quotedLine() throws IOException {
    return new EscapedText(source, budget).quoted(source.lineLength());
  }

  private static Object narrow(BigInteger value) {
    return value.bitLength() < Long.SIZE ? (Object) value.longValue() : value;
  }

  private String longUtf8(long length) throws IOException {
    if (undecoded == null) {
      undecoded = ByteBuffer.allocate(PickleSource.WINDOW);
      decoded = CharBuffer.allocate(PickleSource.WINDOW);
    }
    PickledBytes raw = source.bytes(length);
    long[] count = new long[1];
    char[] all = new char[1];
    decode(
        raw,
        chars -> {
          count[0] += chars.remaining();
          while (chars.hasRemaining()) {
            all[0] |= chars.get();
          }
        });
    if (count[0] > Integer.MAX_VALUE - 8) {
      throw source.bad("a text of " + count[0] + " characters; expected less than 2^31");
    }
    int size = (int) count[0];
    if (all[0] < LATIN1_LIMIT) {
      budget.take(Budget.OBJECT + 2 * count[0]);
      byte[] latin1 = new byte[size];
      ByteBuffer into = ByteBuffer.wrap(latin1);
      decode(
          raw,
          chars -> {
            while (chars.hasRemaining()) {
              into.put((byte) chars.get());
            }
          });
      return new String(latin1, StandardCharsets.ISO_8859_1);
    }
    budget.take(Budget.OBJECT + 5 * count[0]);
    char[] text = new char[size];
    CharBuffer into = CharBuffer.wrap(text);
    decode(raw, into::put);
    return new String(text);
  }

  @FunctionalInterface
  private interface CharSink {
    void take(CharBuffer chars);
  }

  private void decode(PickledBytes raw, CharSink sink) throws IOException {
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    undecoded.clear();
    for (long at = 0; at < raw.length(); ) {
      int count = (int) Math.min(undecoded.remaining(), raw.length() - at);
      raw.input().readFully(raw.position() + at, undecoded.array(), undecoded.position(), count);
      at += count;
      undecoded.position(undecoded.position() + count).flip();
      // UTF-8 has at least a byte per char, so that there is always room.
      CoderResult result = decoder.decode(undecoded, decoded.clear(), at == raw.length());
      if (result.isError()) {
        throw notUtf8(result);
      }
      sink.take(decoded.flip());
      undecoded.compact();
    }
  }

  private BadFileException notUtf8(CoderResult result) {
    try {
      result.throwException();
    } catch (CharacterCodingException e) {
      return source.notUtf8(e);
    }
    throw new IllegalStateException("no error: " + result);
  }
}
