package dev.ect.model.engine;

import java.util.List;

/**
 * Where the time of some work went.
 *
 * @param seconds all of it; more than without a {@link KernelTimer}, as a GPU is waited for after
 *     every kernel
 * @param secondsOutside what was not spent in kernels
 * @param kernels the slowest first
 */
public record KernelTimes(double seconds, double secondsOutside, List<Kernel> kernels) {
  /**
   * Calls of one kernel.
   *
   * @param name of the {@link Engine}'s method; for convolutions with the sizes of filter and
   *     output, as in {@code conv2d 3x3 at 32x32}
   * @param calls how often it was called
   * @param seconds all calls together
   * @param gflopsPerSecond of a convolution; null for other kernels
   */
  public record Kernel(String name, long calls, double seconds, Double gflopsPerSecond) {}
}
