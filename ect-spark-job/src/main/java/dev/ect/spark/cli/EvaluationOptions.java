package dev.ect.spark.cli;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.ect.model.io.Addresses;
import dev.ect.model.io.Store;
import dev.ect.spark.config.ConfigSources;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.config.ObjectiveConfig;
import dev.ect.spark.config.UserError;
import dev.ect.spark.report.RunDirectory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The options of commands that evaluate, and the configuration that they make. */
final class EvaluationOptions {
  /** What a run's own configuration says of the evaluation of its networks. */
  private static final List<String> OF_THE_RUN =
      List.of("data", "evaluation", "engine", "run.mid-t", "run.seed");

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "Configuration file or preset, for the sections evaluation, engine and spark.")
  private String file;

  @Option(
      names = "--data",
      paramLabel = "PATH",
      description = "The real images, an EDM dataset (data.path).")
  private String data;

  @Mixin private EngineOptionsMixin engines;

  @Parameters(
      paramLabel = "key=value",
      description = "Overrides, such as evaluation.inception.path=inception-2015-12-05.pt.")
  private List<String> overrides = List.of();

  /**
   * The checked configuration. What neither options nor file say is taken from the run directory
   * that the network lies in, if it does in one.
   *
   * @param network a network snapshot; empty for none
   * @param further overrides that other options stand for
   * @param problems what is wrong already
   * @throws UserError with a line for everything that is wrong
   */
  JobConfig read(Store store, String network, List<String> further, List<String> problems)
      throws IOException {
    List<String> all = new ArrayList<>(overrides);
    if (data != null) {
      all.add("data.path=" + data);
    }
    all.addAll(engines.overrides());
    all.addAll(further);
    Config explicit = ConfigSources.overrides(all, problems);
    Config fromFile = ConfigFactory.empty();
    try {
      fromFile = file == null ? fromFile : ConfigSources.file(file);
    } catch (UserError e) {
      problems.add(e.getMessage());
    }
    JobConfig config =
        JobConfig.read(
            problems, ObjectiveConfig.Kind.TUNING, explicit, fromFile, ofTheRun(store, network));
    if (!problems.isEmpty()) {
      throw new UserError(problems);
    }
    return config;
  }

  private static Config ofTheRun(Store store, String network) throws IOException {
    String saved =
        network.isEmpty() || Addresses.is(network)
            ? ""
            : new RunDirectory(Addresses.folderOf(network)).configuration();
    if (saved.isEmpty() || !store.exists(saved)) {
      return ConfigFactory.empty();
    }
    return ConfigSources.only(
        ConfigSources.text(new String(store.readAll(saved), StandardCharsets.UTF_8), saved),
        OF_THE_RUN);
  }
}
