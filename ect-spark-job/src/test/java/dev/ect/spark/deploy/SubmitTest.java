package dev.ect.spark.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code deploy/submit} makes of its arguments, with a spark-submit that prints its own. */
class SubmitTest {
  private static final String ROOT = Path.of("").toAbsolutePath().toString();
  private static final String IMAGE = "spark.kubernetes.container.image=ect:1";

  @TempDir Path folder;
  private final Map<String, String> environment = new HashMap<>();
  private Path home;
  private String jar;

  @BeforeEach
  void install() throws Exception {
    home = folder.resolve("spark");
    Script.program(home.resolve("bin/spark-submit"), "printf '%s\\n' \"$@\"");
    Files.createDirectories(home.resolve("conf"));
    Files.createDirectories(home.resolve("jars"));
    Files.createFile(home.resolve("jars/spark-core_2.12-3.5.9.jar"));
    jar = Files.createFile(folder.resolve("ect.jar")).toString();
    environment.put("SPARK_HOME", home.toString());
  }

  private Script submit(String... arguments) throws Exception {
    List<String> all = new ArrayList<>(List.of("--jar", jar));
    all.addAll(Arrays.asList(arguments));
    return Script.run(environment, "submit", all);
  }

  private List<String> submitted(String... arguments) throws Exception {
    Script script = submit(arguments);
    assertEquals(List.of(), script.err());
    assertEquals(0, script.status());
    return script.out();
  }

  private static void assertFails(String line, Script script) {
    assertEquals(new Script(1, List.of(), List.of("submit: " + line)), script);
  }

  private static String setting(List<String> words, String key) {
    // of two, spark-submit takes the last
    return words.stream()
        .filter(word -> word.startsWith(key + "="))
        .reduce((earlier, later) -> later)
        .map(word -> word.substring(key.length() + 1))
        .orElse(null);
  }

  @Test
  void toAStandaloneMaster() throws Exception {
    try (ServerSocket master = new ServerSocket(0, 9, InetAddress.getLoopbackAddress())) {
      String address = "spark://127.0.0.1:" + master.getLocalPort();
      environment.put("ECT_MASTER", address);
      List<String> words = submitted("--gpu", "--jars", "gpu.jar", "--", "tune", "a=b c");
      assertEquals(List.of("--master", address, "--deploy-mode", "client"), words.subList(0, 4));
      assertEquals(List.of(jar, "tune", "a=b c"), words.subList(words.size() - 3, words.size()));
      assertEquals("1", setting(words, "spark.task.resource.gpu.amount"));
      assertTrue(words.contains("gpu.jar"));
      // its workers know their GPUs
      assertNull(setting(words, "spark.executor.resource.gpu.discoveryScript"));
      assertTrue(
          setting(words, "spark.driver.defaultJavaOptions")
              .contains("'-Dlog4j2.configurationFile=" + ROOT + "/conf/log4j2.properties'"));
      // the folder of the checkout is not on the workers
      words = submitted("--deploy-mode", "cluster", "--", "version");
      String options = setting(words, "spark.driver.extraJavaOptions");
      assertTrue(options.contains("--add-opens=java.base/sun.nio.ch=ALL-UNNAMED"), options);
      assertFalse(options.contains(ROOT), options);
    }
  }

  @Test
  void toYarn() throws Exception {
    environment.put("HADOOP_CONF_DIR", "/etc/hadoop");
    List<String> words =
        submitted("--master=yarn", "--deploy-mode=cluster", "--gpu", "--", "version");
    assertEquals(
        ROOT + "/conf/log4j2.properties," + ROOT + "/deploy/gpu-discovery.sh",
        setting(words, "spark.yarn.dist.files"));
    assertEquals(
        "./gpu-discovery.sh", setting(words, "spark.executor.resource.gpu.discoveryScript"));
    assertTrue(
        setting(words, "spark.driver.defaultJavaOptions")
            .contains("'-Dlog4j2.configurationFile=log4j2.properties'"));
  }

  @Test
  void toKubernetes() throws Exception {
    List<String> options = List.of("--master", "k8s://https://h:6443", "--conf", IMAGE);
    List<String> all = new ArrayList<>(options);
    all.addAll(List.of("--deploy-mode", "cluster", "--gpu", "--", "version"));
    List<String> words = Script.run(environment, "submit", all).out();
    String path = words.get(words.size() - 2);
    assertTrue(path.matches("local:///opt/ect/ect-spark-job-.*-all\\.jar"), path);
    assertEquals(
        ROOT + "/deploy/kubernetes/executor.yaml",
        setting(words, "spark.kubernetes.executor.podTemplateFile"));
    assertEquals("ect", setting(words, "spark.kubernetes.namespace"));
    assertEquals(
        "/opt/ect/gpu-discovery.sh", setting(words, "spark.executor.resource.gpu.discoveryScript"));
    assertEquals("nvidia.com", setting(words, "spark.executor.resource.gpu.vendor"));
  }

  @Test
  void theClustersOwnDefaultsWinOverOursAndOptionsOverBoth() throws Exception {
    Files.writeString(
        home.resolve("conf/spark-defaults.conf"),
        "spark.master=local[3]\nspark.executor.memory  7g\n");
    List<String> words = submitted("--conf", "spark.barrier.sync.timeout=7", "--", "version");
    assertEquals("ect-version", setting(words, "spark.app.name"));
    assertNull(setting(words, "spark.executor.memory"));
    assertEquals("7", setting(words, "spark.barrier.sync.timeout"));
    assertEquals("false", setting(words, "spark.dynamicAllocation.enabled"));
    assertEquals(List.of("--master", "local[3]"), words.subList(0, 2));
    words = submitted("--conf", "spark.app.name=mine", "--", "version");
    assertEquals("mine", setting(words, "spark.app.name"));
    Files.writeString(home.resolve("conf/spark-defaults.conf"), "spark.app.name theirs\n");
    assertNull(setting(submitted("--", "version"), "spark.app.name"));
  }

  @Test
  void aDriverThatFailsOnTheClusterFailsTheCommand() throws Exception {
    String[] kubernetes = {
      "--master", "k8s://https://h", "--conf", IMAGE, "--deploy-mode", "cluster", "--", "version"
    };
    says("exit code: 0");
    assertEquals(0, submit(kubernetes).status());
    says("\t exit code: 1");
    assertDriverFailed(submit(kubernetes));
    try (ServerSocket master = new ServerSocket(0, 9, InetAddress.getLoopbackAddress())) {
      environment.put("ECT_MASTER", "spark://127.0.0.1:" + master.getLocalPort());
      says("State of driver driver-1 is FINISHED, exiting spark-submit JVM.");
      assertEquals(0, submit("--deploy-mode", "cluster", "--", "version").status());
      says("State of driver driver-1 is FAILED, exiting spark-submit JVM.");
      assertDriverFailed(submit("--deploy-mode", "cluster", "--", "version"));
    }
  }

  @Test
  void whyADriverFailedOnYarnIsTheLastThatItSays() throws Exception {
    environment.put("HADOOP_CONF_DIR", "/etc/hadoop");
    String[] yarn = {"--master", "yarn", "--deploy-mode", "cluster", "--", "tune"};
    // what is left of an attempt that another one has made good
    says("exit code: 1");
    assertEquals(0, submit(yarn).status());
    String report = "12:00:00 INFO  Client: Application report for application_1_0001 (state: X)";
    // as YARN's diagnostics repeat the end of the driver's standard error
    String stack =
        "\n12:00:01 ERROR ApplicationMaster: Uncaught exception: \n\tat A.b(A.java:1)\n\n";
    fails(
        report
            + "\n12:00:00 ERROR ApplicationMaster: User class threw exception: \n"
            + "dev.ect.spark.config.UserError: no lr\n8 GPU too many"
            + stack);
    assertLastLines(
        List.of("submit: the driver has failed: no lr", "8 GPU too many"), submit(yarn));
    fails(
        report
            + "\ndiagnostics: User class threw exception: java.lang.OutOfMemoryError: heap\n\tat A.b(A.java)");
    assertLastLines(
        List.of("submit: the driver has failed: java.lang.OutOfMemoryError: heap"), submit(yarn));
    fails(report + "\n" + report);
    assertLastLines(
        List.of(
            "submit: the driver has failed: its cause is above or in its log: yarn logs -applicationId"
                + " application_1_0001"),
        submit(yarn));
    fails("SparkException: above the maximum of this cluster");
    assertLastLines(List.of("SparkException: above the maximum of this cluster"), submit(yarn));
    fails(report + "\nIllegalStateException: User did not initialize spark context!");
    assertLastLines(
        List.of(
            "submit: tune has run, but YARN takes what does not start Spark for failed; expected"
                + " --deploy-mode client for it"),
        submit(yarn));
  }

  private static void assertLastLines(List<String> lines, Script script) {
    assertEquals(1, script.status());
    int size = script.err().size();
    assertEquals(lines, script.err().subList(size - lines.size(), size));
  }

  /** What spark-submit says, with a status of 0. */
  private void says(String line) throws Exception {
    Script.program(home.resolve("bin/spark-submit"), "echo '" + line + "' >&2");
  }

  /** What spark-submit says, with a status of 1. */
  private void fails(String text) throws Exception {
    Script.program(home.resolve("bin/spark-submit"), "echo '" + text + "' >&2\nexit 1");
  }

  private static void assertDriverFailed(Script script) {
    assertLastLines(
        List.of(
            "submit: the driver has failed: its cause is the line of its standard error, on the"
                + " cluster, that starts with ect:"),
        script);
  }

  @Test
  void whatIsMissingIsSaidInOneLine() throws Exception {
    assertFails("no command; expected one after --, such as: -- tune --config cifar10", submit());
    assertFails(
        "found 'tune'; expected -- before the command, such as: -- tune --config cifar10",
        submit("tune"));
    assertFails("--master: expected a value", submit("--master", "--", "version"));
    assertFails(
        "--deploy-mode is both; expected client or cluster",
        submit("--deploy-mode", "both", "--", "version"));
    assertFails(
        "no.jar: no such jar; build it with ./mvnw -DskipTests package, or name one with --jar",
        submit("--jar", "no.jar", "--", "version"));
    assertFails(
        "spark://127.0.0.1:1 cannot be reached; expected a standalone master that runs there: its"
            + " web page and its log show its address",
        submit("--master", "spark://127.0.0.1:1", "--", "version"));
    assertFails(
        "--master is spark://host; expected spark://host:port, port 7077 unless changed",
        submit("--master", "spark://host", "--", "version"));
    assertFails(
        "neither HADOOP_CONF_DIR nor YARN_CONF_DIR is set; expected the folder of the cluster's"
            + " core-site.xml and yarn-site.xml",
        submit("--master", "yarn", "--", "version"));
    assertFails(
        "no image; expected --conf spark.kubernetes.container.image=NAME, with Spark and /opt/ect"
            + " in it: see deploy/README.md",
        submit("--master", "k8s://https://h:6443", "--", "version"));
  }

  @Test
  void anotherSparkOrJavaIsNamed() throws Exception {
    Files.move(
        home.resolve("jars/spark-core_2.12-3.5.9.jar"),
        home.resolve("jars/spark-core_2.13-4.0.1.jar"));
    assertFails(
        "found spark-core_2.13-4.0.1.jar in " + home + "/jars; expected Spark 3.5 with Scala 2.12",
        submit("--", "version"));
    environment.put("SPARK_HOME", folder.toString());
    assertFails(
        "SPARK_HOME is " + folder + ", which has no bin/spark-submit", submit("--", "version"));
    environment.put("SPARK_HOME", "");
    assertFails(
        "SPARK_HOME is not set; expected the folder of a Spark 3.5 installation with Scala 2.12",
        submit("--", "version"));
  }

  @Test
  void anotherJavaIsNamed() throws Exception {
    Path java = folder.resolve("jdk/bin/java");
    Script.program(java, "echo '    java.specification.version = 21' >&2");
    environment.put("JAVA_HOME", folder.resolve("jdk").toString());
    environment.put("PATH", java.getParent() + ":" + System.getenv("PATH"));
    assertFails(
        String.format(
            "found Java 21 at %s, Java 21 at %s; expected a JDK 17: install one and set JAVA_HOME"
                + " to its folder",
            java, java),
        submit("--", "version"));
  }
}
