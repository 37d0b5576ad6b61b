package dev.ect.spark.deploy;

import java.util.List;
import java.util.Objects;
import org.apache.spark.internal.config.ConfigEntry$;

/** The settings that Spark knows, those of YARN and Kubernetes among them. */
final class SparkKeys {
  /** With the user's names in them, part of another setting, or read without being registered. */
  private static final List<String> PATTERNS =
      List.of(
          "spark\\.app\\.name",
          "spark\\.(driver|executor)\\.defaultJavaOptions",
          "spark\\.executorEnv\\.\\w+",
          "spark\\.yarn\\.appMasterEnv\\.\\w+",
          "spark\\.kubernetes\\.driverEnv\\.\\w+",
          "spark\\.(executor|task|driver)\\.resource\\.gpu\\.(amount|discoveryScript|vendor)",
          "spark\\.metrics\\.conf\\.\\*\\.sink\\.\\w+\\.(class|path)",
          "spark\\.kubernetes\\.(driver|executor)\\.volumes\\.emptyDir\\.\\w+\\."
              + "(mount\\.path|options\\.(medium|sizeLimit))",
          "spark\\.kubernetes\\.(driver|executor)\\.volumes\\.persistentVolumeClaim\\.\\w+\\."
              + "(mount\\.path|options\\.claimName)");

  static {
    // They are registered when the objects that hold them are made.
    List.of(
            org.apache.spark.internal.config.package$.MODULE$,
            org.apache.spark.internal.config.History$.MODULE$,
            org.apache.spark.internal.config.Worker$.MODULE$,
            org.apache.spark.deploy.yarn.config.package$.MODULE$,
            org.apache.spark.deploy.k8s.Config$.MODULE$)
        .forEach(Objects::requireNonNull);
  }

  private SparkKeys() {}

  static boolean knows(String key) {
    return ConfigEntry$.MODULE$.findEntry(key) != null || PATTERNS.stream().anyMatch(key::matches);
  }
}
