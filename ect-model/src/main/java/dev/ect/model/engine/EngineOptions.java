package dev.ect.model.engine;

/**
 * What an engine is opened with.
 *
 * @param precision number format of the heavy arithmetic
 * @param threads CPU threads for one operation, at least 1; native libraries keep one such setting
 *     per process
 * @param device {@code "cpu"}, {@code "cuda"} (the first GPU), {@code "cuda:<index>"}, or {@code
 *     "auto"}: the first GPU where the engine has one it can use, else the CPU
 * @param memoryFormat of images; engines that know one only take that
 * @param float32From {@link Engine#resolving} as many parts or more takes float32; 0: more than the
 *     {@linkplain Precision#resolves precision resolves}, infinity: never
 */
public record EngineOptions(
    Precision precision,
    int threads,
    String device,
    MemoryFormat memoryFormat,
    double float32From) {
  /** Images as they are fastest, and float32 where the precision asks for it. */
  public EngineOptions(Precision precision, int threads, String device) {
    this(precision, threads, device, MemoryFormat.AUTO, 0);
  }

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
    if (!(float32From >= 0)) {
      throw new IllegalArgumentException(
          "float32-from is " + float32From + "; expected a number of at least 0");
    }
  }

  public EngineOptions withPrecision(Precision other) {
    return new EngineOptions(other, threads, device, memoryFormat, float32From);
  }

  /** Whether {@link Engine#resolving} so many parts takes float32. */
  public boolean needsFloat32(double parts) {
    return precision != Precision.FLOAT32
        && (float32From > 0 ? parts >= float32From : parts > precision.resolves());
  }
}
