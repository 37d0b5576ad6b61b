package dev.ect.model.pickle;

import java.util.concurrent.atomic.AtomicLong;

/**
 * What reading the pickles of one file may allocate, all together: a few times the file's size. One
 * byte of a pickle can ask for a dict of a hundred bytes, so a hostile file could fill the memory
 * many times its size. What is freed meanwhile is not given back.
 */
public final class PickleMemory {
  /** Real files of small networks have thousands of dicts and hardly any weights. */
  private static final long FLOOR = 4 << 20;

  static final int FACTOR = 4;

  private final long fileLength;
  private final AtomicLong left;

  /** Of a file of so many bytes. */
  public PickleMemory(long fileLength) {
    this.fileLength = fileLength;
    left = new AtomicLong(FLOOR + FACTOR * fileLength);
  }

  long fileLength() {
    return fileLength;
  }

  /** Whether so many bytes were left. */
  boolean take(long bytes) {
    return left.addAndGet(-bytes) >= 0;
  }
}
