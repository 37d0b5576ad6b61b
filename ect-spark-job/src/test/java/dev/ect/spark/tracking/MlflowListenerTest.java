package dev.ect.spark.tracking;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ect.model.io.LocalStore;
import dev.ect.spark.config.MlflowConfig;
import dev.ect.spark.report.RunEnd;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MlflowListenerTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path run;
  private final Trackers.Hands clock = new Trackers.Hands();
  private MlflowServer server;

  @BeforeEach
  void startServer() throws IOException {
    server = new MlflowServer();
  }

  @AfterEach
  void stopServer() {
    server.close();
  }

  private MlflowListener listener(String uri, Map<String, String> environment) {
    return new MlflowListener(
        new LocalStore(), new MlflowConfig(uri, "night runs"), environment, clock);
  }

  private MlflowListener listener() {
    return listener(server.uri(), Map.of());
  }

  private void stats(String... lines) throws IOException {
    Files.writeString(run.resolve("stats.jsonl"), String.join("", lines));
  }

  @Test
  void aRunIsTold() throws Exception {
    MlflowListener listener = listener();
    listener.begun(Trackers.start(run, 0));
    listener.tick(Trackers.tick(0, 1, "2.5"));
    listener.tick(Trackers.tick(1, 11, "\"NaN\""));
    Files.writeString(
        run.resolve("metric-fid50k_full.jsonl"),
        "{\"results\":{\"fid50k_full\":30.5},\"metric\":\"fid50k_full\",\"kimg\":0.11,"
            + "\"timestamp\":1700000009}\n");
    listener.evaluated();
    listener.ended(RunEnd.FINISHED);
    assertEquals(Map.of("night runs", "1"), server.experiments);
    JsonNode told = server.runs.get("run0");
    assertEquals("1", told.get("experiment_id").asText());
    assertEquals(run.getFileName().toString(), told.get("run_name").asText());
    assertEquals("FINISHED", told.get("status").asText());
    assertEquals(1_700_000_000_000L, told.get("end_time").asLong());
    Map<String, String> tags = new TreeMap<>();
    told.get("tags").forEach(tag -> tags.put(tag.get("key").asText(), tag.get("value").asText()));
    assertEquals(run.toString(), tags.get("ect.run_directory"));
    assertEquals("abc123", tags.get("ect.dataset_sha256"));
    assertTrue(tags.get("mlflow.note.content").contains(run.toString()));
    assertEquals(
        Map.of("run.seed", "3", "tuning.batch", "10", "tuning.emas", "[\"beta=0.9\"]"),
        server.params.get("run0"));
    assertEquals(List.of("10: 2.5", "110: NaN"), server.metrics.get("run0 Loss/loss"));
    assertEquals(List.of("110: 30.5"), server.metrics.get("run0 Metrics/fid50k_full"));
  }

  @Test
  void aResumedRunGoesOnWithItsOwnAndGetsWhatItMissed() throws Exception {
    MlflowListener first = listener();
    first.begun(Trackers.start(run, 0));
    first.tick(Trackers.tick(0, 1, "5"));
    first.ended(RunEnd.STOPPED);
    assertEquals("KILLED", server.runs.get("run0").get("status").asText());
    stats(Trackers.line(0, 1, "5"), Trackers.line(1, 11, "4"));
    MlflowListener second = listener();
    second.begun(Trackers.start(run, 11));
    assertEquals("RUNNING", server.runs.get("run0").get("status").asText());
    second.tick(Trackers.tick(2, 21, "3"));
    second.rewound(110);
    second.tick(Trackers.tick(2, 21, "3"));
    second.ended(RunEnd.FAILED);
    assertEquals(1, server.runs.size());
    assertEquals("FAILED", server.runs.get("run0").get("status").asText());
    assertEquals(List.of("10: 5.0", "110: 4.0", "210: 3.0"), server.metrics.get("run0 Loss/loss"));
  }

  @Test
  void aRunThatTheServerNoLongerKnowsIsMadeAgain() throws Exception {
    MlflowListener first = listener();
    first.begun(Trackers.start(run, 0));
    first.ended(RunEnd.STOPPED);
    server.runs.remove("run0");
    server.runs.put("other", JSON.createObjectNode());
    MlflowListener second = listener();
    second.begun(Trackers.start(run, 0));
    second.ended(RunEnd.FINISHED);
    assertEquals("FINISHED", server.runs.get("run1").get("status").asText());
  }

  @Test
  void aServerThatComesBackGetsAll() throws Exception {
    server.refusal = 503;
    MlflowListener listener = listener();
    IOException failure =
        assertThrows(IOException.class, () -> listener.begun(Trackers.start(run, 0)));
    assertEquals(
        server.uri() + ": experiments/get-by-name: 503 PERMISSION_DENIED not for you",
        failure.getMessage());
    // Not asked again before five seconds have passed.
    stats(Trackers.line(0, 1, "5.5"));
    listener.tick(Trackers.tick(0, 1, "5.5"));
    assertEquals(1, server.requests.size());
    clock.pass(5);
    assertThrows(IOException.class, () -> listener.tick(Trackers.tick(1, 11, "4.5")));
    clock.pass(9);
    listener.evaluated();
    assertEquals(2, server.requests.size());
    server.refusal = 0;
    stats(Trackers.line(0, 1, "5.5"), Trackers.line(1, 11, "4.5"));
    clock.pass(1);
    listener.evaluated();
    assertEquals(List.of("10: 5.5", "110: 4.5"), server.metrics.get("run0 Loss/loss"));
    server.refusal = 503;
    assertThrows(IOException.class, () -> listener.tick(Trackers.tick(2, 21, "3.5")));
    server.refusal = 0;
    listener.ended(RunEnd.FINISHED);
    assertEquals(List.of("10: 5.5", "110: 4.5", "210: 3.5"), server.metrics.get("run0 Loss/loss"));
  }

  @Test
  void whereNobodyListensOneLineSaysSo() throws Exception {
    try (Socket taken = new Socket()) {
      taken.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      String uri = "http://127.0.0.1:" + taken.getLocalPort();
      IOException failure =
          assertThrows(
              IOException.class, () -> listener(uri, Map.of()).begun(Trackers.start(run, 0)));
      assertEquals(uri + ": cannot be reached: no server listens there", failure.getMessage());
    }
  }

  @Test
  void longRunsAreSentInSeveralRequests() throws Exception {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 700; i++) {
      lines.append(Trackers.line(i, i + 1, "1.5"));
    }
    stats(lines.toString());
    MlflowListener listener = listener();
    listener.begun(Trackers.start(run, 700));
    assertEquals(700, server.metrics.get("run0 Loss/loss").size());
    assertEquals("7000: 1.5", server.metrics.get("run0 Loss/loss").get(699));
  }

  @Test
  void credentialsComeFromTheEnvironmentAndStayOutOfMessages() throws Exception {
    Map<String, String> password =
        Map.of("MLFLOW_TRACKING_USERNAME", "me", "MLFLOW_TRACKING_PASSWORD", "hush");
    server.refusal = 401;
    IOException failure =
        assertThrows(
            IOException.class,
            () -> listener(server.uri(), password).begun(Trackers.start(run, 0)));
    assertEquals(
        server.uri() + ": experiments/get-by-name: 401 PERMISSION_DENIED not for you",
        failure.getMessage());
    assertEquals("Basic bWU6aHVzaA==", server.authorizations.get(0));
    server.refusal = 0;
    listener(server.uri(), Map.of("MLFLOW_TRACKING_TOKEN", "hush")).begun(Trackers.start(run, 0));
    assertEquals("Bearer hush", server.authorizations.get(1));
    listener(server.uri(), Map.of()).begun(Trackers.start(run, 0));
    assertEquals(null, server.authorizations.get(server.authorizations.size() - 1));
    assertFalse(Files.readString(run.resolve("mlflow-run.json")).contains("hush"));
  }
}
