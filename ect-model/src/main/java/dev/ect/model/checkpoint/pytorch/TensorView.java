package dev.ect.model.checkpoint.pytorch;

import java.io.IOException;
import java.util.Arrays;

/** Where the elements of a tensor lie in its storage. */
final class TensorView {
  /** Number of bits for a place within a piece. */
  private static final int PLACE_BITS = 16;

  private static final int WINDOW = 1 << 16;

  private final long offset;

  /** Sizes and strides of the axes longer than one. */
  private final long[] shape;

  private final long[] strides;
  private final boolean contiguous;

  TensorView(long offset, long[] shape, long[] strides) {
    this.offset = offset;
    int axes = 0;
    long[] sizes = new long[shape.length];
    long[] steps = new long[shape.length];
    for (int i = 0; i < shape.length; i++) {
      if (shape[i] != 1) {
        sizes[axes] = shape[i];
        steps[axes++] = strides[i];
      }
    }
    this.shape = Arrays.copyOf(sizes, axes);
    this.strides = Arrays.copyOf(steps, axes);
    long expected = 1;
    boolean plain = true;
    for (int i = axes - 1; i >= 0; i--) {
      plain &= this.strides[i] == expected;
      expected *= this.shape[i];
    }
    contiguous = plain;
  }

  /** Number of the first element in the storage. */
  long offset() {
    return offset;
  }

  /** Whether the elements follow each other in the storage. */
  boolean isContiguous() {
    return contiguous;
  }

  /**
   * Collects elements into a row. Reads the storage in rising order, once per call at most.
   *
   * @param first number of the first element
   * @param count at most 2^16
   * @param into receives them
   */
  void gather(Storage storage, long first, int count, byte[] into) throws IOException {
    int width = storage.dtype().bytes();
    long[] wanted = places(first, count);
    Arrays.sort(wanted);
    byte[] window = new byte[(int) Math.min(WINDOW, storage.bytes())];
    long start = 0;
    long end = 0;
    for (long each : wanted) {
      long at = (each >>> PLACE_BITS) * width;
      int place = (int) (each & ((1 << PLACE_BITS) - 1)) * width;
      if (at + width > end) {
        start = at;
        end = Math.min(at + window.length, storage.bytes());
        storage.input().readFully(storage.position() + at, window, 0, (int) (end - start));
      }
      System.arraycopy(window, (int) (at - start), into, place, width);
    }
  }

  /** The element in the storage of each element wanted, with the latter's place in the low bits. */
  private long[] places(long first, int count) {
    int axes = shape.length;
    long[] coordinates = new long[axes];
    long rest = first;
    long at = offset;
    for (int i = axes - 1; i >= 0; i--) {
      coordinates[i] = rest % shape[i];
      rest /= shape[i];
      at += coordinates[i] * strides[i];
    }
    long[] places = new long[count];
    for (int k = 0; k < count; k++) {
      places[k] = at << PLACE_BITS | k;
      int axis = axes - 1;
      while (axis >= 0) {
        at += strides[axis];
        if (++coordinates[axis] < shape[axis]) {
          break;
        }
        at -= shape[axis] * strides[axis];
        coordinates[axis--] = 0;
      }
    }
    return places;
  }
}
