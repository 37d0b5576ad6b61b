package dev.ect.spark.evaluation;

import dev.ect.spark.config.ConfigSources;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.config.ObjectiveConfig;
import dev.ect.spark.training.SparkContexts;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;

/** A Spark in this JVM that runs two tasks at a time. */
final class TestSpark {
  private TestSpark() {}

  static JavaSparkContext open() {
    JobConfig config =
        JobConfig.of(
            ObjectiveConfig.Kind.TUNING,
            ConfigSources.overrides(List.of("spark.master=local[2]", "spark.executors=2")));
    return SparkContexts.open(SparkContexts.settings(config.spark()));
  }
}
