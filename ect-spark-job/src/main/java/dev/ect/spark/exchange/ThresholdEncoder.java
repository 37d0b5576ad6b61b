package dev.ect.spark.exchange;

import dev.ect.model.engine.Tensor;
import dev.ect.spark.config.ExchangeConfig;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.deeplearning4j.optimize.solvers.accumulation.encoding.ThresholdAlgorithm;
import org.deeplearning4j.optimize.solvers.accumulation.encoding.threshold.AdaptiveThresholdAlgorithm;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * DL4J's threshold encoding (Strom, Interspeech 2015): of an update only the signs of those values
 * travel whose magnitude reaches a threshold, each standing for plus or minus the threshold. What
 * they leave over, and all other values, are kept and added to the next update.
 *
 * <p>The arithmetic is ND4J's, the threshold follows DL4J's {@link AdaptiveThresholdAlgorithm}.
 * Four things differ from DL4J's own handler of them:
 *
 * <ul>
 *   <li>An update is encoded {@value #LEVELS} times, with 32, 16, 8, 4, 2 and 1 times the
 *       threshold, so that a value travels whole, to a threshold's precision, and not over many
 *       steps.
 *   <li>A value that travels counts half a threshold more, the middle of what it may be, and so
 *       leaves over something above or below zero. At the same traffic, sums that grow evenly are a
 *       third as late, and their mean square error is a third.
 *   <li>The algorithm is asked again, with the same update, until the share of the values that
 *       reach the threshold lies between the bounds, instead of once per step: the first threshold
 *       matters little, and no step falls back to a bitmap of all values.
 *   <li>Messages hold ND4J's lists of integers as {@link SignedIndices}, in about a fifth of the
 *       bytes.
 * </ul>
 *
 * <p>The same updates give the same messages, bit by bit. Used by one thread at a time.
 */
final class ThresholdEncoder implements AutoCloseable {
  /** Integers in front of ND4J's list: values in the list, values in the vector, threshold, 0. */
  private static final int ND4J_HEADER = 4;

  /** Thresholds of one message, each half of the one before. */
  private static final int LEVELS = 6;

  /** Values in the vector, lowest threshold. */
  private static final int HEADER = Integer.BYTES + Float.BYTES;

  /** Values in a list, bytes of its code. */
  private static final int LEVEL_HEADER = 2 * Integer.BYTES;

  /** Values copied at once. */
  private static final int CHUNK = 1 << 16;

  /** Values of the vector that are looked at to find a threshold. */
  private static final int SAMPLE = 1 << 20;

  /** Of a threshold: the search for one ends there, and every level is a float32. */
  private static final double LOWEST = Float.MIN_NORMAL;

  private static final double HIGHEST = Float.MAX_VALUE / (1 << LEVELS);

  /** ND4J counts bytes of a vector in an int. */
  private static final long MAX_LENGTH = Integer.MAX_VALUE / Float.BYTES;

  private final int length;
  private final double minDensity;
  private final ThresholdAlgorithm algorithm;
  private final float[] chunk;
  private final float[] sample;
  private final HostVector residual;
  private final HostVector decoded;
  private double threshold;
  private double density = Double.NaN;

  /**
   * An encoder without anything left over from earlier updates.
   *
   * @param length values of an update, less than 2^29
   */
  ThresholdEncoder(long length, ExchangeConfig.Threshold config) {
    if (length < 1 || length > MAX_LENGTH) {
      throw new IllegalArgumentException(
          "an update of "
              + length
              + " values; expected 1 to "
              + MAX_LENGTH
              + " with exchange.encoding = threshold");
    }
    this.length = (int) length;
    minDensity = config.minDensity();
    algorithm =
        new AdaptiveThresholdAlgorithm(
            config.initial(),
            config.minDensity(),
            config.maxDensity(),
            AdaptiveThresholdAlgorithm.DEFAULT_DECAY_RATE);
    threshold = config.initial();
    chunk = new float[Math.min(this.length, CHUNK)];
    sample = new float[(this.length - 1) / stride() + 1];
    residual = new HostVector(this.length);
    try {
      decoded = new HostVector(this.length);
    } catch (RuntimeException | Error e) {
      residual.close();
      throw e;
    }
  }

  /** Odd, so that it meets all places of the layers, whose sizes are even. */
  private int stride() {
    return length / SAMPLE | 1;
  }

  /**
   * Adds an update to what is left over from earlier ones and takes from that what is to be sent.
   *
   * @param update of the encoder's length; values that are not finite count as 0
   * @return for {@link #decode}
   */
  byte[] encode(Tensor update) {
    requireLength(update);
    add(update);
    threshold = adapted();
    float lowest = (float) threshold;
    density = share(lowest);
    List<int[]> levels = new ArrayList<>();
    List<byte[]> codes = new ArrayList<>();
    int size = HEADER + LEVELS * LEVEL_HEADER;
    for (int level = 0; level < LEVELS; level++) {
      levels.add(taken(at(lowest, level)));
      codes.add(SignedIndices.encode(levels.get(level), length));
      size += codes.get(level).length;
    }
    addHalves(residual, levels, -lowest / 2);
    ByteBuffer message = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    message.putInt(length).putFloat(lowest);
    for (int level = 0; level < LEVELS; level++) {
      message
          .putInt(levels.get(level).length)
          .putInt(codes.get(level).length)
          .put(codes.get(level));
    }
    return message.array();
  }

  /** The threshold of a level, the highest first. */
  private static float at(float lowest, int level) {
    return Math.scalb(lowest, LEVELS - 1 - level);
  }

  private void add(Tensor update) {
    FloatBuffer values = residual.write();
    for (int from = 0; from < length; from += chunk.length) {
      int count = Math.min(chunk.length, length - from);
      update.read(from, FloatBuffer.wrap(chunk, 0, count));
      for (int i = 0; i < count; i++) {
        float value = chunk[i];
        if (Float.isFinite(value)) {
          values.put(from + i, values.get(from + i) + value);
        }
      }
    }
    residual.changed();
  }

  /** Takes a threshold from each value of the residual that reaches it; returns which. */
  private int[] taken(float step) {
    INDArray list = Nd4j.getExecutioner().thresholdEncode(residual.array(), step);
    if (list == null) {
      // None, or one: ND4J leaves that for the next threshold.
      return new int[0];
    }
    try (list) {
      return keys(list.toIntVector());
    }
  }

  /** Adds a half, with its sign, to each value that is in any of the lists of keys. */
  private void addHalves(HostVector target, List<int[]> levels, float half) {
    FloatBuffer values = target.write();
    BitSet done = new BitSet(length);
    for (int[] keys : levels) {
      for (int key : keys) {
        int i = key >>> 1;
        if (!done.get(i)) {
          done.set(i);
          values.put(i, values.get(i) + ((key & 1) == 0 ? half : -half));
        }
      }
    }
    target.changed();
  }

  /** The threshold with which the share of the values sent lies between the bounds. */
  private double adapted() {
    FloatBuffer values = residual.read();
    int stride = stride();
    for (int i = 0; i < sample.length; i++) {
      sample[i] = Math.abs(values.get(i * stride));
    }
    // An update that is mostly zeros has no threshold for which enough is sent.
    boolean mayFall = share(Float.MIN_VALUE) >= minDensity;
    double from = inRange(threshold);
    int before = 0;
    while (true) {
      double to =
          inRange(algorithm.calculateThreshold(0, 0, from, false, share((float) from), null));
      int direction = Double.compare(to, from);
      if (direction == 0 || (direction < 0 && !mayFall)) {
        return from;
      }
      if (direction == -before) {
        // Bounds so close together that a step leads over both: rather too little than too much.
        return Math.max(from, to);
      }
      before = direction;
      from = to;
    }
  }

  private static double inRange(double step) {
    return Math.max(LOWEST, Math.min(step, HIGHEST));
  }

  private double share(float least) {
    int count = 0;
    for (float value : sample) {
      count += value >= least ? 1 : 0;
    }
    return (double) count / sample.length;
  }

  /**
   * ND4J's list as rising keys of {@link SignedIndices}. Its own order is that in which its threads
   * come to write.
   */
  private static int[] keys(int[] list) {
    int[] keys = new int[list.length - ND4J_HEADER];
    for (int i = 0; i < keys.length; i++) {
      int value = list[ND4J_HEADER + i];
      keys[i] = value > 0 ? 2 * (value - 1) : 2 * (-value - 1) + 1;
    }
    Arrays.sort(keys);
    return keys;
  }

  /**
   * Adds up messages in their order, so that equal messages give equal bits everywhere.
   *
   * @param messages of {@link #encode}, by rank
   * @param sum set to the sum of the messages' updates
   * @throws ExchangeException if a message is damaged; it names its rank. The sum is unchanged
   */
  void decode(List<byte[]> messages, Tensor sum) {
    requireLength(sum);
    List<Decoded> updates = new ArrayList<>();
    for (int rank = 0; rank < messages.size(); rank++) {
      updates.add(read(messages.get(rank), rank));
    }
    INDArray target = decoded.array();
    target.assign(0);
    for (Decoded update : updates) {
      for (int level = 0; level < LEVELS; level++) {
        int[] keys = update.levels.get(level);
        if (keys.length > 0) {
          try (INDArray encoded = Nd4j.createFromArray(list(keys, at(update.lowest, level)))) {
            Nd4j.getExecutioner().thresholdDecode(encoded, target);
          }
        }
      }
    }
    for (Decoded update : updates) {
      addHalves(decoded, update.levels, update.lowest / 2);
    }
    sum.write(0, decoded.read());
  }

  /** A message: its lowest threshold, and the keys of each level. */
  private record Decoded(float lowest, List<int[]> levels) {}

  /** A message's content, every index in range. */
  private Decoded read(byte[] message, int rank) {
    ByteBuffer in = ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN);
    try {
      int values = in.getInt();
      if (values != length) {
        throw damaged(rank, "of " + values + " values; expected " + length);
      }
      float lowest = in.getFloat();
      if (!(lowest > 0 && Float.isFinite(at(lowest, 0)))) {
        throw damaged(rank, "threshold " + lowest + "; expected a number above 0");
      }
      List<int[]> levels = new ArrayList<>();
      for (int level = 0; level < LEVELS; level++) {
        int count = in.getInt();
        int size = in.getInt();
        if (size < 0 || size > in.remaining()) {
          throw damaged(rank, "a list of " + size + " bytes; expected 0 to " + in.remaining());
        }
        levels.add(SignedIndices.decode(in.slice(in.position(), size), count, length));
        in.position(in.position() + size);
      }
      if (in.hasRemaining()) {
        throw damaged(rank, in.remaining() + " bytes after the last list");
      }
      return new Decoded(lowest, levels);
    } catch (BufferUnderflowException e) {
      throw damaged(rank, message.length + " bytes, which end before the last list");
    } catch (IllegalArgumentException e) {
      throw damaged(rank, e.getMessage());
    }
  }

  /** ND4J's list for keys. */
  private int[] list(int[] keys, float step) {
    int[] list = new int[ND4J_HEADER + keys.length];
    list[0] = keys.length;
    list[1] = length;
    list[2] = Float.floatToRawIntBits(step);
    for (int i = 0; i < keys.length; i++) {
      int place = (keys[i] >>> 1) + 1;
      list[ND4J_HEADER + i] = (keys[i] & 1) == 0 ? place : -place;
    }
    return list;
  }

  private static ExchangeException damaged(int rank, String what) {
    return new ExchangeException("damaged threshold message from rank " + rank + ": " + what);
  }

  private void requireLength(Tensor vector) {
    if (vector.elements() != length) {
      throw new IllegalArgumentException(
          "a vector of " + vector.elements() + " values; expected " + length);
    }
  }

  /** Share of the values that reached the last threshold; NaN before the first. */
  double density() {
    return density;
  }

  /** The threshold of the last message. */
  double threshold() {
    return threshold;
  }

  /**
   * Copies what is left over from earlier updates.
   *
   * @param from index of the first value
   * @param destination receives as many values as it has room for
   */
  void readResidual(long from, FloatBuffer destination) {
    FloatBuffer values = residual.read();
    destination.put(
        values.position(Math.toIntExact(from)).limit((int) from + destination.remaining()));
  }

  @Override
  public void close() {
    try (residual) {
      decoded.close();
    }
  }
}
