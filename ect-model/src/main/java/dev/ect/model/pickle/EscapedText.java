package dev.ect.model.pickle;

import java.io.IOException;

/** Text of protocol 0: a line of Latin-1 with backslash escapes. */
final class EscapedText {
  private final PickleSource source;
  private final Budget budget;
  private byte[] line;
  private int at;
  private boolean wide;

  EscapedText(PickleSource source, Budget budget) {
    this.source = source;
    this.budget = budget;
  }

  /** Escapes of {@code raw-unicode-escape}: u and four hexadecimal digits, U and eight. */
  String unicode(long length) throws IOException {
    read(length);
    StringBuilder text = new StringBuilder(line.length);
    while (at < line.length) {
      int c = next();
      if (c != '\\' || at == line.length) {
        text.append((char) c);
        continue;
      }
      int escape = next();
      if (escape == 'u' || escape == 'U') {
        int point = number(escape == 'u' ? 4 : 8, 16);
        if (!Character.isValidCodePoint(point)) {
          throw source.bad("a character beyond U+10FFFF");
        }
        if (point > 0xFF) {
          widen();
        }
        text.appendCodePoint(point);
      } else {
        text.append((char) c).append((char) escape);
      }
    }
    return text.toString();
  }

  /** A string in quotes with the escapes of a Python 2 literal. */
  String quoted(long length) throws IOException {
    read(length);
    int end = line.length - 1;
    if (end < 1 || line[0] != line[end] || (line[0] != '\'' && line[0] != '"')) {
      throw source.bad("a string that is not in quotes");
    }
    StringBuilder text = new StringBuilder(end);
    at = 1;
    while (at < end) {
      int c = next();
      text.append((char) (c == '\\' ? escaped(next()) : c));
    }
    if (at > end) {
      throw source.bad("a string whose closing quote is escaped");
    }
    return text.toString();
  }

  private int escaped(int escape) throws IOException {
    return switch (escape) {
      case '\\', '\'', '"' -> escape;
      case 'a' -> 7;
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'v' -> 11;
      case 'x' -> number(2, 16);
      case '0', '1', '2', '3' -> {
        at--;
        yield number(3, 8);
      }
      default -> throw source.bad("a string with an unknown escape");
    };
  }

  private int number(int digits, int radix) throws IOException {
    if (digits > line.length - at) {
      throw source.bad("an escape that is cut short");
    }
    long value = 0;
    for (int i = 0; i < digits; i++) {
      int digit = Character.digit(next(), radix);
      if (digit < 0) {
        throw source.bad("an escape that is no number");
      }
      value = value * radix + digit;
    }
    return value > Integer.MAX_VALUE ? -1 : (int) value;
  }

  private int next() {
    return line[at++] & 0xFF;
  }

  private void read(long length) throws IOException {
    if (length > Integer.MAX_VALUE - 8) {
      throw source.bad("a line of " + length + " bytes; expected less than 2^31");
    }
    budget.take(4L * Budget.OBJECT + 3 * length);
    line = source.bytes(length).toArray();
    source.skip(1);
  }

  /** The first character beyond Latin-1 doubles the text. */
  private void widen() throws IOException {
    if (!wide) {
      wide = true;
      budget.take(4L * line.length);
    }
  }
}
