package dev.ect.spark.cli;

import dev.ect.spark.data.HadoopStore;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.SparkHadoopUtil;

/** File systems for commands that need no Spark application. */
final class Stores {
  private Stores() {}

  /** All file systems, with spark-submit's settings ({@code spark.hadoop.*}). */
  static HadoopStore open() {
    return new HadoopStore(SparkHadoopUtil.get().newConfiguration(new SparkConf()));
  }
}
