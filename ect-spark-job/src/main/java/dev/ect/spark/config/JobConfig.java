package dev.ect.spark.config;

import com.typesafe.config.Config;
import java.util.ArrayList;
import java.util.List;

/**
 * A whole configuration, checked.
 *
 * @param network the network
 * @param objective tuning or pretraining
 * @param data the images
 * @param engine what computes
 * @param run the run and what it leaves behind
 * @param spark how it runs on Spark
 * @param exchange how executors agree on gradients
 * @param evaluation how good the model is
 * @param resolved where all of it was read from
 */
public record JobConfig(
    NetworkConfig network,
    ObjectiveConfig objective,
    DataConfig data,
    EngineConfig engine,
    RunConfig run,
    SparkConfig spark,
    ExchangeConfig exchange,
    EvaluationConfig evaluation,
    Config resolved) {

  /**
   * Reads and checks a configuration.
   *
   * @param sources the strongest first; the defaults are added
   * @throws UserError with a line for every problem
   */
  public static JobConfig of(ObjectiveConfig.Kind kind, Config... sources) {
    List<String> problems = new ArrayList<>();
    JobConfig config = read(problems, kind, sources);
    if (!problems.isEmpty()) {
      throw new UserError(problems);
    }
    return config;
  }

  /**
   * Reads a configuration and goes on where it is wrong, so that more can be checked; what it
   * returns is of use only if there are no problems.
   *
   * @param problems gets a line for every problem
   * @param sources the strongest first; the defaults are added
   */
  public static JobConfig read(
      List<String> problems, ObjectiveConfig.Kind kind, Config... sources) {
    Config merged = ConfigSources.merge(sources);
    ConfigReader in = new ConfigReader(merged);
    JobConfig config = read(in, kind, merged);
    problems.addAll(ConfigSources.unknownKeys(merged));
    problems.addAll(in.problems());
    return config;
  }

  static JobConfig read(ConfigReader in, ObjectiveConfig.Kind kind, Config resolved) {
    return new JobConfig(
        NetworkConfig.read(in),
        ObjectiveConfig.read(in, kind),
        DataConfig.read(in),
        EngineConfig.read(in),
        RunConfig.read(in),
        SparkConfig.read(in),
        ExchangeConfig.read(in),
        EvaluationConfig.read(in),
        resolved);
  }
}
