package dev.ect.spark.cli;

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
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The options that put a configuration together. */
final class ConfigOptions {
  /**
   * What is taken from a training state that a new run goes on from: what makes it the same run.
   * Where it runs, and what code it runs, a file does not decide.
   */
  private static final List<String> OF_THE_STATE =
      List.of("network", "tuning", "pretraining", "data", "run.seed", "run.mid-t");

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "Configuration file, or a preset: demo, cifar10, cifar10-1hour, imagenet64.")
  private String file;

  @Option(
      names = "--transfer",
      paramLabel = "FILE",
      description =
          "Network snapshot to start from, of this project or of PyTorch, as a path or http address"
              + " (run.transfer).")
  private String transfer;

  @Option(
      names = "--resume",
      paramLabel = "PATH",
      description =
          "Run directory to go on in, or training state to go on from in a new one, with its own"
              + " configuration (run.resume).")
  private String resume;

  @Parameters(paramLabel = "key=value", description = "Overrides, such as tuning.batch=64.")
  private List<String> overrides = List.of();

  /**
   * The checked configuration.
   *
   * @throws UserError with a line for everything that is wrong
   */
  JobConfig read(Store store, ObjectiveConfig.Kind kind) throws IOException {
    List<String> all = new ArrayList<>(overrides);
    if (transfer != null) {
      all.add("run.transfer=" + transfer);
    }
    if (resume != null) {
      all.add("run.resume=" + resume);
    }
    List<String> problems = new ArrayList<>();
    Config explicit = ConfigSources.overrides(all, problems);
    Config fromFile = orReport(problems, this::fromFile);
    Config known = ConfigSources.merge(explicit, fromFile);
    Config saved = orReport(problems, () -> saved(store, path(known, "run.resume")));
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

  /** One of the places that a configuration comes from. */
  private interface Source {
    Config read() throws IOException;
  }

  /** A source, or an empty one in its place with the reason among the problems. */
  private static Config orReport(List<String> problems, Source source) throws IOException {
    try {
      return source.read();
    } catch (UserError | BadFileException e) {
      problems.add(e.getMessage());
      return ConfigFactory.empty();
    }
  }

  private static void requireExists(Store store, String path, String what, List<String> problems) {
    try {
      if (!store.exists(path)) {
        problems.add(path + ": no such " + what);
      }
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

  private Config fromFile() {
    return file == null ? ConfigFactory.empty() : ConfigSources.file(file);
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
          path + ": is not a run directory: it holds no configuration.conf (run.resume)");
    }
    return ConfigSources.text(new String(store.readAll(saved), StandardCharsets.UTF_8), saved);
  }
}
