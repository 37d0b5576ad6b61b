package dev.ect.spark.training;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ect.model.checkpoint.FloatSource;
import dev.ect.model.checkpoint.NetworkSnapshot;
import dev.ect.model.checkpoint.StateVectors;
import dev.ect.model.checkpoint.TrainingState;
import dev.ect.model.engine.Engine;
import dev.ect.model.io.BadFileException;
import dev.ect.model.io.Store;
import dev.ect.model.io.StoredFile;
import dev.ect.model.network.Denoiser;
import dev.ect.model.tuning.Progress;
import dev.ect.spark.report.RunDirectory;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** The checkpoints of a run directory. */
final class Checkpoints {
  /** Metadata: {@link RunPlan#identity}. */
  private static final String IDENTITY = "identity";

  /** Metadata: {@link #engine}. */
  private static final String ENGINE = "engine";

  private static final String SUFFIX = ".safetensors";
  private static final String STATE = "training-state-";
  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * A training state on disk.
   *
   * @param path where it lies
   * @param progress how far the run had come
   * @param identity what the run was
   * @param engine what computed it, by {@link #engine}; empty if that is not known
   */
  record Found(String path, Progress progress, Map<String, String> identity, String engine) {}

  private Checkpoints() {}

  /** The state of a run directory that is furthest on; empty if there is none. */
  static Optional<Found> latest(Store store, RunDirectory directory) throws IOException {
    Found best = null;
    for (StoredFile file : store.list(directory.path(), false)) {
      if (file.name().startsWith(STATE) && file.name().endsWith(SUFFIX)) {
        Found found = look(store, file.path());
        if (best == null || found.progress().step() > best.progress().step()) {
          best = found;
        }
      }
    }
    return Optional.ofNullable(best);
  }

  private static Found look(Store store, String path) throws IOException {
    try (TrainingState state = TrainingState.open(store, path)) {
      String identity = state.metadata().getOrDefault(IDENTITY, "{}");
      return new Found(
          path,
          state.progress(),
          JSON.readValue(identity, new TypeReference<>() {}),
          state.metadata().getOrDefault(ENGINE, ""));
    } catch (JsonProcessingException e) {
      throw new BadFileException(path, "metadata " + IDENTITY + ": " + e.getOriginalMessage(), e);
    }
  }

  /** A line for everything in which a state's run differs from the planned one. */
  static List<String> differences(Found found, RunPlan plan) {
    Map<String, String> planned = plan.identity();
    Set<String> keys = new TreeSet<>(planned.keySet());
    keys.addAll(found.identity().keySet());
    List<String> problems = new ArrayList<>();
    for (String key : keys) {
      String was = found.identity().getOrDefault(key, "nothing");
      String now = planned.getOrDefault(key, "nothing");
      if (!now.equals(was)) {
        problems.add(found.path() + ": was made with " + key + " " + was + "; now it is " + now);
      }
    }
    return problems;
  }

  /**
   * Writes the EMA weights.
   *
   * @param denoiser what is trained; its weights are not read
   */
  static void writeSnapshot(
      Store store, String path, RunPlan plan, Denoiser denoiser, FloatSource ema, Progress progress)
      throws IOException {
    NetworkSnapshot.write(
        store,
        path,
        denoiser.network(),
        denoiser.preconditioning(),
        ema,
        denoiser.buffers(),
        metadata(plan, denoiser, progress));
  }

  /**
   * Writes all that an exact resume needs.
   *
   * @param denoiser what is trained; its weights are not read
   */
  static void writeState(
      Store store,
      String path,
      RunPlan plan,
      Denoiser denoiser,
      StateVectors vectors,
      Progress progress)
      throws IOException {
    TrainingState.write(
        store,
        path,
        denoiser.network(),
        denoiser.preconditioning(),
        vectors,
        denoiser.buffers(),
        progress,
        metadata(plan, denoiser, null));
  }

  /** What decides about the last bits: the engine and its number format. */
  static String engine(Engine engine) {
    return engine.name() + ", " + engine.precision().id();
  }

  private static Map<String, String> metadata(RunPlan plan, Denoiser denoiser, Progress progress) {
    try {
      Map<String, String> metadata = new LinkedHashMap<>();
      metadata.put(IDENTITY, JSON.writeValueAsString(plan.identity()));
      metadata.put(ENGINE, engine(denoiser.weights().engine()));
      metadata.put("dataset", plan.index().name());
      if (progress != null) {
        metadata.put("progress", JSON.writeValueAsString(progress));
      }
      return metadata;
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("cannot write " + plan.identity(), e);
    }
  }
}
