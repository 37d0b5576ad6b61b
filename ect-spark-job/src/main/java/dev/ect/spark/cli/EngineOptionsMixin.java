package dev.ect.spark.cli;

import dev.ect.model.engine.Engine;
import dev.ect.model.engine.EngineOptions;
import dev.ect.model.engine.Engines;
import dev.ect.model.engine.Precision;
import dev.ect.spark.config.EngineConfig;
import dev.ect.spark.config.UserError;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** The options that choose an engine. */
final class EngineOptionsMixin {
  @Option(names = "--engine", description = "auto, torch or nd4j. Default: auto.")
  private String engine;

  @Option(names = "--device", description = "auto, cpu, cuda or cuda:<index>. Default: auto.")
  private String device;

  @Option(names = "--precision", description = "float32, tf32 or bfloat16. Default: float32.")
  private String precision;

  @Option(names = "--threads", description = "CPU threads; all cores unless given.")
  private Integer threads;

  /** Opens the engine; the caller closes it. */
  Engine open() {
    return open(EngineConfig.DEFAULT);
  }

  /**
   * Opens the engine; the caller closes it.
   *
   * @param config decides what the options leave open
   */
  Engine open(EngineConfig config) {
    EngineOptions options = options(config);
    try {
      return Engines.open(engine == null ? config.name() : engine, options);
    } catch (IllegalArgumentException e) {
      throw new UserError(e.getMessage());
    }
  }

  /**
   * What {@link #open(EngineConfig)} opens the engine with.
   *
   * @param config decides what the options leave open
   */
  EngineOptions options(EngineConfig config) {
    EngineOptions configured = config.options(Runtime.getRuntime().availableProcessors());
    try {
      return new EngineOptions(
          precision == null ? configured.precision() : Precision.of(precision),
          threads == null ? configured.threads() : threads,
          device == null ? configured.device() : device,
          configured.memoryFormat(),
          configured.float32From());
    } catch (IllegalArgumentException e) {
      throw new UserError(e.getMessage());
    }
  }

  /**
   * CPU threads.
   *
   * @param config decides where the options leave it open
   */
  int threads(EngineConfig config) {
    int cores = Runtime.getRuntime().availableProcessors();
    return threads == null ? config.options(cores).threads() : threads;
  }

  /** The engine's name, where given. */
  Optional<String> engine() {
    return Optional.ofNullable(engine);
  }

  /** The number format, where given. */
  Optional<String> precision() {
    return Optional.ofNullable(precision);
  }

  /** What is given, as overrides of a configuration. */
  List<String> overrides() {
    List<String> overrides = new ArrayList<>();
    add(overrides, "name", engine);
    add(overrides, "device", device);
    add(overrides, "precision", precision);
    add(overrides, "threads", threads);
    return overrides;
  }

  private static void add(List<String> overrides, String key, Object value) {
    if (value != null) {
      overrides.add("engine." + key + "=" + value);
    }
  }

  /** Device and threads where given, for another process. */
  List<String> arguments() {
    List<String> arguments = new ArrayList<>();
    if (device != null) {
      arguments.addAll(List.of("--device", device));
    }
    if (threads != null) {
      arguments.addAll(List.of("--threads", String.valueOf(threads)));
    }
    return arguments;
  }
}
