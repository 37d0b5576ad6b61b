package dev.ect.spark.evaluation;

import dev.ect.model.engine.Engine;
import dev.ect.model.engine.Tensor;
import dev.ect.model.network.Network;
import dev.ect.model.network.ParameterLayout;
import java.util.Comparator;
import java.util.stream.LongStream;

/**
 * How fast an engine's fastest convolution is: one of the network's largest, or a matrix product (a
 * convolution of 1x1) of growing size. All count as direct convolutions, so that one by a quicker
 * algorithm, such as Winograd's, may exceed what the processor can multiply.
 */
public final class FastestConvolution {
  /** Begins no further measurement after this. */
  private static final long BUDGET_NANOS = 3_000_000_000L;

  /** Products grow until one takes this long. */
  private static final double LONG_ENOUGH = 0.01;

  private static final int CONVOLUTIONS = 4;
  private static final int LARGEST_PRODUCT = 8192;
  private static final int PIXELS = 32;
  private static final int REPETITIONS = 5;

  /** A convolution of square images. */
  private record Convolution(int images, int side, long in, long out, int k) {
    static Convolution of(ParameterLayout.Entry e, int images, int resolution) {
      int side = NetworkCost.resolution(e.name(), resolution);
      return new Convolution(images, side, e.shape()[1], e.shape()[0], (int) e.shape()[2]);
    }

    double flops() {
      return 2.0 * images * side * side * in * out * k * k;
    }
  }

  private final Engine engine;
  private final long begin = System.nanoTime();
  private double best;

  private FastestConvolution(Engine engine) {
    this.engine = engine;
  }

  /**
   * Measures for a few seconds.
   *
   * @param batch images at a time
   * @return GFLOP/s, two operations per multiplication of a direct convolution
   */
  public static double gflopsPerSecond(Engine engine, Network network, int batch) {
    FastestConvolution fastest = new FastestConvolution(engine);
    double seconds = 0;
    for (int c = 512; c <= LARGEST_PRODUCT && seconds < LONG_ENOUGH; c *= 2) {
      seconds = fastest.measure(new Convolution(1, PIXELS, c, c, 1));
    }
    network.parameters().entries().stream()
        .filter(e -> e.shape().length == 4)
        .map(e -> Convolution.of(e, batch, network.spec().imgResolution()))
        .distinct()
        .sorted(Comparator.comparingDouble(Convolution::flops).reversed())
        .limit(CONVOLUTIONS)
        .forEach(fastest::measure);
    return fastest.best;
  }

  /** The least seconds of a convolution; infinite where there was no time left for it. */
  private double measure(Convolution c) {
    double least = Double.POSITIVE_INFINITY;
    if (overdue()) {
      return least;
    }
    // Random bits: processors run faster on zeros.
    try (Tensor x =
            engine.dropoutMask(0.5, keys(c.images()), c.images(), c.in(), c.side(), c.side());
        Tensor w = engine.dropoutMask(0.5, keys(c.out()), c.out(), c.in(), c.k(), c.k())) {
      for (int i = 0; i <= REPETITIONS && (i == 0 || !overdue()); i++) {
        engine.synchronize();
        long start = System.nanoTime();
        try (Tensor y = engine.conv2d(x, w, null, c.k() / 2)) {
          engine.synchronize();
        }
        least = Math.min(least, (System.nanoTime() - start) / 1e9);
      }
    }
    best = Math.max(best, c.flops() / least / 1e9);
    return least;
  }

  private static long[] keys(long count) {
    return LongStream.range(0, count).toArray();
  }

  private boolean overdue() {
    return System.nanoTime() - begin > BUDGET_NANOS;
  }
}
