package dev.ect.spark.config;

import dev.ect.model.engine.EngineOptions;
import dev.ect.model.engine.Precision;
import java.io.Serializable;

/**
 * The section {@code engine}.
 *
 * @param name {@code auto}, {@code torch} or {@code nd4j}
 * @param device {@code auto}, {@code cpu}, {@code cuda} or {@code cuda:<index>}
 * @param precision number format
 * @param threads CPU threads; 0 for the executor's cores
 */
public record EngineConfig(String name, String device, Precision precision, int threads)
    implements Serializable {
  private static final long serialVersionUID = 1L;

  static EngineConfig read(ConfigReader in) {
    return new EngineConfig(
        in.parsed("engine.name", EngineConfig::name, "auto"),
        in.parsed("engine.device", EngineConfig::device, "auto"),
        in.parsed("engine.precision", Precision::of, Precision.FLOAT32),
        in.autoCount("engine.threads", 1).orElse(0));
  }

  /**
   * What to open the engine with.
   *
   * @param cores used where the configuration leaves the threads open
   */
  public EngineOptions options(int cores) {
    return new EngineOptions(precision, threads > 0 ? threads : cores, device);
  }

  public EngineConfig withDevice(String other) {
    return new EngineConfig(name, other, precision, threads);
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
