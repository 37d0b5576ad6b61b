package dev.ect.spark.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ect.model.io.LocalStore;
import dev.ect.model.io.Sha256;
import dev.ect.spark.ForwardingStore;
import dev.ect.spark.config.UserError;
import dev.ect.spark.report.Publication;
import dev.ect.spark.report.RunDirectory;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Publishing, of a folder that looks like a run's. */
class PublishTest {
  private static final String NETWORK = "network-snapshot-latest.safetensors";

  @TempDir Path folder;
  private Path run;

  @BeforeEach
  void makeRun() throws IOException {
    run = Files.createDirectories(folder.resolve("runs/night"));
    Files.writeString(run.resolve("configuration.conf"), "run {}");
    Files.writeString(run.resolve(NETWORK), "weights");
    Files.writeString(run.resolve("training-state-latest.safetensors"), "state");
    Files.writeString(run.resolve("metric-fid50k_full.jsonl"), "{}\n");
    Files.writeString(run.resolve("report.html"), "<html>");
  }

  private String publish(Path target) throws Exception {
    return TestRuns.run(line -> {}, List.of("publish", run.toString(), target.toString()));
  }

  private String refusal(Path target) {
    return assertThrows(UserError.class, () -> publish(target)).getMessage();
  }

  @Test
  void networkReportAndMetricsGoToANewFolder() throws Exception {
    Path target = folder.resolve("published/night");
    String said = publish(target);
    assertEquals("published " + target, said.lines().toList().get(3), said);
    Map<String, String> there = TestRuns.contents(target);
    assertEquals(
        Set.of("metric-fid50k_full.jsonl", NETWORK, "report.html", "published.json"),
        there.keySet());
    assertEquals("weights", there.get(NETWORK));
    JsonNode manifest = new ObjectMapper().readTree(there.get("published.json"));
    assertEquals(run.toString(), manifest.get("run_directory").asText());
    JsonNode network = manifest.get("files").get(1);
    assertEquals(NETWORK, network.get("name").asText());
    assertEquals(7, network.get("bytes").asLong());
    assertEquals(
        Sha256.ofFile(new LocalStore(), run.resolve(NETWORK).toString()),
        network.get("sha256").asText());
    assertEquals(List.of(target), children(folder.resolve("published")));
  }

  @Test
  void againTheSameIsLeftAndSomethingNewReplacesIt() throws Exception {
    Path target = folder.resolve("night");
    publish(target);
    assertEquals("published already: " + target + "\n", publish(target));
    Files.writeString(run.resolve(NETWORK), "WEIGHTS");
    publish(target);
    assertEquals("WEIGHTS", Files.readString(target.resolve(NETWORK)));
    assertEquals(Set.of(target, folder.resolve("runs")), Set.copyOf(children(folder)));
    Files.writeString(target.resolve("published.json"), "{\"run_directory\": \"/other\"}");
    assertEquals(
        target + ": exists already, with something else than this run in it; expected a new name",
        refusal(target));
    assertEquals("WEIGHTS", Files.readString(target.resolve(NETWORK)));
  }

  @Test
  void whatTheRunLacksIsSaid() throws Exception {
    Files.delete(run.resolve("report.html"));
    Files.delete(run.resolve("metric-fid50k_full.jsonl"));
    Path target = folder.resolve("some");
    List<String> said = publish(target).lines().toList();
    assertEquals("without report.html, which the run does not have", said.get(0));
    assertEquals("without metrics, since the run has not been evaluated", said.get(1));
    assertEquals(Set.of(NETWORK, "published.json"), TestRuns.contents(target).keySet());
    Files.delete(run.resolve(NETWORK));
    assertEquals(
        run + ": holds no " + NETWORK + "; expected a run that has reached a checkpoint",
        refusal(folder.resolve("none")));
    Files.delete(run.resolve("configuration.conf"));
    assertEquals(
        run + ": is not a run directory: it holds no configuration.conf",
        refusal(folder.resolve("none")));
    run = folder.resolve("gone");
    assertEquals(run + ": no such run directory", refusal(folder.resolve("none")));
    assertFalse(Files.exists(folder.resolve("none")));
  }

  @Test
  void nothingIsLeftOfWhatFails() throws Exception {
    ForwardingStore full =
        new ForwardingStore() {
          @Override
          public OutputStream create(String path) throws IOException {
            if (path.contains("report.html")) {
              throw new IOException("disk full");
            }
            return super.create(path);
          }
        };
    Path target = folder.resolve("published/night");
    Publication publication = new Publication(full, new RunDirectory(run.toString()));
    IOException failure =
        assertThrows(IOException.class, () -> publication.write(target.toString(), line -> {}));
    assertEquals("disk full", failure.getMessage());
    assertTrue(children(folder.resolve("published")).isEmpty());
  }

  private static List<Path> children(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      return files.toList();
    }
  }
}
