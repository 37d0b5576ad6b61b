package dev.ect.spark.exchange;

import dev.ect.model.engine.Engine;
import dev.ect.model.engine.Tensor;
import dev.ect.spark.config.ExchangeConfig;
import dev.ect.spark.report.Timings;
import java.io.Serializable;
import java.nio.FloatBuffer;
import java.util.Collections;
import java.util.Random;

/** Times the threshold encoding, without sending anything. */
public final class ThresholdBenchmark {
  private static final float SCALE = 1e-4f;
  private static final int BLOCK = 1 << 16;
  private static final int MANY = 3;

  /**
   * What was measured, per value of an update.
   *
   * @param encodeSeconds to make a message
   * @param decodeSeconds to add up messages, whatever their number
   * @param messageSeconds for each message that is added up
   * @param bytes of a message
   */
  public record Result(
      double encodeSeconds, double decodeSeconds, double messageSeconds, double bytes)
      implements Serializable {
    private static final long serialVersionUID = 1L;
  }

  private ThresholdBenchmark() {}

  /**
   * Encodes normal values again and again, as a run does, and decodes what becomes of them.
   *
   * @param floats values of an update
   * @param warmUp updates that are not timed
   * @param steps updates that are, at least 1
   */
  public static Result run(
      Engine engine, ExchangeConfig.Threshold config, long floats, int warmUp, int steps) {
    double[] encode = new double[steps];
    double[] one = new double[steps];
    double[] many = new double[steps];
    double bytes = 0;
    try (ThresholdEncoder encoder = new ThresholdEncoder(floats, config);
        Tensor update = engine.zeros(floats)) {
      Random random = new Random(0);
      for (int step = -warmUp; step < steps; step++) {
        fill(update, random);
        long begin = System.nanoTime();
        byte[] message = encoder.encode(update);
        long encoded = System.nanoTime();
        encoder.decode(Collections.nCopies(MANY, message), update);
        long added = System.nanoTime();
        encoder.decode(Collections.nCopies(1, message), update);
        if (step >= 0) {
          encode[step] = seconds(begin, encoded) / floats;
          many[step] = seconds(encoded, added) / floats;
          one[step] = seconds(added, System.nanoTime()) / floats;
          bytes += (double) message.length / floats / steps;
        }
      }
    }
    double perMessage = Math.max(0, (Timings.median(many) - Timings.median(one)) / (MANY - 1));
    return new Result(
        Timings.median(encode), Math.max(0, Timings.median(one) - perMessage), perMessage, bytes);
  }

  private static void fill(Tensor update, Random random) {
    float[] block = new float[BLOCK];
    for (int i = 0; i < block.length; i++) {
      block[i] = (float) random.nextGaussian() * SCALE;
    }
    for (long from = 0; from < update.elements(); from += BLOCK) {
      int count = (int) Math.min(BLOCK, update.elements() - from);
      update.write(from, FloatBuffer.wrap(block, 0, count));
    }
  }

  private static double seconds(long begin, long end) {
    return (end - begin) / 1e9;
  }
}
