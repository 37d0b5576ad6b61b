package dev.ect.spark.api;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.ect.model.io.Addresses;
import dev.ect.model.io.Store;
import dev.ect.model.metrics.DetectorKind;
import dev.ect.spark.config.ConfigSources;
import dev.ect.spark.config.DetectorConfig;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.config.ObjectiveConfig;
import dev.ect.spark.config.UserError;
import dev.ect.spark.report.RunDirectory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Puts the configuration of evaluations and samples together. */
public final class EvaluationConfigs {
  /** What a run's own configuration says of the evaluation of its networks. */
  private static final List<String> OF_THE_RUN =
      List.of("data", "evaluation", "engine", "run.mid-t", "run.seed");

  private EvaluationConfigs() {}

  /**
   * The checked configuration. What is not said is taken from the run directory that the network
   * lies in, if it does in one.
   *
   * @param network a network snapshot; empty for none
   * @param explicit what wins
   * @param fromFile what comes after it
   * @param problems what is wrong already; more is added
   * @throws UserError with a line for everything that is wrong
   */
  public static JobConfig read(
      Store store, String network, Config explicit, Config fromFile, List<String> problems)
      throws IOException {
    Config said = explicit.withFallback(fromFile);
    boolean trusts =
        said.hasPath(DetectorConfig.TRUST)
            && "true".equals(String.valueOf(said.getValue(DetectorConfig.TRUST).unwrapped()));
    JobConfig config =
        JobConfig.read(
            problems,
            ObjectiveConfig.Kind.TUNING,
            explicit,
            fromFile,
            ofTheRun(store, network, trusts));
    if (!problems.isEmpty()) {
      throw new UserError(problems);
    }
    return config;
  }

  private static Config ofTheRun(Store store, String network, boolean trusts) throws IOException {
    String saved =
        network.isEmpty() || Addresses.is(network)
            ? ""
            : new RunDirectory(Addresses.folderOf(network)).configuration();
    if (saved.isEmpty() || !store.exists(saved)) {
      return ConfigFactory.empty();
    }
    Config taken =
        ConfigSources.only(
            ConfigSources.text(new String(store.readAll(saved), StandardCharsets.UTF_8), saved),
            OF_THE_RUN);
    // A directory that came from elsewhere does not say what code to trust: trust in any detector
    // is trust in those that the user names.
    taken = taken.withoutPath(DetectorConfig.TRUST);
    for (DetectorKind kind : DetectorKind.values()) {
      String detector = "evaluation." + kind.id();
      taken = taken.withoutPath(detector + ".sha256");
      taken = trusts ? taken.withoutPath(detector + ".path") : taken;
    }
    return taken;
  }
}
