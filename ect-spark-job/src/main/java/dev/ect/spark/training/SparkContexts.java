package dev.ect.spark.training;

import dev.ect.spark.config.SparkConfig;
import dev.ect.spark.config.UserError;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkException;
import org.apache.spark.api.java.JavaSparkContext;

/** The Spark application around a run. */
public final class SparkContexts {
  private static final Pattern LOCAL = Pattern.compile("local(?:\\[(\\*|\\d+)(?:,\\d+)?])?");

  private SparkContexts() {}

  /**
   * Spark's settings: those of spark-submit, and defaults where it has none: one task per executor,
   * with all of its cores. A master that the configuration names must not contradict
   * spark-submit's.
   *
   * @throws UserError if they contradict each other
   */
  public static SparkConf settings(SparkConfig config) {
    return settings(config, System.getenv());
  }

  /**
   * {@link #settings(SparkConfig)}, with defaults that suit barrier stages.
   *
   * @throws UserError if they contradict a run of such stages
   */
  public static SparkConf barrierSettings(SparkConfig config) {
    SparkConf conf = settings(config);
    if (conf.getBoolean("spark.dynamicAllocation.enabled", false)) {
      throw new UserError(
          "spark.dynamicAllocation.enabled is true; expected false: barrier stages need a fixed"
              + " number of executors");
    }
    // A task that never comes must not keep the others waiting for a year, Spark's default.
    conf.setIfMissing("spark.barrier.sync.timeout", "600");
    // The run itself repeats a stage, with the executors that are left; Spark would wait for all.
    conf.setIfMissing("spark.stage.maxConsecutiveAttempts", "1");
    // Executors that are not there yet: look again soon.
    conf.setIfMissing("spark.scheduler.barrier.maxConcurrentTasksCheck.interval", "1s");
    return conf;
  }

  /** As above, in another environment than this process's. */
  static SparkConf settings(SparkConfig config, Map<String, String> environment) {
    SparkConf conf = new SparkConf();
    conf.setIfMissing("spark.app.name", "ECT");
    setMaster(conf, config.master());
    int slots = isLocalMaster(conf) ? slots(conf) : Integer.MAX_VALUE;
    if (config.executors() > slots) {
      throw new UserError(
          "spark.executors is "
              + config.executors()
              + ", but "
              + conf.get("spark.master")
              + " runs "
              + slots
              + " tasks at a time; expected at most as many executors: use local["
              + config.executors()
              + "] or local-cluster["
              + config.executors()
              + ",<cores>,<MiB>]");
    }
    String master = conf.get("spark.master");
    boolean isLocal = isLocalMaster(conf);
    Optional<LocalCluster> cluster = LocalCluster.of(master);
    if (cluster.isPresent()) {
      List<String> options = ManagementFactory.getRuntimeMXBean().getInputArguments();
      String classPath = System.getProperty("java.class.path");
      cluster.get().configure(conf, environment, options, classPath);
    }
    if (isLocal) {
      // As many tasks at a time as there would be executors.
      conf.setIfMissing("spark.task.cpus", String.valueOf(slots / config.executors()));
    } else if (conf.contains("spark.executor.cores")) {
      conf.setIfMissing("spark.task.cpus", conf.get("spark.executor.cores"));
    }
    if (isLocal || cluster.isPresent()) {
      conf.setIfMissing("spark.ui.enabled", String.valueOf(config.ui()));
      conf.setIfMissing("spark.driver.host", "127.0.0.1");
      conf.setIfMissing("spark.driver.bindAddress", "127.0.0.1");
      // Progress travels with heartbeats. The interval also bounds the wait for their replies.
      conf.setIfMissing("spark.executor.heartbeatInterval", "4s");
    }
    return conf;
  }

  private static void setMaster(SparkConf conf, String configured) {
    if (configured.equals("auto")) {
      conf.setIfMissing("spark.master", "local[*]");
      return;
    }
    String given = conf.get("spark.master", configured);
    if (!given.equals(configured)) {
      throw new UserError(
          "spark.master is "
              + configured
              + " in the configuration, but "
              + given
              + " from spark-submit or ECT_MASTER; expected one of them: leave the other out, or"
              + " say spark.master=auto");
    }
    conf.set("spark.master", configured);
  }

  /** {@link #threads(SparkConf, int)} of a single executor. */
  public static int threads(SparkConf conf) {
    return threads(conf, 1);
  }

  /**
   * CPU threads that one executor's task may use; 0 where only the executor knows.
   *
   * @param executors wanted, at least 1; where Spark runs in this JVM, they share its cores
   */
  public static int threads(SparkConf conf, int executors) {
    if (isLocalMaster(conf)) {
      int available = Runtime.getRuntime().availableProcessors();
      return Math.max(1, Math.min(available, slots(conf)) / executors);
    }
    int taskCpus = conf.getInt("spark.task.cpus", 1);
    return taskCpus > 1 ? taskCpus : conf.getInt("spark.executor.cores", 0);
  }

  /** Cores of a local master, as Spark counts them. */
  private static int slots(SparkConf conf) {
    Matcher local = LOCAL.matcher(conf.get("spark.master"));
    if (!local.matches()) {
      throw new IllegalArgumentException(conf.get("spark.master"));
    }
    String cores = local.group(1);
    return cores == null
        ? 1
        : cores.equals("*") ? Runtime.getRuntime().availableProcessors() : Integer.parseInt(cores);
  }

  /**
   * Opens a context; the caller closes it.
   *
   * @throws UserError if Spark refuses its settings
   */
  public static JavaSparkContext open(SparkConf conf) {
    if (!Object.class.getModule().isOpen("sun.nio.ch", SparkContext.class.getModule())) {
      throw new UserError(
          "this JVM was started without the --add-opens that Spark needs on JDK 17; start through"
              + " deploy/ect or spark-submit");
    }
    try {
      return new JavaSparkContext(context(conf));
    } catch (SparkException e) {
      throw new UserError("Spark: " + e.getMessage().lines().findFirst().orElse(e.toString()));
    }
  }

  /** Scala throws it without saying so. */
  @SuppressWarnings("RedundantThrows")
  private static SparkContext context(SparkConf conf) throws SparkException {
    return new SparkContext(conf);
  }

  private static boolean isLocalMaster(SparkConf conf) {
    return LOCAL.matcher(conf.get("spark.master")).matches();
  }
}
