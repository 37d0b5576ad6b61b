package dev.ect.spark.api;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.ect.model.checkpoint.TrainingState;
import dev.ect.model.io.BadFileException;
import dev.ect.model.io.Store;
import dev.ect.spark.config.ConfigSources;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.config.ObjectiveConfig;
import dev.ect.spark.config.UserError;
import dev.ect.spark.report.Provenance;
import dev.ect.spark.report.RunDirectory;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Puts the configuration of a training run together. */
public final class TrainingConfigs {
  /**
   * What is taken from a training state that a new run goes on from: what makes it the same run.
   * Where it runs, and what code it runs, a file does not decide.
   */
  private static final List<String> OF_THE_STATE =
      List.of("network", "tuning", "pretraining", "data", "run.seed", "run.mid-t");

  private TrainingConfigs() {}

  /**
   * The checked configuration; what it goes on from ({@code run.resume}) says the rest.
   *
   * @param explicit what wins
   * @param fromFile what comes after it
   * @param problems what is wrong already; more is added
   * @throws UserError with a line for everything that is wrong
   */
  public static JobConfig read(
      Store store,
      ObjectiveConfig.Kind kind,
      Config explicit,
      Config fromFile,
      List<String> problems)
      throws IOException {
    Config known = ConfigSources.merge(explicit, fromFile);
    Config saved = ConfigFactory.empty();
    try {
      saved = saved(store, path(known, "run.resume"));
    } catch (UserError | BadFileException | FileNotFoundException e) {
      problems.add(e.getMessage());
    }
    // What a source that cannot be read would have said is not missing.
    boolean complete = problems.isEmpty();
    JobConfig config = JobConfig.read(problems, kind, explicit, fromFile, saved);
    String data = path(config.resolved(), "data.path");
    if (!data.isEmpty()) {
      requireExists(store, data, "dataset (data.path)", problems);
    } else if (complete && config.resolved().hasPath("data.path")) {
      problems.add("data.path is empty; expected an EDM dataset, a folder or .zip");
    }
    String snapshot = path(config.resolved(), "run.transfer");
    boolean mayGoOn =
        !path(config.resolved(), "run.resume").isEmpty()
            || !path(config.resolved(), "run.id").isEmpty();
    if (!snapshot.isEmpty() && !mayGoOn) {
      requireExists(store, snapshot, "network snapshot (run.transfer)", problems);
    }
    if (!problems.isEmpty()) {
      throw new UserError(problems);
    }
    return config;
  }

  private static void requireExists(Store store, String path, String what, List<String> problems) {
    try {
      if (!store.exists(path)) {
        problems.add(store.qualified(path) + ": no such " + what);
      }
    } catch (BadFileException e) {
      problems.add(e.getMessage());
    } catch (IOException e) {
      problems.add(path + ": " + e.getMessage());
    }
  }

  /** A path in a configuration that is not yet checked; empty where there is none. */
  private static String path(Config config, String key) {
    return config.hasPath(key) && config.getValue(key).unwrapped() instanceof String path
        ? path
        : "";
  }

  /** What the run that is to go on was started with; empty where that is not known. */
  private static Config saved(Store store, String path) throws IOException {
    if (path.isEmpty() || !store.exists(path)) {
      return ConfigFactory.empty();
    }
    if (!store.info(path).directory()) {
      try (TrainingState state = TrainingState.open(store, path)) {
        String said = Provenance.configurationIn(state.metadata().get(Provenance.KEY));
        return ConfigSources.only(ConfigSources.text(said, path), OF_THE_STATE);
      }
    }
    String saved = new RunDirectory(path).configuration();
    if (!store.exists(saved)) {
      throw new UserError(
          store.qualified(path)
              + ": is not a run directory: it holds no configuration.conf (run.resume)");
    }
    return ConfigSources.text(new String(store.readAll(saved), StandardCharsets.UTF_8), saved);
  }
}
