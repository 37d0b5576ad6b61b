package dev.ect.model.pickle;

import dev.ect.model.io.RandomInput;
import java.io.EOFException;
import java.util.Optional;

/** Latin-1 text as the bytes it stands for, without a copy of them. */
record TextInput(String text) implements RandomInput {
  /** Nothing if the text has characters above 255. */
  static Optional<TextInput> of(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) > 0xFF) {
        return Optional.empty();
      }
    }
    return Optional.of(new TextInput(text));
  }

  @Override
  public long length() {
    return text.length();
  }

  @Override
  public void readFully(long position, byte[] buffer, int offset, int count) throws EOFException {
    if (position < 0 || count > text.length() - position) {
      throw new EOFException("no " + count + " bytes at " + position + " of " + text.length());
    }
    for (int i = 0; i < count; i++) {
      buffer[offset + i] = (byte) text.charAt((int) position + i);
    }
  }

  @Override
  public void close() {}
}
