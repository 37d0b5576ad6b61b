package dev.ect.model.random;

/**
 * Philox 4x32-10, the counter-based generator of Salmon et al., "Parallel Random Numbers: As Easy
 * as 1, 2, 3" (SC 2011).
 *
 * <p>A stream is addressed by {@code (seed, purpose, step, position)}, never by who computes it:
 * one executor and four draw the same numbers, and a resumed run goes on where it stopped. An
 * instance walks one stream; it is not safe for use by several threads.
 */
public final class Philox {
  private static final long M0 = 0xD2511F53L;
  private static final long M1 = 0xCD9E8D57L;
  private static final int W0 = 0x9E3779B9;
  private static final int W1 = 0xBB67AE85;
  private static final long LOW = 0xFFFFFFFFL;

  private final int key0;
  private final int key1;
  private final int counter1;
  private final int counter2;
  private final int counter3;
  private int counter0;
  private final int[] block = new int[4];
  private int used = 4;
  private double spareNormal;
  private boolean hasSpareNormal;

  /**
   * @param seed the run's seed
   * @param purpose what the numbers are for
   * @param step optimiser step, pass over the data or another count, 0 to 2^56 - 1
   * @param position position in the global batch, image number or another index, 0 to 2^32 - 1
   */
  public Philox(long seed, Purpose purpose, long step, long position) {
    key0 = (int) seed;
    key1 = (int) (seed >>> 32);
    counter1 = (int) position;
    counter2 = (int) step;
    counter3 = ((int) (step >>> 32) & 0xFFFFFF) | (purpose.code() << 24);
  }

  /** 64 uniform bits for the index-th use of a stream, without walking there. */
  public static long at(long seed, Purpose purpose, long step, long position, int index) {
    Philox stream = new Philox(seed, purpose, step, position);
    stream.counter0 = index;
    return stream.nextLong();
  }

  /** 32 uniform bits. */
  public int nextInt() {
    if (used == 4) {
      block(counter0++, counter1, counter2, counter3, key0, key1, block);
      used = 0;
    }
    return block[used++];
  }

  /** 64 uniform bits. */
  public long nextLong() {
    return ((long) nextInt() << 32) | (nextInt() & LOW);
  }

  /** Uniform in [0, 1), 53 bits. */
  public double nextDouble() {
    return (nextLong() >>> 11) * 0x1p-53;
  }

  /**
   * Uniform in 0..bound-1, without bias.
   *
   * @param bound at least 1
   */
  public int nextInt(int bound) {
    long product = (nextInt() & LOW) * bound;
    if ((product & LOW) < bound) {
      long threshold = (1L << 32) % bound;
      while ((product & LOW) < threshold) {
        product = (nextInt() & LOW) * bound;
      }
    }
    return (int) (product >>> 32);
  }

  /** Standard normal, by Box and Muller. */
  public double nextGaussian() {
    if (hasSpareNormal) {
      hasSpareNormal = false;
      return spareNormal;
    }
    double radius = Math.sqrt(-2 * StrictMath.log(1 - nextDouble()));
    double angle = 2 * Math.PI * nextDouble();
    spareNormal = radius * StrictMath.sin(angle);
    hasSpareNormal = true;
    return radius * StrictMath.cos(angle);
  }

  /** Fills an array with standard normal values. */
  public float[] gaussians(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) nextGaussian();
    }
    return values;
  }

  /** A uniformly random order of 0..n-1. */
  public int[] permutation(int n) {
    int[] order = new int[n];
    for (int i = 0; i < n; i++) {
      int j = nextInt(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }

  /**
   * Ten rounds on one counter.
   *
   * @param out receives four words of 32 uniform bits
   */
  static void block(int c0, int c1, int c2, int c3, int k0, int k1, int[] out) {
    for (int i = 0; i < 10; i++) {
      long p0 = M0 * (c0 & LOW);
      long p1 = M1 * (c2 & LOW);
      c0 = (int) (p1 >>> 32) ^ c1 ^ k0;
      c1 = (int) p1;
      c2 = (int) (p0 >>> 32) ^ c3 ^ k1;
      c3 = (int) p0;
      k0 += W0;
      k1 += W1;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
  }
}
