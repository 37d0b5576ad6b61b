package dev.ect.spark.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ect.spark.TestGoldens;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * A standalone cluster of Spark's own processes, a master and two workers, and the built jar on it
 * through {@code deploy/submit}.
 */
@EnabledOnOs(value = OS.LINUX, disabledReason = "looks at processes through /proc")
class StandaloneClusterIT {
  /** Far more than any wait here takes; tells a run that hangs from a slow machine. */
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private static final int STEPS = 80;

  /** Ticks of five steps, and a checkpoint every four of them. */
  private static final List<String> SETTINGS =
      List.of(
          "tuning.duration=0.00064",
          "tuning.tick=0.04",
          "tuning.double-ticks=30",
          "tuning.emas=[]",
          "run.sample-every=1000",
          "run.snapshot-every=1000",
          "run.state-every=1000",
          "run.checkpoint-every=1000",
          "run.eval-every=1000",
          "run.grid=1",
          "spark.master=auto",
          "spark.executors=2",
          "spark.segment-ticks=4",
          "spark.executor-wait=2m",
          "spark.retry-wait=100ms",
          "exchange.timeout=10s",
          "evaluation.metrics=[fid0.5k_full]",
          "evaluation.batch=50",
          "evaluation.inception.width=64");

  @TempDir static Path folder;
  private static SparkInstallation spark;
  private static TestRuns runs;
  private static String master;
  private static List<ClusterRun> workers;

  @BeforeAll
  static void startCluster() throws Exception {
    spark = new SparkInstallation(folder.resolve("spark"));
    runs = new TestRuns(folder);
    Files.createDirectories(folder.resolve("events"));
    ClusterRun process =
        spark.daemon(
            "org.apache.spark.deploy.master.Master",
            List.of(),
            "--host",
            "127.0.0.1",
            "--port",
            "0",
            "--webui-port",
            "0");
    master = found(process, "spark://127\\.0\\.0\\.1:\\d+");
    workers = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      workers.add(
          spark.daemon(
              "org.apache.spark.deploy.worker.Worker",
              List.of(),
              "--host",
              "127.0.0.1",
              "--cores",
              "4",
              "--memory",
              "4g",
              "--webui-port",
              "0",
              "--work-dir",
              spark.work().resolve("worker-" + i).toString(),
              master));
    }
    for (ClusterRun worker : workers) {
      worker.awaitLine(line -> line.contains("Successfully registered"), PATIENCE);
    }
  }

  @AfterAll
  static void stopCluster() {
    spark.close();
  }

  /** What matches in the first line that has it. */
  private static String found(ClusterRun process, String pattern) throws InterruptedException {
    Predicate<String> has = Pattern.compile(pattern).asPredicate();
    Matcher matcher = Pattern.compile(pattern).matcher(process.awaitLine(has, PATIENCE));
    assertTrue(matcher.find());
    return matcher.group();
  }

  private static List<String> tune(String outdir, String... more) throws IOException {
    List<String> all = new ArrayList<>(SETTINGS);
    all.add("evaluation.cache=" + folder.resolve(outdir + "-cache"));
    all.add("evaluation.inception.path=" + TestGoldens.detector());
    all.add("evaluation.trust-detectors=true");
    all.addAll(List.of(more));
    return runs.arguments(outdir, all.toArray(String[]::new));
  }

  private static ClusterRun submit(List<String> command, String... more) throws IOException {
    List<String> options =
        new ArrayList<>(
            List.of(
                "--master",
                master,
                "--driver-memory",
                "512m",
                "--executor-memory",
                "1g",
                "--executor-cores",
                "1",
                "--conf",
                "spark.executor.heartbeatInterval=2s",
                "--conf",
                "spark.executor.extraJavaOptions=-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
                "--conf",
                "spark.eventLog.enabled=true",
                "--conf",
                "spark.eventLog.dir=" + folder.resolve("events")));
    options.addAll(List.of(more));
    return spark.submit(options, command);
  }

  /** That a run has left a model and its evaluation. */
  private static void assertComplete(String outdir) throws IOException {
    RunFiles files = new RunFiles(runs.directory(outdir));
    files.awaitState(STEPS, Duration.ZERO);
    assertTrue(files.snapshot().size() > 0);
    String result = Files.readString(files.directory().resolve("metric-fid0.5k_full.jsonl"));
    assertEquals(1, result.lines().count());
    double fid =
        new ObjectMapper().readTree(result).path("results").path("fid0.5k_full").asDouble();
    assertTrue(fid > 0, result);
  }

  @Test
  void inClientModeARunOutlivesAWorkerAndIsSeen() throws Exception {
    int port = freePort();
    ClusterRun run = submit(tune("client"), "--conf", "spark.ui.port=" + port);
    run.awaitTick(1, PATIENCE);
    Map<String, Double> gauges = gauges(port);
    assertTrue(gauges.get("step") >= 1, gauges::toString);
    assertEquals(0, gauges.get("images") % 8, gauges::toString);
    assertTrue(gauges.get("loss") > 0, gauges::toString);
    assertEquals(2, gauges.get("executors"));
    assertTrue(
        get("http://127.0.0.1:" + port + "/metrics/prometheus").contains("_driver_ect_"),
        "Prometheus sees the run, too");
    workers.get(1).killAll();
    run.succeed(PATIENCE);
    assertTrue(
        run.lines().stream().anyMatch(line -> line.startsWith("a replica was lost: ")),
        () -> run.failure("the worker was killed too late").getMessage());
    assertComplete("client");
    assertHistoryShowsIt();
  }

  /** The job's gauges at the driver, by the last part of their names. */
  private static Map<String, Double> gauges(int port) throws Exception {
    JsonNode all = new ObjectMapper().readTree(get("http://127.0.0.1:" + port + "/metrics/json"));
    Map<String, Double> own = new TreeMap<>();
    all.get("gauges")
        .fields()
        .forEachRemaining(
            gauge -> {
              String name = gauge.getKey();
              if (name.contains(".driver.ect.") && name.contains(".all.")) {
                own.put(
                    name.substring(name.lastIndexOf('.') + 1),
                    gauge.getValue().get("value").asDouble());
              }
            });
    return own;
  }

  private static void assertHistoryShowsIt() throws Exception {
    ClusterRun history =
        spark.daemon(
            "org.apache.spark.deploy.history.HistoryServer",
            List.of(
                "spark.history.fs.logDirectory=" + folder.resolve("events"),
                "spark.history.ui.port=0"));
    String address = found(history, "(?<=started at )http://\\S+:\\d+");
    history.awaitLine(line -> line.contains("Finished parsing"), PATIENCE);
    JsonNode applications =
        new ObjectMapper().readTree(get(address + "/api/v1/applications?status=completed"));
    assertTrue(applications.size() >= 1, applications::toString);
    assertEquals("ect-tune", applications.get(0).get("name").asText());
    String id = applications.get(0).get("id").asText();
    JsonNode jobs =
        new ObjectMapper().readTree(get(address + "/api/v1/applications/" + id + "/jobs"));
    assertTrue(
        Stream.iterate(0, i -> i < jobs.size(), i -> i + 1)
            .anyMatch(i -> jobs.get(i).path("description").asText().startsWith("steps ")),
        jobs::toString);
  }

  @Test
  void inClusterModeDriversRunOnWorkersAndSayTheCauseLast() throws Exception {
    List<String> relative = List.of("tune", "--config", "cifar10", "data.path=here.zip");
    ClusterRun wrong = submit(relative, "--deploy-mode", "cluster");
    ClusterRun run = submit(tune("cluster", "--config", "demo"), "--deploy-mode", "cluster");
    run.succeed(PATIENCE);
    assertComplete("cluster");
    assertEquals(1, driversWhoseLastLineStarts("stdout", "finished "));
    assertNotEquals(0, wrong.await(PATIENCE));
    assertEquals(
        1,
        driversWhoseLastLineStarts(
            "stderr", "ect: here.zip: is relative to the driver's folder, "));
  }

  /** How many of the drivers that workers have started end with such a line. */
  private static long driversWhoseLastLineStarts(String stream, String start) throws IOException {
    long count = 0;
    try (Stream<Path> files = Files.walk(spark.work())) {
      for (Path file : files.filter(f -> f.endsWith(stream)).toList()) {
        List<String> said = Files.readAllLines(file);
        boolean driver = file.getParent().getFileName().toString().startsWith("driver-");
        if (driver && !said.isEmpty() && said.get(said.size() - 1).startsWith(start)) {
          count++;
        }
      }
    }
    return count;
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static String get(String address) throws Exception {
    HttpResponse<String> response =
        HttpClient.newBuilder()
            .followRedirects(HttpClient.Redirect.NORMAL)
            .build()
            .send(
                HttpRequest.newBuilder(URI.create(address)).timeout(PATIENCE).build(),
                HttpResponse.BodyHandlers.ofString());
    assertEquals(200, response.statusCode(), address);
    return response.body();
  }
}
