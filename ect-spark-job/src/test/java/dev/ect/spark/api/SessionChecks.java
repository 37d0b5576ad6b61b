package dev.ect.spark.api;

import dev.ect.spark.config.JobConfig;
import dev.ect.spark.config.ObjectiveConfig;
import dev.ect.spark.training.SparkContexts;
import org.apache.spark.SparkConf;

/** The checks of a Spark that is there already, on settings alone. */
final class SessionChecks {
  private SessionChecks() {}

  static void barrier(SparkConf conf, int executors) {
    EctConfig config = EctConfig.defaults().with("spark.executors", executors);
    SparkContexts.requireBarrier(
        conf, JobConfig.of(ObjectiveConfig.Kind.TUNING, config.config()).spark());
  }
}
