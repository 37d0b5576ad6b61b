package dev.ect.spark.config;

import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;

/** Configurations of a command line alone. */
final class Configs {
  static final ObjectiveConfig.Kind TUNING = ObjectiveConfig.Kind.TUNING;

  private Configs() {}

  static JobConfig of(String... overrides) {
    return JobConfig.of(TUNING, ConfigSources.overrides(List.of(overrides)));
  }

  /** The lines in which they are refused. */
  static List<String> problems(String... overrides) {
    return assertThrows(UserError.class, () -> of(overrides)).getMessage().lines().toList();
  }
}
