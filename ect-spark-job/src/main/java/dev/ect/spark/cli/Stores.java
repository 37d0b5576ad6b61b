package dev.ect.spark.cli;

import dev.ect.spark.data.HadoopStore;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.SparkHadoopUtil;

/** File systems for commands. */
final class Stores {
  private Stores() {}

  /** All file systems, with spark-submit's settings ({@code spark.hadoop.*}). */
  static HadoopStore open() {
    return of(new SparkConf());
  }

  /** The same for an application with settings of its own. */
  static HadoopStore of(SparkConf conf) {
    return new HadoopStore(SparkHadoopUtil.get().newConfiguration(conf), new DownloadProgress());
  }
}
