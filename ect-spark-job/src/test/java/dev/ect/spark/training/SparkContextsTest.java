package dev.ect.spark.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.spark.config.ConfigSources;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.config.ObjectiveConfig;
import dev.ect.spark.config.SparkConfig;
import dev.ect.spark.config.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.SparkPlugin;
import org.apache.spark.util.Utils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import scala.Tuple2;
import scala.collection.JavaConverters;

class SparkContextsTest {
  private static final String DYNAMIC = "spark.dynamicAllocation.enabled";
  private static final String MASTER = "spark.master";

  private static final String CORES = "spark.executor.cores";
  private static final String CLUSTER = "local-cluster[2,3,512]";

  @TempDir Path home;

  private static SparkConf settings(String master) {
    return settings(master, System.getenv());
  }

  private static SparkConf settings(String master, Map<String, String> environment) {
    return SparkContexts.settings(config("spark.master=" + master), environment);
  }

  private static SparkConfig config(String... overrides) {
    return JobConfig.of(ObjectiveConfig.Kind.TUNING, ConfigSources.overrides(List.of(overrides)))
        .spark();
  }

  private SparkConf cluster() throws IOException {
    return settings(
        CLUSTER, Map.of("SPARK_HOME", home(), "OPENBLAS_NUM_THREADS", "7", "OTHER", "1"));
  }

  private String home() throws IOException {
    Files.createDirectories(home.resolve("jars"));
    return home.toString();
  }

  @AfterEach
  void clear() {
    System.clearProperty(MASTER);
    System.clearProperty(DYNAMIC);
    System.clearProperty(CORES);
  }

  /** On Spark's pages the command line is a system property. */
  @Test
  void sparkHidesValuesWithAPasswordInAnAddress() {
    assertEquals("*********(redacted)", shown("Main tune run.transfer=https://me:hush@host/a"));
    assertEquals("Main tune data.path=s3a://bucket/a", shown("Main tune data.path=s3a://bucket/a"));
  }

  private static String shown(String value) {
    SparkConf conf = settings("local[1]");
    List<Tuple2<String, String>> pairs = List.of(new Tuple2<>("sun.java.command", value));
    return Utils.redact(conf, JavaConverters.asScalaBuffer(pairs).toList()).head()._2();
  }

  @Test
  void refusesAChangingNumberOfExecutors() {
    System.setProperty(DYNAMIC, "true");
    assertEquals(
        DYNAMIC + " is true; expected false: barrier stages need a fixed number of executors",
        assertThrows(
                UserError.class,
                () -> SparkContexts.barrierSettings(config("spark.master=local[2]")))
            .getMessage());
    // Other stages take what comes.
    assertEquals("true", settings("local[2]").get(DYNAMIC));
  }

  @Test
  void onlyBarrierStagesAreLeftToTheRunToRepeat() {
    String attempts = "spark.stage.maxConsecutiveAttempts";
    SparkConfig local = config("spark.master=local[2]");
    assertEquals("1", SparkContexts.barrierSettings(local).get(attempts));
    assertFalse(settings("local[2]").contains(attempts));
  }

  @Test
  void theConfiguredMasterDecides() {
    assertEquals("local[3]", settings("local[3]").get(MASTER));
    assertEquals("local[*]", settings("auto").get(MASTER));
  }

  @Test
  void aContradictionIsRefused() {
    System.setProperty(MASTER, "local[2]");
    assertEquals("local[2]", settings("auto").get(MASTER));
    assertEquals("local[2]", settings("local[2]").get(MASTER));
    String said = assertThrows(UserError.class, () -> settings("local[3]")).getMessage();
    assertEquals(1, said.lines().count());
  }

  @Test
  void onAClusterTheExecutorsCoresDecide() {
    assertEquals(0, SparkContexts.threads(settings("spark://host:7077")));
  }

  @Test
  void aTaskHasItsExecutorToItself() {
    System.setProperty(CORES, "5");
    SparkConf conf = settings("spark://host:7077");
    assertEquals("5", conf.get("spark.task.cpus"));
    assertEquals(5, SparkContexts.threads(conf));
    assertEquals(5, SparkContexts.threads(conf, 4));
    // Spark has one executor there, which all tasks share.
    assertEquals("2", settings("local[2]").get("spark.task.cpus"));
    SparkConf shared = SparkContexts.settings(config("spark.master=local[5]", "spark.executors=2"));
    assertEquals("2", shared.get("spark.task.cpus"));
  }

  @Test
  void aRunAsksForItsExecutors() {
    String instances = "spark.executor.instances";
    SparkConfig four = config("spark.executors=4");
    System.setProperty(MASTER, "yarn");
    assertEquals("4", SparkContexts.barrierSettings(four).get(instances));
    assertEquals("1", SparkContexts.barrierSettings(config()).get(instances));
    System.setProperty(instances, "3");
    try {
      assertEquals(
          "spark.executor.instances is 3 (--num-executors); expected at least 4 (spark.executors),"
              + " or none: the run asks for as many",
          assertThrows(UserError.class, () -> SparkContexts.barrierSettings(four)).getMessage());
    } finally {
      System.clearProperty(instances);
    }
  }

  @Test
  void aDriverOnTheClusterKnowsThatItIs() {
    SparkConf conf = new SparkConf(false);
    assertFalse(SparkContexts.isInClusterMode(conf));
    assertTrue(
        SparkContexts.isInClusterMode(conf.clone().set("spark.submit.deployMode", "cluster")));
    // a pod's own spark-submit says client
    conf.set("spark.submit.deployMode", "client").set("spark.kubernetes.submitInDriver", "true");
    assertTrue(SparkContexts.isInClusterMode(conf));
  }

  @Test
  void replicasInOneJvmShareItsCores() {
    int available = Runtime.getRuntime().availableProcessors();
    assertEquals(available, SparkContexts.threads(settings("local[*]"), 1));
    assertEquals(Math.max(1, available / 2), SparkContexts.threads(settings("local[*]"), 2));
    assertEquals(1, SparkContexts.threads(settings("local[*]"), 1000));
    assertEquals(1, SparkContexts.threads(settings("local[1]"), 1));
    assertEquals(1, SparkContexts.threads(settings("local"), 1));
  }

  @Test
  void executorsOfALocalClusterAreLikeThisJvm() throws Exception {
    SparkConf conf = cluster();
    List<String> classPath = List.of(conf.get("spark.executor.extraClassPath").split(":"));
    assertTrue(classPath.stream().allMatch(entry -> Path.of(entry).isAbsolute()));
    String own = SparkContexts.class.getProtectionDomain().getCodeSource().getLocation().getPath();
    assertTrue(classPath.contains(Path.of(own).toString()), () -> own + " in " + classPath);
    String options = conf.get("spark.executor.extraJavaOptions");
    assertTrue(options.contains("--add-opens=java.base/sun.nio.ch=ALL-UNNAMED "), options);
    assertTrue(options.contains("-Djdk.reflect.useDirectMethodHandle=false "), options);
    assertFalse(options.contains("-Xmx"), options);
    assertEquals("3", conf.get(CORES));
    assertEquals("3", conf.get("spark.task.cpus"));
    assertEquals(3, SparkContexts.threads(conf, 2));
    assertEquals("512m", conf.get("spark.executor.memory"));
    assertEquals("127.0.0.1", conf.get("spark.driver.bindAddress"));
    assertEquals("false", conf.get("spark.ui.enabled"));
    assertEquals("7", conf.get("spark.executorEnv.OPENBLAS_NUM_THREADS"));
    assertEquals("PASSIVE", conf.get("spark.executorEnv.OMP_WAIT_POLICY"));
    assertFalse(conf.contains("spark.executorEnv.OTHER"));
  }

  @Test
  void whatTheUserSaysOfExecutorsStays() throws Exception {
    System.setProperty(CORES, "2");
    SparkConf conf = cluster();
    assertEquals("2", conf.get(CORES));
    assertEquals(2, SparkContexts.threads(conf));
  }

  @Test
  void optionsReachExecutorsWordByWord() throws Exception {
    SparkConf conf = new SparkConf(false);
    List<String> shared =
        List.of(
            "--add-opens=java.base/java.nio=ALL-UNNAMED",
            "-Da=/with a space/and \"quotes\" and \\",
            "-Db='",
            "-Dempty=",
            "-XX:+UseSerialGC",
            "-XX:MaxMetaspaceSize=1g",
            "-ea");
    List<String> own =
        List.of(
            "-Xmx1g",
            "-Xms1g",
            "-XX:MaxHeapSize=1g",
            "-XX:MaxRAMPercentage=50",
            "-XX:ArchiveClassesAtExit=file",
            "-XX:StartFlightRecording:filename=file",
            "-Dspark.master=local",
            "-Dnested=-Dspark.x=1",
            "-Dcom.sun.management.jmxremote.port=1",
            "-agentlib:jdwp=transport=dt_socket,address=1",
            "-javaagent:agent.jar",
            "-Xdebug",
            "-cp");
    List<String> all = new ArrayList<>(own);
    all.addAll(shared);
    new LocalCluster(1, 1, 1).configure(conf, Map.of("SPARK_HOME", home()), all, "a:/b:");
    String options = conf.get("spark.executor.extraJavaOptions");
    assertEquals(shared, JavaConverters.seqAsJavaList(Utils.splitCommandString(options)));
    assertEquals(Path.of("a").toAbsolutePath() + ":/b", conf.get("spark.executor.extraClassPath"));
  }

  @Test
  void aLocalClusterSaysWhatItNeeds() {
    String without = assertThrows(UserError.class, () -> settings(CLUSTER, Map.of())).getMessage();
    assertTrue(without.startsWith("SPARK_HOME is not set; a master local-cluster"), without);
    Map<String, String> empty = Map.of("SPARK_HOME", home.toString());
    String said = assertThrows(UserError.class, () -> settings(CLUSTER, empty)).getMessage();
    assertTrue(said.startsWith("SPARK_HOME is " + home + ", which has no folder jars;"), said);
    assertEquals(1, said.lines().count());
  }

  @Test
  void aJvmThatDoesNotSuitIsRefusedInALine() {
    // --add-opens opens to unnamed modules alone.
    Module closed = java.util.logging.Logger.class.getModule();
    assertEquals(
        "this JVM was started without the --add-opens that Spark needs on JDK 17; start it through"
            + " deploy/ect, spark-submit or a kernel of notebooks/install-kernel, or with the options"
            + " of deploy/jvm-options",
        refusal(() -> SparkContexts.requireOpens(Object.class.getModule(), closed)));
    assertTrue(refusal(() -> SparkContexts.requireJdk(21)).startsWith("this is JDK 21 ("));
    assertEquals(
        "this is Spark 3.5.1 with Scala 2.13.8; expected Spark 3.5 with Scala 2.12",
        refusal(() -> SparkContexts.requireVersion("3.5.1", "2.13.8")));
    assertTrue(
        refusal(() -> SparkContexts.requireVersion("3.4.1", "2.12.18"))
            .startsWith("this is Spark 3.4.1 "));
  }

  @Test
  void aSessionThatIsStoppedIsRefusedInALine() {
    JavaSparkContext spark = SparkContexts.open(settings("local[1]"));
    SparkContexts.requireUsable(spark.sc());
    spark.close();
    assertEquals(
        "this Spark session has been stopped; expected a running one: make another with"
            + " SparkSession.builder()",
        refusal(() -> SparkContexts.requireUsable(spark.sc())));
  }

  @Test
  void whatSparkRefusesIsSaidWithItsCause() {
    SparkConf conf = settings("local[1]").set("spark.extraListeners", "no.such.Listener");
    assertEquals(
        "Spark: Exception when registering SparkListener: java.lang.ClassNotFoundException:"
            + " no.such.Listener",
        refusal(() -> SparkContexts.open(conf)));
    SparkConf misspelt = settings("local[1]").set("spark.scheduler.mode", "FAST");
    assertEquals(
        "Spark: Unrecognized spark.scheduler.mode: FAST",
        refusal(() -> SparkContexts.open(misspelt)));
  }

  /** Stands for what happens while Spark starts. */
  public static final class Failing implements SparkPlugin {
    @Override
    public DriverPlugin driverPlugin() {
      throw new IllegalStateException(SparkEnv.get().conf().get("spark.failing"));
    }

    @Override
    public ExecutorPlugin executorPlugin() {
      return null;
    }
  }

  @Test
  void executorsThatDoNotStayAreNamedAsTheCause() {
    assertEquals(
        "Spark: the application was stopped before it had started; expected executors that stay:"
            + " their logs, and the cluster's page of the application, say why it ended",
        refusal(() -> startThatFails("Spark context stopped while waiting for backend")));
    assertEquals(
        "another mistake",
        assertThrows(IllegalStateException.class, () -> startThatFails("another mistake"))
            .getMessage());
  }

  private static void startThatFails(String message) {
    SparkContexts.open(
        settings("local[1]")
            .set("spark.plugins", Failing.class.getName())
            .set("spark.failing", message));
  }

  private static String refusal(Runnable mistake) {
    return assertThrows(UserError.class, mistake::run).getMessage();
  }
}
