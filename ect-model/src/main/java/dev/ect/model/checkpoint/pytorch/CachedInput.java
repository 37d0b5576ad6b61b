package dev.ect.model.checkpoint.pytorch;

import dev.ect.model.io.RandomInput;
import java.io.IOException;

/** A file of which a few bytes are in memory, since many small reads can take long. */
final class CachedInput implements RandomInput {
  private final RandomInput input;
  private final long start;
  private final byte[] cache;

  CachedInput(RandomInput input, long start, int count) throws IOException {
    this.input = input;
    this.start = start;
    cache = new byte[count];
    input.readFully(start, cache, 0, count);
  }

  @Override
  public long length() {
    return input.length();
  }

  @Override
  public void readFully(long position, byte[] buffer, int offset, int count) throws IOException {
    if (position >= start && position + count <= start + cache.length) {
      System.arraycopy(cache, (int) (position - start), buffer, offset, count);
    } else {
      input.readFully(position, buffer, offset, count);
    }
  }

  /** Leaves the file open. */
  @Override
  public void close() {}
}
