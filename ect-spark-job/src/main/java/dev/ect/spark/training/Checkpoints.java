package dev.ect.spark.training;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ect.model.checkpoint.Checkpoint;
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
import dev.ect.spark.report.CheckpointSource;
import dev.ect.spark.report.Provenance;
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
   * @param source the checkpoint that its run started from, see {@link CheckpointSource#of}
   */
  record Found(
      String path, Progress progress, Map<String, String> identity, String engine, String source) {}

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
      return new Found(
          path,
          state.progress(0),
          identity(path, state.metadata()),
          state.metadata().getOrDefault(ENGINE, ""),
          Provenance.sourceIn(state.metadata().get(Provenance.KEY)));
    }
  }

  /** What a state's run was; empty where it does not say. */
  static Map<String, String> identity(String path, Map<String, String> metadata)
      throws BadFileException {
    try {
      return JSON.readValue(
          metadata.getOrDefault(Checkpoint.IDENTITY, "{}"), new TypeReference<>() {});
    } catch (JsonProcessingException e) {
      throw new BadFileException(
          path, "metadata " + Checkpoint.IDENTITY + ": " + e.getOriginalMessage(), e);
    }
  }

  /**
   * A line for everything in which a state's run differs from the planned one.
   *
   * @param path of the state
   * @param identity of its run
   */
  static List<String> differences(String path, Map<String, String> identity, RunPlan plan) {
    Map<String, String> planned = plan.identity();
    Set<String> keys = new TreeSet<>(planned.keySet());
    keys.addAll(identity.keySet());
    List<String> problems = new ArrayList<>();
    for (String key : keys) {
      String was = identity.getOrDefault(key, "nothing");
      String now = planned.getOrDefault(key, "nothing");
      if (!now.equals(was)) {
        problems.add(path + ": was made with " + key + " " + was + "; now it is " + now);
      }
    }
    return problems;
  }

  /**
   * Writes the EMA weights.
   *
   * @param denoiser what is trained; its weights are not read
   * @param executors that train together
   */
  static void writeSnapshot(
      Store store,
      String path,
      RunPlan plan,
      Denoiser denoiser,
      FloatSource ema,
      Progress progress,
      int executors)
      throws IOException {
    writeSnapshot(store, path, denoiser, ema, metadata(plan, denoiser, progress, executors));
  }

  /**
   * Writes a further moving average of the weights.
   *
   * @param id which one
   * @param denoiser what is trained; its weights are not read
   * @param executors that train together
   */
  static void writeEma(
      Store store,
      String path,
      RunPlan plan,
      Denoiser denoiser,
      String id,
      FloatSource ema,
      Progress progress,
      int executors)
      throws IOException {
    Map<String, String> metadata = metadata(plan, denoiser, progress, executors);
    metadata.put(NetworkSnapshot.EMA, id);
    writeSnapshot(store, path, denoiser, ema, metadata);
  }

  private static void writeSnapshot(
      Store store, String path, Denoiser denoiser, FloatSource ema, Map<String, String> metadata)
      throws IOException {
    NetworkSnapshot.write(
        store,
        path,
        denoiser.network(),
        denoiser.preconditioning(),
        ema,
        denoiser.buffers(),
        metadata);
  }

  /**
   * Writes all that an exact resume needs.
   *
   * @param denoiser what is trained; its weights are not read
   * @param executors that train together
   */
  static void writeState(
      Store store,
      String path,
      RunPlan plan,
      Denoiser denoiser,
      StateVectors vectors,
      Progress progress,
      int executors)
      throws IOException {
    TrainingState.write(
        store,
        path,
        denoiser.network(),
        denoiser.preconditioning(),
        vectors,
        denoiser.buffers(),
        progress,
        metadata(plan, denoiser, null, executors));
  }

  /** What decides about the last bits: the engine and its number format. */
  static String engine(Engine engine) {
    return engine.name() + ", " + engine.precision().id();
  }

  /** The metadata of a state from elsewhere that a run goes on from. */
  static Map<String, String> brought(
      RunPlan plan, Map<String, String> original, Progress progress) {
    Map<String, String> metadata = common(plan, progress);
    if (original.containsKey(ENGINE)) {
      metadata.put(ENGINE, original.get(ENGINE));
    }
    metadata.put(Provenance.KEY, Provenance.derived(plan.provenance().source()));
    return metadata;
  }

  private static Map<String, String> metadata(
      RunPlan plan, Denoiser denoiser, Progress progress, int executors) {
    Engine engine = denoiser.weights().engine();
    Map<String, String> metadata = common(plan, progress);
    metadata.put(ENGINE, engine(engine));
    metadata.put(Provenance.KEY, plan.provenance().toJson(engine, executors));
    return metadata;
  }

  private static Map<String, String> common(RunPlan plan, Progress progress) {
    try {
      Map<String, String> metadata = new LinkedHashMap<>();
      metadata.put(Checkpoint.IDENTITY, JSON.writeValueAsString(plan.identity()));
      metadata.put("dataset", plan.index().name());
      if (progress != null) {
        metadata.put(NetworkSnapshot.PROGRESS, JSON.writeValueAsString(progress));
      }
      return metadata;
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("cannot write " + plan.identity(), e);
    }
  }
}
