package dev.ect.model.pickle;

import dev.ect.model.io.RandomInput;
import java.io.EOFException;

/** Bytes of the memory as a file. */
record BytesInput(byte[] bytes) implements RandomInput {
  @Override
  public long length() {
    return bytes.length;
  }

  @Override
  public void readFully(long position, byte[] buffer, int offset, int count) throws EOFException {
    if (position + count > bytes.length) {
      throw new EOFException("memory: no " + count + " bytes at " + position);
    }
    System.arraycopy(bytes, (int) position, buffer, offset, count);
  }

  @Override
  public void close() {}
}
