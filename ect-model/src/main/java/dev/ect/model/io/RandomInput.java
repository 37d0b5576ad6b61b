package dev.ect.model.io;

import java.io.Closeable;
import java.io.IOException;

/** A file opened for reading by position. Safe for use by several threads. */
public interface RandomInput extends Closeable {
  /** Size of the file in bytes, as it was when opened. */
  long length();

  /**
   * Reads exactly {@code count} bytes.
   *
   * @param position of the first byte, from 0
   * @throws java.io.EOFException if the file ends before
   * @throws IOException if it cannot be read
   */
  void readFully(long position, byte[] buffer, int offset, int count) throws IOException;
}
