package dev.ect.model.checkpoint.pytorch;

import dev.ect.model.checkpoint.DType;
import dev.ect.model.io.RandomInput;

/**
 * A flat array of elements in a file, which is known to be that long.
 *
 * @param dtype its elements; U8 for one without a type of its own
 * @param input what it lies in
 * @param position of its first byte
 * @param bytes its size
 */
record Storage(DType dtype, RandomInput input, long position, long bytes) {
  /** From another element on. */
  Storage from(long element) {
    long skipped = element * dtype.bytes();
    return new Storage(dtype, input, position + skipped, bytes - skipped);
  }

  /** The same bytes with another type of elements. */
  Storage as(DType other) {
    return new Storage(other, input, position, bytes);
  }

  long elements() {
    return bytes / dtype.bytes();
  }
}
