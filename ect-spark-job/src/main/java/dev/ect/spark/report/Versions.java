package dev.ect.spark.report;

import dev.ect.model.engine.Engine;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;

/** Versions of this program and what it runs on. */
public final class Versions {
  private Versions() {}

  /** By name: ect, java, spark. */
  public static Map<String, String> all() {
    Map<String, String> versions = new LinkedHashMap<>();
    versions.put("ect", ect());
    versions.put("java", Runtime.version() + ", " + System.getProperty("java.vm.name"));
    versions.put(
        "spark",
        org.apache.spark.package$.MODULE$.SPARK_VERSION()
            + ", Scala "
            + scala.util.Properties.versionNumberString());
    return versions;
  }

  private static String ect() {
    Properties version = new Properties();
    try (InputStream in = Engine.class.getResourceAsStream("/dev/ect/model/version.properties")) {
      if (in != null) {
        version.load(in);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return version.getProperty("version", "unknown")
        + ", commit "
        + version.getProperty("commit", "unknown");
  }
}
