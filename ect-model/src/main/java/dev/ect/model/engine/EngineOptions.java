package dev.ect.model.engine;

/**
 * What an engine is opened with.
 *
 * @param precision number format of the heavy arithmetic
 * @param threads CPU threads for one operation, at least 1; native libraries keep one such setting
 *     per process
 * @param device {@code "cpu"}, {@code "cuda"} (the first GPU), {@code "cuda:<index>"}, or {@code
 *     "auto"}: the first GPU where the engine has one it can use, else the CPU
 */
public record EngineOptions(Precision precision, int threads, String device) {
  /** float32 on the CPU with all its cores. */
  public static EngineOptions defaults() {
    return new EngineOptions(Precision.FLOAT32, Runtime.getRuntime().availableProcessors(), "auto");
  }

  /**
   * @throws IllegalArgumentException naming the wrong option
   */
  public EngineOptions {
    if (threads < 1) {
      throw new IllegalArgumentException("threads is " + threads + "; expected at least 1");
    }
    if (!device.matches("auto|cpu|cuda(:\\d+)?")) {
      throw new IllegalArgumentException(
          "device is '" + device + "'; expected auto, cpu, cuda or cuda:<index>");
    }
  }

  public EngineOptions withPrecision(Precision other) {
    return new EngineOptions(other, threads, device);
  }
}
