package dev.ect.spark.training;

import dev.ect.spark.config.UserError;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.spark.SparkConf;

/**
 * Spark's master {@code local-cluster[executors,cores,memory]}: executors in JVMs of their own, on
 * this machine, without a Spark installation. They run with this JVM's class path and options.
 *
 * @param executors JVMs
 * @param cores of each
 * @param memoryMib heap of each, MiB
 */
record LocalCluster(int executors, int cores, int memoryMib) {
  private static final Pattern MASTER =
      Pattern.compile("local-cluster\\[\\s*(\\d+)\\s*,\\s*(\\d+)\\s*,\\s*(\\d+)\\s*]");
  private static final String EXECUTOR_ENV = "spark.executorEnv.";

  /** What executors take over of this JVM's options. */
  private static final Pattern SHARED =
      Pattern.compile("(--add-|--enable-native-access|-D|-XX:|-ea|-da|-esa).*");

  /**
   * And what of these is this JVM's own: its heap, which Spark decides for executors, Spark's
   * settings, which it refuses there, and ports and files that two JVMs cannot share.
   */
  private static final Pattern OWN =
      Pattern.compile(
          "-XX:(MaxHeapSize|InitialHeapSize|MinHeapSize|MaxRAM|MaxRAMPercentage|MinRAMPercentage"
              + "|InitialRAMPercentage|MaxRAMFraction|MinRAMFraction|InitialRAMFraction"
              + "|ArchiveClassesAtExit|StartFlightRecording)[=:].*"
              + "|-Dcom\\.sun\\.management\\..*|.*-Dspark.*|.*-Xmx.*");

  /** What a master says, if it is one of these. */
  static Optional<LocalCluster> of(String master) {
    Matcher matcher = MASTER.matcher(master);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    return Optional.of(
        new LocalCluster(
            Integer.parseInt(matcher.group(1)),
            Integer.parseInt(matcher.group(2)),
            Integer.parseInt(matcher.group(3))));
  }

  /**
   * Sets what executors need, where it is not set: one of them per worker, one task in each.
   *
   * @param environment this process's
   * @param jvmOptions this JVM's
   * @param classPath this JVM's
   * @throws UserError if Spark could not start an executor from this environment
   */
  void configure(
      SparkConf conf, Map<String, String> environment, List<String> jvmOptions, String classPath) {
    requireHome(environment.get("SPARK_HOME"));
    conf.setIfMissing("spark.executor.extraClassPath", absolute(classPath));
    conf.setIfMissing("spark.executor.extraJavaOptions", executorOptions(jvmOptions));
    conf.setIfMissing("spark.executor.cores", String.valueOf(cores));
    // Spark's own default may be more than a worker has, which it refuses.
    conf.setIfMissing("spark.executor.memory", memoryMib + "m");
    // without it Spark looks for its own source tree
    conf.setIfMissing(EXECUTOR_ENV + "SPARK_SCALA_VERSION", "2.12");
    conf.setIfMissing(EXECUTOR_ENV + "JAVA_HOME", System.getProperty("java.home"));
    // as the launcher sets them
    share(conf, environment, "OPENBLAS_NUM_THREADS", "1");
    share(conf, environment, "OMP_WAIT_POLICY", "PASSIVE");
  }

  private static void share(
      SparkConf conf, Map<String, String> environment, String variable, String otherwise) {
    conf.setIfMissing(EXECUTOR_ENV + variable, environment.getOrDefault(variable, otherwise));
  }

  /** Spark's workers write into it, and its {@code jars} go to the executors' class path. */
  private static void requireHome(String home) {
    if (home == null || !Files.isDirectory(Path.of(home, "jars"))) {
      throw new UserError(
          "SPARK_HOME is "
              + (home == null ? "not set" : home + ", which has no folder jars")
              + "; a master local-cluster[...] needs a folder there, with an empty folder jars in"
              + " it: start through deploy/ect, which makes one");
    }
  }

  /** Executors start in folders of their own. */
  private static String absolute(String classPath) {
    return Arrays.stream(classPath.split(File.pathSeparator))
        .filter(entry -> !entry.isEmpty())
        .map(entry -> Path.of(entry).toAbsolutePath().toString())
        .collect(Collectors.joining(File.pathSeparator));
  }

  /** In the form that Spark splits again. */
  private static String executorOptions(List<String> jvmOptions) {
    return jvmOptions.stream()
        .filter(option -> SHARED.matcher(option).matches() && !OWN.matcher(option).matches())
        .map(LocalCluster::quoted)
        .collect(Collectors.joining(" "));
  }

  private static String quoted(String option) {
    return option.matches("[^\\s\"'\\\\]+")
        ? option
        : '"' + option.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }
}
