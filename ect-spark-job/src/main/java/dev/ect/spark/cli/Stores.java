package dev.ect.spark.cli;

import dev.ect.spark.api.DownloadProgress;
import dev.ect.spark.data.HadoopStore;
import dev.ect.spark.training.SparkContexts;
import java.nio.file.Path;
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
    String folder =
        SparkContexts.isInClusterMode(conf) ? "" : Path.of("").toAbsolutePath().toString();
    return new HadoopStore(
        SparkHadoopUtil.get().newConfiguration(conf), new DownloadProgress(), folder);
  }
}
