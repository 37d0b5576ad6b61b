package dev.ect.spark.cli;

import com.typesafe.config.Config;
import dev.ect.model.io.Store;
import dev.ect.spark.api.ConfigFiles;
import dev.ect.spark.api.EvaluationConfigs;
import dev.ect.spark.api.OptionNames;
import dev.ect.spark.api.SamplePlan;
import dev.ect.spark.api.Sampling;
import dev.ect.spark.config.ConfigSources;
import dev.ect.spark.config.DetectorConfig;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.config.UserError;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The options of commands that evaluate, and the configuration that they make. */
final class EvaluationOptions {
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

  @Option(
      names = "--trust-detectors",
      description =
          "Run detectors whose SHA-256 is not configured (evaluation.trust-detectors): they are"
              + " code.")
  private boolean trustDetectors;

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
    Config explicit = explicit(further, problems);
    Config fromFile = ConfigFiles.read(store, file, problems);
    return EvaluationConfigs.read(store, network, explicit, fromFile, problems);
  }

  /** What the options say, as a configuration that wins. */
  private Config explicit(List<String> further, List<String> problems) {
    List<String> all = new ArrayList<>(overrides);
    if (data != null) {
      all.add("data.path=" + data);
    }
    if (trustDetectors) {
      all.add(DetectorConfig.TRUST + "=true");
    }
    all.addAll(engines.overrides());
    all.addAll(further);
    return ConfigSources.overrides(all, problems);
  }

  /**
   * Samples that can be generated.
   *
   * @param problems what is wrong already
   * @throws UserError with a line for everything that is wrong
   */
  SamplePlan samples(Store store, Sampling wanted, List<String> problems) throws IOException {
    Config explicit = explicit(List.of(), problems);
    Config fromFile = ConfigFiles.read(store, file, problems);
    return SamplePlan.of(store, wanted, explicit, fromFile, OptionNames.OPTIONS, problems);
  }
}
