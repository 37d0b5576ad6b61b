package dev.ect.spark.api;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import dev.ect.spark.config.ConfigSources;
import dev.ect.spark.config.UserError;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A configuration in the making: what comes later wins, and all of it wins over the defaults, which
 * {@code reference.conf} documents. Immutable: each call returns another one. What is wrong is said
 * when it is used, all of it together.
 */
public final class EctConfig {
  private static final String ORIGIN = "EctConfig";

  private final Config config;
  private final List<String> problems;

  private EctConfig(Config config, List<String> problems) {
    this.config = config;
    this.problems = problems;
  }

  /** The defaults alone. */
  public static EctConfig defaults() {
    return new EctConfig(ConfigFactory.empty(), List.of());
  }

  /**
   * A configuration file, or a preset: demo, cifar10, cifar10-1hour, imagenet64.
   *
   * @param name path of a file, or the name of a preset
   */
  public static EctConfig of(String name) {
    try {
      return new EctConfig(ConfigSources.file(name), List.of());
    } catch (UserError e) {
      return new EctConfig(ConfigFactory.empty(), List.of(e.getMessage()));
    }
  }

  /**
   * Sets a key.
   *
   * @param key such as {@code tuning.batch}
   * @param value a string, number, boolean or path, or a list of such
   */
  public EctConfig with(String key, Object value) {
    if (!key.matches("[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*")) {
      return but(ORIGIN + ": '" + key + "'; expected a key such as tuning.batch");
    }
    try {
      Object plain = value instanceof Path path ? path.toString() : value;
      ConfigValue placed = ConfigValueFactory.fromAnyRef(plain, ORIGIN);
      return new EctConfig(config.withoutPath(key).withValue(key, placed), problems);
    } catch (ConfigException e) {
      return but(
          ORIGIN
              + ": "
              + key
              + " is of "
              + value.getClass().getName()
              + "; expected a string, a number, true, false, a path, or a list");
    }
  }

  /** Sets several keys. */
  public EctConfig with(Map<String, ?> values) {
    EctConfig all = this;
    for (Map.Entry<String, ?> each : values.entrySet()) {
      all = all.with(each.getKey(), each.getValue());
    }
    return all;
  }

  /**
   * Sets what a text says.
   *
   * @param text as in a configuration file (HOCON), such as {@code tuning { batch = 64, lr = 1e-3
   *     }}
   */
  public EctConfig hocon(String text) {
    try {
      Config said = ConfigSources.text(text, "HOCON");
      return new EctConfig(said.withFallback(config), problems);
    } catch (UserError e) {
      return but(e.getMessage());
    }
  }

  private EctConfig but(String problem) {
    return new EctConfig(config, Stream.concat(problems.stream(), Stream.of(problem)).toList());
  }

  /** What it sets. */
  Config config() {
    return config;
  }

  /** What is wrong so far, a line each; the list can grow. */
  List<String> problems() {
    return new ArrayList<>(problems);
  }

  /** What it sets, a line each; addresses without their secrets. */
  @Override
  public String toString() {
    return ConfigSources.render(config);
  }
}
