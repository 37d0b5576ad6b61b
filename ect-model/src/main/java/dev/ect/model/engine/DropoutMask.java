package dev.ect.model.engine;

import java.nio.FloatBuffer;

/**
 * The definition of replayable dropout: whether a value survives is a hash of a 64-bit key (one per
 * image and layer) and the value's index in the image, in 32-bit integer arithmetic that every
 * device has. The hash is MurmurHash3's 32-bit finaliser with the halves of the {@link #mix mixed}
 * key put in before and within.
 */
public final class DropoutMask {
  private DropoutMask() {}

  /**
   * Writes the mask of one image.
   *
   * @param key the image's key for this layer
   * @param p probability of 0, in [0, 1)
   * @param mask receives 0 or 1/(1-p), for indices 0 to {@code length - 1}, from {@code offset} on
   */
  public static void fill(long key, double p, float[] mask, int offset, int length) {
    int threshold = threshold(p);
    float kept = (float) (1 / (1 - p));
    long mixed = mix(key);
    int low = (int) mixed;
    int high = (int) (mixed >>> 32);
    for (int i = 0; i < length; i++) {
      mask[offset + i] = hash(low, high, i) >>> 8 >= threshold ? kept : 0f;
    }
  }

  /** The masks of some images one after the other, {@code length} values each. */
  public static FloatBuffer of(long[] keys, double p, int length) {
    float[] mask = new float[Math.multiplyExact(keys.length, length)];
    for (int n = 0; n < keys.length; n++) {
      fill(keys[n], p, mask, n * length, length);
    }
    return FloatBuffer.wrap(mask);
  }

  /**
   * A value survives where the upper 24 bits of its hash, taken as an integer, are at least this.
   */
  public static int threshold(double p) {
    if (!(p >= 0 && p < 1)) {
      throw new IllegalArgumentException(
          "dropout probability is " + p + "; expected at least 0 and less than 1");
    }
    return (int) Math.round(p * (1 << 24));
  }

  /**
   * The first step, once per key, on the host: without it, keys that differ in one bit have related
   * masks. It is SplitMix64 (Steele et al., "Fast splittable pseudorandom number generators", 2014)
   * at the state {@code key}.
   *
   * @return the 64 bits whose halves the hash takes
   */
  public static long mix(long key) {
    long z = key + 0x9E3779B97F4A7C15L;
    z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
    z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
    return z ^ z >>> 31;
  }

  /** The hash of a mixed key's halves: all operations modulo 2^32, shifts logical. */
  static int hash(int low, int high, int index) {
    int h = index * 0x9E3779B9 + low;
    h ^= h >>> 16;
    h *= 0x85EBCA6B;
    h ^= h >>> 13 ^ high;
    h *= 0xC2B2AE35;
    return h ^ h >>> 16;
  }
}
