package dev.ect.model.tuning;

import dev.ect.model.engine.Engine;
import dev.ect.model.engine.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The flat vectors of a training run, all of the network's {@code ParameterLayout}: weights, EMA,
 * the optimiser's two moments, and the gradient. Owned and closed together.
 *
 * @param weights being trained
 * @param ema their moving average
 * @param expAvg moving average of the gradient (PyTorch: exp_avg)
 * @param expAvgSq moving average of the squared gradient (PyTorch: exp_avg_sq)
 * @param gradient of the step under way
 */
public record TuningVectors(
    Tensor weights, Tensor ema, Tensor expAvg, Tensor expAvgSq, Tensor gradient)
    implements AutoCloseable {
  /** Values that are on the host at a time. */
  private static final int BLOCK = 1 << 20;

  /** Vectors of zeros. */
  public static TuningVectors zeros(Engine engine, long size) {
    List<Tensor> made = new ArrayList<>();
    try {
      while (made.size() < 5) {
        made.add(engine.zeros(size));
      }
    } catch (RuntimeException | Error e) {
      made.forEach(Tensor::close);
      throw e;
    }
    return new TuningVectors(made.get(0), made.get(1), made.get(2), made.get(3), made.get(4));
  }

  /**
   * Fingerprint of the weights, by which replicas find that they are not alike any more: SHA-256
   * (32 bytes) of their float32 bits, little-endian.
   */
  public byte[] weightsDigest() {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java runtime has SHA-256", e);
    }
    long size = weights.elements();
    int block = (int) Math.min(BLOCK, size);
    ByteBuffer bytes = ByteBuffer.allocate(block * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    FloatBuffer floats = bytes.asFloatBuffer();
    for (long from = 0; from < size; from += block) {
      int count = (int) Math.min(block, size - from);
      weights.read(from, floats.clear().limit(count));
      digest.update(bytes.clear().limit(count * Float.BYTES));
    }
    return digest.digest();
  }

  @Override
  public void close() {
    Stream.of(weights, ema, expAvg, expAvgSq, gradient).forEach(Tensor::close);
  }
}
