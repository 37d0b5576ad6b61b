package dev.ect.spark.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ect.model.checkpoint.SafetensorsFile;
import dev.ect.model.checkpoint.TrainingState;
import dev.ect.model.io.LocalStore;
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
record RunFiles(Path directory) {
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
          if (state.progress().step() >= step) {
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

  /** The latest training state, as a file. */
  byte[] state() throws IOException {
    return Files.readAllBytes(directory.resolve("training-state-latest.safetensors"));
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
