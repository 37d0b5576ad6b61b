package dev.ect.spark.report;

import dev.ect.model.engine.Engine;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import org.apache.hadoop.util.VersionInfo;

/** Versions of this program and what it runs on. */
public final class Versions {
  private Versions() {}

  /** By name: ect, java, spark, hadoop, libtorch, nd4j. */
  public static Map<String, String> all() {
    Properties build = build();
    Map<String, String> versions = new LinkedHashMap<>();
    versions.put(
        "ect",
        build.getProperty("version", "unknown")
            + ", commit "
            + build.getProperty("commit", "unknown"));
    versions.put("java", Runtime.version() + ", " + System.getProperty("java.vm.name"));
    versions.put(
        "spark",
        org.apache.spark.package$.MODULE$.SPARK_VERSION()
            + ", Scala "
            + scala.util.Properties.versionNumberString());
    versions.put("hadoop", VersionInfo.getVersion());
    versions.put("libtorch", build.getProperty("libtorch", "unknown"));
    versions.put("nd4j", build.getProperty("nd4j", "unknown"));
    return versions;
  }

  /** What this program was built from. */
  private static Properties build() {
    Properties properties = new Properties();
    try (InputStream in = Engine.class.getResourceAsStream("/dev/ect/model/version.properties")) {
      if (in != null) {
        properties.load(in);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return properties;
  }
}
