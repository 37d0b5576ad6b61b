package dev.ect.spark.evaluation;

/** How many images are generated at once, where the configuration leaves it open. */
final class BatchSize {
  /** Of what a forward pass makes, about this part is alive at a time. */
  private static final double ALIVE = 0.25;

  private static final double CPU_BYTES = 1 << 29;
  private static final double GPU_BYTES = 8.0 * (1 << 30);
  private static final int CPU_MOST = 64;
  private static final int GPU_MOST = 256;

  private BatchSize() {}

  /** The largest power of two whose activations fit. */
  static int of(NetworkCost cost, boolean gpu) {
    double perImage = cost.activations() * Float.BYTES * ALIVE;
    int batch = gpu ? GPU_MOST : CPU_MOST;
    while (batch > 1 && batch * perImage > (gpu ? GPU_BYTES : CPU_BYTES)) {
      batch /= 2;
    }
    return batch;
  }
}
