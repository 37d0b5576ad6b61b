package dev.ect.model.pickle;

import dev.ect.model.io.BadFileException;
import dev.ect.model.io.RandomInput;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Bytes of a pickle, left where they are. Equal only to itself.
 *
 * @param file the path for messages
 * @param input where they lie; whoever opened it closes it
 * @param position of the first byte in {@code input}
 * @param length number of bytes
 */
public record PickledBytes(String file, RandomInput input, long position, long length) {
  private static final Set<String> LATIN1 =
      Set.of("latin1", "latin-1", "latin_1", "iso-8859-1", "iso8859-1");

  /**
   * The bytes that a value stands for: bytes themselves; calls that make bytes out of text, as
   * protocols 0 to 2 write them ({@code _codecs.encode(text, 'latin1')}); Python 2's strings, which
   * are read as Latin-1 text.
   *
   * @param file the path for messages
   * @return nothing if it is anything else
   */
  public static Optional<PickledBytes> of(String file, Object value) {
    if (value instanceof PickledBytes bytes) {
      return Optional.of(bytes);
    }
    if (value instanceof String text) {
      return TextInput.of(text).map(in -> new PickledBytes(file, in, 0, in.length()));
    }
    if (!(value instanceof PickledCall call)) {
      return Optional.empty();
    }
    List<Object> arguments = call.arguments();
    boolean encode = call.isCallOf("_codecs", "encode");
    boolean builtin =
        Builtins.is(call.callee(), "bytes") || Builtins.is(call.callee(), "bytearray");
    if (builtin && arguments.isEmpty()) {
      return of(file, "");
    }
    if (builtin && arguments.size() == 1 && !(arguments.get(0) instanceof String)) {
      return arguments.get(0) instanceof PickledBytes bytes
          ? Optional.of(bytes)
          : encoded(file, arguments.get(0));
    }
    return (builtin || encode)
            && arguments.size() == 2
            && arguments.get(0) instanceof String text
            && arguments.get(1) instanceof String encoding
            && LATIN1.contains(encoding)
        ? of(file, text)
        : Optional.empty();
  }

  /** Of a call of {@code _codecs.encode}: not any call, since calls can be nested without end. */
  private static Optional<PickledBytes> encoded(String file, Object value) {
    return value instanceof PickledCall call && call.isCallOf("_codecs", "encode")
        ? of(file, call)
        : Optional.empty();
  }

  /**
   * Reads them all.
   *
   * @throws BadFileException if they are 2 GiB or more
   */
  public byte[] toArray() throws IOException {
    if (length > Integer.MAX_VALUE - 8) {
      throw new BadFileException(file, "holds " + length + " bytes in one; expected below 2 GiB");
    }
    byte[] bytes = new byte[(int) length];
    input.readFully(position, bytes, 0, bytes.length);
    return bytes;
  }

  @Override
  public boolean equals(Object other) {
    return this == other;
  }

  @Override
  public int hashCode() {
    return System.identityHashCode(this);
  }

  @Override
  public String toString() {
    return length + " bytes";
  }
}
