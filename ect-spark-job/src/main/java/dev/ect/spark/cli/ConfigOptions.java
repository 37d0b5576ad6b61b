package dev.ect.spark.cli;

import com.typesafe.config.Config;
import dev.ect.model.io.Store;
import dev.ect.spark.api.ConfigFiles;
import dev.ect.spark.api.TrainingConfigs;
import dev.ect.spark.config.ConfigSources;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.config.ObjectiveConfig;
import dev.ect.spark.config.UserError;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The options that put a configuration together. */
final class ConfigOptions {
  @Option(
      names = "--config",
      paramLabel = "FILE",
      description =
          "Configuration file on any file system, or a preset: demo, cifar10, cifar10-1hour,"
              + " imagenet64.")
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
    Config fromFile = ConfigFiles.read(store, file, problems);
    return TrainingConfigs.read(store, kind, explicit, fromFile, problems);
  }
}
