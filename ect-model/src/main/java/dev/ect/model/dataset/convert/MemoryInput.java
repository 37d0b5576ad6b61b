package dev.ect.model.dataset.convert;

import dev.ect.model.io.RandomInput;
import java.io.EOFException;

/** Bytes in memory as a file. */
record MemoryInput(String file, byte[] bytes) implements RandomInput {
  @Override
  public long length() {
    return bytes.length;
  }

  @Override
  public void readFully(long position, byte[] buffer, int offset, int count) throws EOFException {
    if (position < 0 || count > bytes.length - position) {
      throw new EOFException(
          file + ": ends at byte " + bytes.length + "; expected " + count + " at " + position);
    }
    System.arraycopy(bytes, (int) position, buffer, offset, count);
  }

  @Override
  public void close() {}
}
