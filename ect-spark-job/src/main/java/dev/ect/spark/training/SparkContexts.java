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
   * Spark's settings: those of spark-submit, and defaults that suit barrier stages where it has
   * none. A master that the configuration names must not contradict spark-submit's.
   *
   * @throws UserError if they contradict a run
   */
  public static SparkConf settings(SparkConfig config) {
    return settings(config, System.getenv());
  }

  /** As above, in another environment than this process's. */
  static SparkConf settings(SparkConfig config, Map<String, String> environment) {
    SparkConf conf = new SparkConf();
    conf.setIfMissing("spark.app.name", "ECT");
    setMaster(conf, config.master());
    if (conf.getBoolean("spark.dynamicAllocation.enabled", false)) {
      throw new UserError(
          "spark.dynamicAllocation.enabled is true; expected false: barrier stages need a fixed"
              + " number of executors");
    }
    int slots = isLocalMaster(conf) ? threads(conf) : Integer.MAX_VALUE;
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
    // A task that never comes must not keep the others waiting for a year, Spark's default.
    conf.setIfMissing("spark.barrier.sync.timeout", "600");
    // The run itself repeats a stage, with the executors that are left; Spark would wait for all.
    conf.setIfMissing("spark.stage.maxConsecutiveAttempts", "1");
    // Executors that are not there yet: look again soon.
    conf.setIfMissing("spark.scheduler.barrier.maxConcurrentTasksCheck.interval", "1s");
    String master = conf.get("spark.master");
    boolean isLocal = isLocalMaster(conf);
    Optional<LocalCluster> cluster = LocalCluster.of(master);
    if (cluster.isPresent()) {
      List<String> options = ManagementFactory.getRuntimeMXBean().getInputArguments();
      String classPath = System.getProperty("java.class.path");
      cluster.get().configure(conf, environment, options, classPath);
    }
    if (!isLocal && conf.contains("spark.executor.cores")) {
      // One replica per executor, with all of its cores.
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
    int taskCpus = conf.getInt("spark.task.cpus", 1);
    if (taskCpus > 1) {
      return taskCpus;
    }
    Matcher local = LOCAL.matcher(conf.get("spark.master"));
    if (!local.matches()) {
      return conf.getInt("spark.executor.cores", 0);
    }
    String cores = local.group(1);
    int available = Runtime.getRuntime().availableProcessors();
    if (cores == null) {
      return 1;
    }
    int threads = cores.equals("*") ? available : Math.min(available, Integer.parseInt(cores));
    return Math.max(1, threads / executors);
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
