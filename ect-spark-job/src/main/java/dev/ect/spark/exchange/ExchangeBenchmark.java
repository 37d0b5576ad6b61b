package dev.ect.spark.exchange;

import dev.ect.model.engine.Engine;
import dev.ect.model.engine.EngineOptions;
import dev.ect.model.engine.Engines;
import dev.ect.model.engine.Tensor;
import java.lang.management.ManagementFactory;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Random;

/** Times the exchange of a gradient, as one of the ranks. */
public final class ExchangeBenchmark {
  /** Of values like a gradient's: normal with this standard deviation. */
  private static final float SCALE = 1e-4f;

  private static final int BLOCK = 1 << 16;

  /**
   * What was measured.
   *
   * @param rank of this node
   * @param world number of nodes
   * @param floats in the gradient
   * @param secondsPerStep median
   * @param cpuSecondsPerStep mean, of all threads of the process
   * @param bytesSentPerStep mean, with headers
   * @param bytesReceivedPerStep mean, with headers
   */
  public record Result(
      int rank,
      int world,
      long floats,
      double secondsPerStep,
      double cpuSecondsPerStep,
      double bytesSentPerStep,
      double bytesReceivedPerStep) {}

  private ExchangeBenchmark() {}

  /**
   * Exchanges a gradient of random values again and again.
   *
   * @param warmUp exchanges that are not counted
   * @param steps exchanges that are, at least 1
   */
  public static Result run(GradientExchange exchange, long floats, int warmUp, int steps) {
    double[] seconds = new double[steps];
    long cpuNanos = 0;
    var process =
        ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class);
    try (Engine engine = Engines.open("auto", EngineOptions.defaults());
        Tensor gradient = engine.zeros(floats)) {
      Random random = new Random(exchange.rank());
      float[] block = new float[BLOCK];
      Traffic before = exchange.traffic();
      for (int step = -warmUp; step < steps; step++) {
        fill(gradient, block, random);
        exchange.gather(new byte[1]);
        if (step == 0) {
          before = exchange.traffic();
        }
        long cpuBegin = process.getProcessCpuTime();
        long begin = System.nanoTime();
        exchange.begin(gradient);
        exchange.finish(new byte[1]);
        if (step >= 0) {
          seconds[step] = (System.nanoTime() - begin) / 1e9;
          cpuNanos += process.getProcessCpuTime() - cpuBegin;
        }
      }
      exchange.gather(new byte[1]);
      Traffic after = exchange.traffic();
      Arrays.sort(seconds);
      return new Result(
          exchange.rank(),
          exchange.world(),
          floats,
          seconds[steps / 2],
          cpuNanos / 1e9 / steps,
          (after.bytesSent() - before.bytesSent()) / (double) steps,
          (after.bytesReceived() - before.bytesReceived()) / (double) steps);
    }
  }

  private static void fill(Tensor gradient, float[] block, Random random) {
    for (int i = 0; i < block.length; i++) {
      block[i] = (float) random.nextGaussian() * SCALE;
    }
    for (long from = 0; from < gradient.elements(); from += block.length) {
      int count = (int) Math.min(block.length, gradient.elements() - from);
      gradient.write(from, FloatBuffer.wrap(block, 0, count));
    }
  }
}
