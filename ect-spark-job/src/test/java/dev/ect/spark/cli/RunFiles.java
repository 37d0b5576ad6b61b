package dev.ect.spark.cli;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ect.model.checkpoint.SafetensorsFile;
import dev.ect.model.checkpoint.TrainingState;
import dev.ect.model.io.LocalStore;
import dev.ect.model.io.Sha256;
import dev.ect.spark.report.Provenance;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;

/**
 * What a run has left in its directory.
 *
 * @param directory of the run
 */
public record RunFiles(Path directory) {
  private static final String WEIGHTS = "net.";

  /** The loss of every tick. */
  List<Double> losses() throws IOException {
    List<Double> losses = new ArrayList<>();
    for (String line : Files.readAllLines(directory.resolve("stats.jsonl"))) {
      losses.add(new ObjectMapper().readTree(line).get("loss").asDouble());
    }
    return losses;
  }

  /** Waits until the latest training state is of a step or a later one. */
  void awaitState(long step, Duration deadline) throws IOException {
    String path = directory.resolve("training-state-latest.safetensors").toString();
    long end = System.nanoTime() + deadline.toNanos();
    while (true) {
      if (Files.exists(Path.of(path))) {
        try (TrainingState state = TrainingState.open(new LocalStore(), path)) {
          if (state.progress(0).step() >= step) {
            return;
          }
        }
      }
      if (System.nanoTime() - end > 0) {
        throw new AssertionError(path + ": not of step " + step + " within " + deadline);
      }
      LockSupport.parkNanos(10_000_000);
    }
  }

  /** The latest training state, by {@link #content}. */
  public Map<String, String> state() throws IOException {
    return content("training-state-latest.safetensors");
  }

  /** The latest network snapshot, by {@link #content}. */
  Map<String, String> snapshot() throws IOException {
    return content("network-snapshot-latest.safetensors");
  }

  /**
   * What decides how a run goes on from a checkpoint: every tensor by its SHA-256, and all that the
   * file says but its provenance, which tells equal runs in different folders apart.
   */
  private Map<String, String> content(String name) throws IOException {
    try (SafetensorsFile file =
        SafetensorsFile.open(new LocalStore(), directory.resolve(name).toString())) {
      Map<String, String> content = new TreeMap<>(file.metadata());
      assertNotNull(content.remove(Provenance.KEY), "provenance");
      for (String tensor : file.tensors().keySet()) {
        float[] values = file.floats(tensor);
        content.put(
            tensor,
            Sha256.hex(
                Sha256.ofFloats(
                    values.length,
                    (from, into) -> into.put(values, (int) from, into.remaining()))));
      }
      return content;
    }
  }

  /** The weights in it, by tensor. */
  Map<String, float[]> weights() throws IOException {
    Map<String, float[]> weights = new TreeMap<>();
    String path = directory.resolve("training-state-latest.safetensors").toString();
    try (SafetensorsFile file = SafetensorsFile.open(new LocalStore(), path)) {
      for (String name : file.tensors().keySet()) {
        if (name.startsWith(WEIGHTS)) {
          weights.put(name, file.floats(name));
        }
      }
    }
    return weights;
  }

  List<String> log() throws IOException {
    return Files.readAllLines(directory.resolve("log.txt"));
  }

  /** Asks the run to stop. */
  void stop() throws IOException {
    Files.createFile(directory.resolve("stop"));
  }
}
