package dev.ect.spark.tracking;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ect.model.io.Store;
import dev.ect.spark.config.MlflowConfig;
import dev.ect.spark.report.MetricFiles;
import dev.ect.spark.report.MetricLine;
import dev.ect.spark.report.RunDirectory;
import dev.ect.spark.report.RunEnd;
import dev.ect.spark.report.RunListener;
import dev.ect.spark.report.RunStart;
import dev.ect.spark.report.StatsFile;
import dev.ect.spark.report.StatsLine;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/**
 * Keeps a run of an MLflow tracking server: parameters, tags, and the numbers of every tick and
 * evaluation; the steps on its axis are images seen. The run directory remembers which run it is,
 * so that a resumed run goes on with it, and gets what it missed.
 *
 * <p>While the server cannot be reached, numbers wait, up to a bound; it is tried again after five
 * seconds, then after twice as long each time, up to five minutes.
 */
public final class MlflowListener implements RunListener {
  private static final String FILE = "mlflow-run.json";
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final Duration FIRST_PAUSE = Duration.ofSeconds(5);
  private static final Duration LONGEST_PAUSE = Duration.ofMinutes(5);

  /** Numbers of a request, as many as the API allows. */
  private static final int BATCH = 1000;

  /** Numbers that wait: some thousand ticks. */
  private static final int MOST_WAITING = 100_000;

  private final Store store;
  private final MlflowConfig config;
  private final Clock clock;
  private final MlflowClient client;
  private final Deque<ObjectNode> waiting = new ArrayDeque<>();

  /** By the names of numbers, the last step that the server has, or that waits. */
  private final Map<String, Long> known = new HashMap<>();

  private RunStart start;
  private String run;
  private long nextTry;
  private Duration pause = FIRST_PAUSE;

  /**
   * @param environment where credentials may be
   */
  public MlflowListener(Store store, MlflowConfig config, Map<String, String> environment) {
    this(store, config, environment, Clock.systemUTC());
  }

  MlflowListener(Store store, MlflowConfig config, Map<String, String> environment, Clock clock) {
    this.store = store;
    this.config = config;
    this.clock = clock;
    client = new MlflowClient(config.uri(), environment, PATIENCE);
  }

  @Override
  public void begun(RunStart begun) throws IOException, InterruptedException {
    start = begun;
    send(false);
  }

  @Override
  public void tick(StatsLine tick) throws IOException, InterruptedException {
    // Without a run, all of stats.jsonl is sent once there is one.
    if (run != null) {
      add(tick);
    }
    send(false);
  }

  @Override
  public void evaluated() throws IOException, InterruptedException {
    if (run != null) {
      addResults();
    }
    send(false);
  }

  @Override
  public void ended(RunEnd end) throws IOException, InterruptedException {
    send(true);
    String status =
        switch (end) {
          case FINISHED -> "FINISHED";
          case STOPPED -> "KILLED";
          case FAILED -> "FAILED";
        };
    client.post(
        "runs/update",
        JSON.createObjectNode()
            .put("run_id", run)
            .put("status", status)
            .put("end_time", clock.millis()));
  }

  private void add(StatsLine tick) {
    tick.scalars().forEach((name, value) -> add(name, value, tick.timeMillis(), tick.images()));
  }

  private void addResults() throws IOException {
    MetricFiles files = MetricFiles.read(store, store.list(start.directory().path(), false));
    for (MetricFiles.Result result : files.results()) {
      MetricLine best = result.best();
      if (best.images() >= 0) {
        long time = Math.round(best.timestamp() * 1000);
        best.results().forEach((name, value) -> add("Metrics/" + name, value, time, best.images()));
      }
    }
  }

  private void add(String name, double value, long time, long step) {
    if (step <= known.getOrDefault(name, -1L)) {
      return;
    }
    known.put(name, step);
    if (waiting.size() == MOST_WAITING) {
      waiting.removeFirst();
    }
    // NaN and infinities become strings, as Protocol Buffers have it in JSON.
    waiting.addLast(
        JSON.createObjectNode()
            .put("key", name)
            .put("timestamp", time)
            .put("step", step)
            .set("value", JSON.valueToTree(value)));
  }

  /**
   * Sends what waits, unless the server was not to be reached a short while ago.
   *
   * @param now whether to try in any case
   */
  private void send(boolean now) throws IOException, InterruptedException {
    if (!now && clock.millis() < nextTry) {
      return;
    }
    try {
      if (run == null) {
        open();
      }
      while (!waiting.isEmpty()) {
        sendBatch();
      }
      pause = FIRST_PAUSE;
    } catch (IOException e) {
      nextTry = clock.millis() + pause.toMillis();
      Duration twice = pause.multipliedBy(2);
      pause = twice.compareTo(LONGEST_PAUSE) < 0 ? twice : LONGEST_PAUSE;
      throw e;
    }
  }

  private void sendBatch() throws IOException, InterruptedException {
    ObjectNode body = JSON.createObjectNode().put("run_id", run);
    ArrayNode metrics = body.putArray("metrics");
    waiting.stream().limit(BATCH).forEach(metrics::add);
    int many = metrics.size();
    MlflowException refusal = null;
    try {
      client.post("runs/log-batch", body);
    } catch (MlflowException e) {
      if (!e.isRefusal()) {
        throw e;
      }
      refusal = e;
    }
    for (int i = 0; i < many; i++) {
      waiting.removeFirst();
    }
    if (refusal != null) {
      throw refusal;
    }
  }

  /** Finds the run that this one goes on with, or makes one; then adds what it lacks. */
  private void open() throws IOException, InterruptedException {
    RunDirectory directory = start.directory();
    JsonNode found = remembered(directory);
    String id = found.path("info").path("run_id").asText();
    if (id.isEmpty()) {
      id = create(directory);
      String note = JSON.createObjectNode().put("uri", config.uri()).put("run_id", id).toString();
      directory.write(store, FILE, note + "\n");
    } else {
      client.post(
          "runs/update", JSON.createObjectNode().put("run_id", id).put("status", "RUNNING"));
    }
    for (JsonNode metric : found.path("data").path("metrics")) {
      known.put(metric.path("key").asText(), metric.path("step").asLong());
    }
    MlflowException refusal = null;
    for (ObjectNode body : MlflowRun.parameters(start, found)) {
      try {
        client.post("runs/log-batch", body.put("run_id", id));
      } catch (MlflowException e) {
        if (!e.isRefusal()) {
          throw e;
        }
        refusal = e;
      }
    }
    StatsFile.read(store, directory).ticks().forEach(this::add);
    addResults();
    run = id;
    if (refusal != null) {
      throw refusal;
    }
  }

  /** What the server says of the run that the directory remembers; missing where there is none. */
  private JsonNode remembered(RunDirectory directory) throws IOException, InterruptedException {
    if (store.exists(directory.file(FILE))) {
      JsonNode note = JSON.readTree(directory.text(store, FILE));
      if (note.path("uri").asText().equals(config.uri())) {
        try {
          return client.get("runs/get", "run_id", note.path("run_id").asText()).path("run");
        } catch (MlflowException e) {
          if (!e.isMissing()) {
            throw e;
          }
        }
      }
    }
    return JSON.getNodeFactory().missingNode();
  }

  private String create(RunDirectory directory) throws IOException, InterruptedException {
    ObjectNode body =
        JSON.createObjectNode()
            .put("experiment_id", experiment())
            .put("run_name", Store.name(directory.path()))
            .put("start_time", clock.millis());
    body.set("tags", MlflowRun.tags(start));
    return client.post("runs/create", body).path("run").path("info").path("run_id").asText();
  }

  private String experiment() throws IOException, InterruptedException {
    try {
      return byName();
    } catch (MlflowException e) {
      if (!e.isMissing()) {
        throw e;
      }
    }
    ObjectNode body = JSON.createObjectNode().put("name", config.experiment());
    try {
      return client.post("experiments/create", body).path("experiment_id").asText();
    } catch (MlflowException e) {
      // Somebody else has made it meanwhile.
      if (e.isThere()) {
        return byName();
      }
      throw e;
    }
  }

  private String byName() throws IOException, InterruptedException {
    return client
        .get("experiments/get-by-name", "experiment_name", config.experiment())
        .path("experiment")
        .path("experiment_id")
        .asText();
  }
}
