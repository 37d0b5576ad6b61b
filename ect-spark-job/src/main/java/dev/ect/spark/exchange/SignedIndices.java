package dev.ect.spark.exchange;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;

/**
 * A rising list of indices, each with a sign, in few bits: the gaps between them in Rice's code
 * (Rice and Plaunt, 1971), whose parameter fits their mean. One index in 25 costs about 7 bits, one
 * in 5 about 4.5, all of them 2 each; DL4J's list of integers takes 32.
 *
 * <p>Indices are given as keys: {@code 2 * index}, plus 1 where the sign is negative.
 */
final class SignedIndices {
  /** Of a geometric distribution of mean 1, where Rice's code is shortest. */
  private static final double MEDIAN = Math.log(2);

  private static final int MAX_SHIFT = 30;

  private SignedIndices() {}

  /** Number of low bits of a gap that are written as they are. */
  private static int shift(long length, int count) {
    double median = (MEDIAN * length) / Math.max(count, 1);
    return Math.min(MAX_SHIFT, Math.max(0, (int) Math.round(Math.log(median) / Math.log(2))));
  }

  /**
   * Writes keys.
   *
   * @param keys rising, of different indices
   * @param length indices are less than this
   */
  static byte[] encode(int[] keys, int length) {
    int shift = shift(length, keys.length);
    long bits = keys.length * (2L + shift);
    int previous = -1;
    for (int key : keys) {
      bits += (((key >>> 1) - previous - 1) >>> shift);
      previous = key >>> 1;
    }
    Writer out = new Writer(new byte[Math.toIntExact((bits + 7) / 8)]);
    previous = -1;
    for (int key : keys) {
      int gap = (key >>> 1) - previous - 1;
      previous = key >>> 1;
      out.zeros(gap >>> shift);
      // The one that ends the zeros, the gap's low bits, the sign.
      long low = gap & ((1L << shift) - 1);
      out.bits(((1L << shift) + low) * 2 + (key & 1), shift + 2);
    }
    return out.finish();
  }

  /**
   * Reads keys.
   *
   * @param in at the first byte of the code, which reaches to its limit
   * @param count number of keys
   * @param length indices are less than this
   * @throws IllegalArgumentException if this is no such code; the message says why
   */
  static int[] decode(ByteBuffer in, int count, int length) {
    // Each takes two bits at least: an array of a length that cannot be true is not even made.
    if (count < 0 || count > length || (count + 3L) / 4 > in.remaining()) {
      throw new IllegalArgumentException(
          count + " indices below " + length + " in " + in.remaining() + " bytes");
    }
    int shift = shift(length, count);
    Reader reader = new Reader(in);
    int[] keys = new int[count];
    long index = -1;
    try {
      for (int i = 0; i < count; i++) {
        long high = reader.zeros();
        long rest = reader.bits(shift + 1);
        index += 1 + (high << shift) + (rest >>> 1);
        if (index >= length) {
          throw new IllegalArgumentException("index " + index + "; expected less than " + length);
        }
        keys[i] = (int) (2 * index + (rest & 1));
      }
    } catch (BufferUnderflowException e) {
      throw new IllegalArgumentException("ends before the last of " + count + " indices", e);
    }
    if (in.hasRemaining()) {
      throw new IllegalArgumentException(
          in.remaining() + " bytes after the last of " + count + " indices");
    }
    return keys;
  }

  /** Bits into bytes, the high bit of a byte first. */
  private static final class Writer {
    private final byte[] bytes;
    private int at;
    private long pending;
    private int count;

    Writer(byte[] bytes) {
      this.bytes = bytes;
    }

    void zeros(int n) {
      for (int left = n; left > 0; left -= Byte.SIZE) {
        bits(0, Math.min(left, Byte.SIZE));
      }
    }

    /** The low n bits, n at most 32. */
    void bits(long value, int n) {
      pending = (pending << n) | value;
      count += n;
      while (count >= Byte.SIZE) {
        count -= Byte.SIZE;
        bytes[at++] = (byte) (pending >>> count);
      }
    }

    byte[] finish() {
      if (count > 0) {
        bits(0, Byte.SIZE - count);
      }
      return bytes;
    }
  }

  /** The bits that a {@link Writer} wrote. */
  private static final class Reader {
    private final ByteBuffer in;
    private long pending;
    private int count;

    Reader(ByteBuffer in) {
      this.in = in;
    }

    private void fill(int n) {
      while (count < n) {
        pending = (pending << Byte.SIZE) | (in.get() & 0xFF);
        count += Byte.SIZE;
      }
    }

    /** Takes zeros and the one after them; returns the number of zeros. */
    long zeros() {
      long zeros = 0;
      while (true) {
        fill(1);
        long ahead = pending & ((1L << count) - 1);
        if (ahead != 0) {
          int leading = Long.numberOfLeadingZeros(ahead) - (Long.SIZE - count);
          count -= leading + 1;
          return zeros + leading;
        }
        zeros += count;
        count = 0;
      }
    }

    /** Takes n bits, n at most 32. */
    long bits(int n) {
      fill(n);
      count -= n;
      return (pending >>> count) & ((1L << n) - 1);
    }
  }
}
