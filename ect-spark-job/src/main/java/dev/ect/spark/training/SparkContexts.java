package dev.ect.spark.training;

import dev.ect.spark.config.SparkConfig;
import dev.ect.spark.config.UserError;
import dev.ect.spark.report.SparkReason;
import java.io.FileNotFoundException;
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
import scala.util.Properties;

/** The Spark application around a run. */
public final class SparkContexts {
  private static final int JDK = 17;
  private static final String SPARK = "3.5";
  private static final String SCALA = "2.12";
  private static final Pattern LOCAL = Pattern.compile("local(?:\\[(\\*|\\d+)(?:,\\d+)?])?");

  /** Spark's own choice, and values with user and password before a host. */
  private static final String REDACTED =
      "(?i)secret|password|token|access[.]?key|://[^/\\s@:]*:[^/\\s]*@";

  private static final String INSTANCES = "spark.executor.instances";

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
    requireFixedExecutors(conf);
    askForExecutors(conf, config.executors());
    // A task that never comes must not keep the others waiting for a year, Spark's default.
    conf.setIfMissing("spark.barrier.sync.timeout", "600");
    // The run itself repeats a stage, with the executors that are left; Spark would wait for all.
    conf.setIfMissing("spark.stage.maxConsecutiveAttempts", "1");
    // Executors that are not there yet: look again soon.
    conf.setIfMissing("spark.scheduler.barrier.maxConcurrentTasksCheck.interval", "1s");
    return conf;
  }

  private static void requireFixedExecutors(SparkConf conf) {
    if (conf.getBoolean("spark.dynamicAllocation.enabled", false)) {
      throw new UserError(
          "spark.dynamicAllocation.enabled is true; expected false: barrier stages need a fixed"
              + " number of executors");
    }
  }

  /**
   * Checks that a Spark that somebody else has started can run the job's barrier stages.
   *
   * @param conf its settings
   * @throws UserError if it cannot, saying why
   */
  public static void requireBarrier(SparkConf conf, SparkConfig config) {
    requireFixedExecutors(conf);
    String master = conf.get("spark.master");
    if (isLocalMaster(conf)) {
      requireSlots(conf, config);
      return;
    }
    String cores = conf.get("spark.executor.cores", "");
    String cpus = conf.get("spark.task.cpus", "1");
    if (!cores.isEmpty() && !cores.equals(cpus)) {
      throw new UserError(
          "spark.task.cpus is "
              + cpus
              + " and spark.executor.cores "
              + cores
              + " on "
              + master
              + "; expected the same: an executor runs one task, with all of its cores");
    }
  }

  private static void requireSlots(SparkConf conf, SparkConfig config) {
    int slots = slots(conf) / conf.getInt("spark.task.cpus", 1);
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
  }

  /** As above, in another environment than this process's. */
  static SparkConf settings(SparkConfig config, Map<String, String> environment) {
    SparkConf conf = new SparkConf();
    // spark-submit puts the main class there
    if (conf.get("spark.app.name", "dev.ect").startsWith("dev.ect")) {
      conf.set("spark.app.name", "ECT");
    }
    conf.setIfMissing("spark.redaction.regex", REDACTED);
    setMaster(conf, config.master());
    String master = conf.get("spark.master");
    boolean isLocal = isLocalMaster(conf);
    if (isLocal) {
      requireSlots(conf, config);
    }
    Optional<LocalCluster> cluster = LocalCluster.of(master);
    if (cluster.isPresent()) {
      List<String> options = ManagementFactory.getRuntimeMXBean().getInputArguments();
      String classPath = System.getProperty("java.class.path");
      cluster.get().configure(conf, environment, options, classPath);
    }
    if (isLocal) {
      // As many tasks at a time as there would be executors.
      conf.setIfMissing("spark.task.cpus", String.valueOf(slots(conf) / config.executors()));
    } else if (conf.contains("spark.executor.cores")) {
      conf.setIfMissing("spark.task.cpus", conf.get("spark.executor.cores"));
    }
    if (config.executors() > 1) {
      askForExecutors(conf, config.executors());
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

  /** Spark-submit need not be told how many executors a run wants. */
  private static void askForExecutors(SparkConf conf, int executors) {
    String master = conf.get("spark.master");
    StandaloneMaster.of(master).ifPresent(standalone -> standalone.configure(conf, executors));
    if (!master.startsWith("yarn") && !master.startsWith("k8s:")) {
      return;
    }
    conf.setIfMissing(INSTANCES, String.valueOf(executors));
    if (conf.getInt(INSTANCES, executors) < executors) {
      throw new UserError(
          INSTANCES
              + " is "
              + conf.get(INSTANCES)
              + " (--num-executors); expected at least "
              + executors
              + " (spark.executors), or none: the run asks for as many");
    }
  }

  /**
   * Whether Spark has started this driver on the cluster, in a folder of its own that nobody else
   * sees.
   */
  public static boolean isInClusterMode(SparkConf conf) {
    return conf.get("spark.submit.deployMode", "client").equals("cluster")
        || conf.getBoolean("spark.kubernetes.submitInDriver", false);
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
   * @throws UserError if Spark refuses its settings, or the cluster ends it while it starts
   */
  public static JavaSparkContext open(SparkConf conf) {
    requireOpens(Object.class.getModule(), SparkContext.class.getModule());
    StandaloneMaster.of(conf.get("spark.master")).ifPresent(StandaloneMaster::requireReachable);
    try {
      return new JavaSparkContext(context(conf));
    } catch (SparkException | IllegalArgumentException e) {
      throw new UserError("Spark: " + reason(e));
    } catch (IllegalStateException e) {
      if (!reason(e).endsWith("stopped while waiting for backend")) {
        throw e;
      }
      throw new UserError(
          "Spark: the application was stopped before it had started; expected executors that stay:"
              + " their logs, and the cluster's page of the application, say why it ended");
    } catch (FileNotFoundException e) {
      throw new UserError(
          "Spark: "
              + e.getMessage()
              + "; expected a folder that is there already: spark.eventLog.dir is "
              + conf.get("spark.eventLog.dir", "not set"));
    }
  }

  /** What Spark says, and why where that is another exception's matter. */
  private static String reason(Exception e) {
    String said = SparkReason.of(e.getMessage());
    Throwable root = SparkReason.root(e);
    if (root == e) {
      return said.isEmpty() ? e.toString() : said;
    }
    return said + ": " + SparkReason.of(root.toString());
  }

  /**
   * Checks that a Spark that somebody else has started can run the project's jobs.
   *
   * @throws UserError if it cannot, saying why
   */
  public static void requireUsable(SparkContext spark) {
    requireJdk(Runtime.version().feature());
    requireOpens(Object.class.getModule(), SparkContext.class.getModule());
    if (spark.isStopped()) {
      throw new UserError(
          "this Spark session has been stopped; expected a running one: make another with"
              + " SparkSession.builder()");
    }
    requireVersion(spark.version(), Properties.versionNumberString());
  }

  /**
   * Checks Spark.
   *
   * @param found its version
   * @param scala Scala's
   * @throws UserError if the job was built for others
   */
  public static void requireVersion(String found, String scala) {
    if (!found.startsWith(SPARK + ".") || !scala.startsWith(SCALA + ".")) {
      throw new UserError(
          String.format(
              "this is Spark %s with Scala %s; expected Spark %s with Scala %s",
              found, scala, SPARK, SCALA));
    }
  }

  /**
   * Checks the JDK.
   *
   * @param found its version
   * @throws UserError if Spark does not run on it
   */
  public static void requireJdk(int found) {
    if (found != JDK) {
      throw new UserError(
          "this is JDK "
              + found
              + " ("
              + System.getProperty("java.home")
              + "); expected JDK "
              + JDK
              + ", which Spark 3.5 needs: set JAVA_HOME");
    }
  }

  /**
   * @param jdk has the packages that Spark reaches into
   * @param spark reaches into them
   */
  static void requireOpens(Module jdk, Module spark) {
    if (!jdk.isOpen("sun.nio.ch", spark)) {
      throw new UserError(
          "this JVM was started without the --add-opens that Spark needs on JDK 17; start it"
              + " through deploy/ect, spark-submit or a kernel of notebooks/install-kernel, or with"
              + " the options of deploy/jvm-options");
    }
  }

  /** Scala throws them without saying so. */
  @SuppressWarnings("RedundantThrows")
  private static SparkContext context(SparkConf conf) throws SparkException, FileNotFoundException {
    return new SparkContext(conf);
  }

  private static boolean isLocalMaster(SparkConf conf) {
    return LOCAL.matcher(conf.get("spark.master")).matches();
  }
}
