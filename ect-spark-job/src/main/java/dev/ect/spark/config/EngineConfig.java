package dev.ect.spark.config;

import dev.ect.model.engine.EngineOptions;
import dev.ect.model.engine.MemoryFormat;
import dev.ect.model.engine.Precision;
import java.io.Serializable;

/**
 * The section {@code engine}.
 *
 * @param name {@code auto}, {@code torch} or {@code nd4j}
 * @param device {@code auto}, {@code cpu}, {@code cuda} or {@code cuda:<index>}
 * @param precision number format
 * @param threads CPU threads; 0 for the executor's cores
 * @param memoryFormat of images
 * @param float32From as {@link EngineOptions} has it
 */
public record EngineConfig(
    String name,
    String device,
    Precision precision,
    int threads,
    MemoryFormat memoryFormat,
    double float32From)
    implements Serializable {
  private static final long serialVersionUID = 1L;

  /** Whatever is there, in float32. */
  public static final EngineConfig DEFAULT =
      new EngineConfig("auto", "auto", Precision.FLOAT32, 0, MemoryFormat.AUTO, 0);

  static EngineConfig read(ConfigReader in) {
    return new EngineConfig(
        in.parsed("engine.name", EngineConfig::name, "auto"),
        in.parsed("engine.device", EngineConfig::device, "auto"),
        in.parsed("engine.precision", Precision::of, Precision.FLOAT32),
        in.autoCount("engine.threads", 1).orElse(0),
        in.parsed("engine.memory-format", MemoryFormat::of, MemoryFormat.AUTO),
        in.parsed("engine.float32-from", EngineConfig::float32From, 0.0));
  }

  /**
   * What to open the engine with.
   *
   * @param cores used where the configuration leaves the threads open
   */
  public EngineOptions options(int cores) {
    return new EngineOptions(
        precision, threads > 0 ? threads : cores, device, memoryFormat, float32From);
  }

  public EngineConfig withDevice(String other) {
    return new EngineConfig(name, other, precision, threads, memoryFormat, float32From);
  }

  private static double float32From(String text) {
    return switch (text) {
      case "auto" -> 0;
      case "never" -> Double.POSITIVE_INFINITY;
      default -> {
        double from = text.matches("\\d+(\\.\\d+)?") ? Double.parseDouble(text) : 0;
        if (!(from > 0)) {
          throw new IllegalArgumentException(
              "float32-from is '" + text + "'; expected auto, never or a number more than 0");
        }
        yield from;
      }
    };
  }

  private static String name(String text) {
    if (!text.matches("auto|torch|nd4j")) {
      throw new IllegalArgumentException("engine is '" + text + "'; expected auto, torch or nd4j");
    }
    return text;
  }

  private static String device(String text) {
    return new EngineOptions(Precision.FLOAT32, 1, text).device();
  }
}
