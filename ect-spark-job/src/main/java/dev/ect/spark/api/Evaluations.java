package dev.ect.spark.api;

import dev.ect.model.io.Addresses;
import dev.ect.model.io.Store;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.config.UserError;
import dev.ect.spark.data.HadoopStore;
import dev.ect.spark.evaluation.Evaluation;
import dev.ect.spark.evaluation.EvaluationPlan;
import dev.ect.spark.evaluation.Evaluator;
import dev.ect.spark.evaluation.Measurement;
import dev.ect.spark.evaluation.ResultTable;
import dev.ect.spark.training.SparkContexts;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;

/** Evaluates networks and keeps the results. */
public final class Evaluations {
  private Evaluations() {}

  /** Adds a line for every network that is not there. */
  public static void checkNetworks(
      Store store, List<String> networks, OptionNames names, List<String> problems)
      throws IOException {
    for (String network : networks) {
      boolean blank = network.isBlank();
      if (blank || !store.exists(network)) {
        String named = blank ? network : store.qualified(network);
        problems.add("'" + named + "': no such network snapshot (" + names.of("network") + ")");
      }
    }
  }

  /**
   * Plans an evaluation.
   *
   * @param conf Spark's settings
   * @throws UserError with a line for everything that is wrong
   */
  public static EvaluationPlan plan(
      Store store,
      JobConfig config,
      List<Measurement> measurements,
      List<String> networks,
      SparkConf conf)
      throws IOException {
    int threads = SparkContexts.threads(conf, config.spark().executors());
    EvaluationPlan plan = EvaluationPlan.of(store, config, measurements, threads);
    plan.requireFit(store, networks);
    return plan;
  }

  /** Takes the result of a network. */
  @FunctionalInterface
  public interface Sink {
    /** Takes it. */
    void add(EvaluationResult result) throws IOException;
  }

  /**
   * Evaluates networks; adds a line for every number to {@code metric-<name>.jsonl}.
   *
   * @param spark stays the caller's
   * @param folder where results go; empty for beside each network
   * @param out for progress
   * @param sink takes the results of each network as soon as they are there
   * @throws UserError if results cannot be written, after all are computed
   */
  public static void run(
      JavaSparkContext spark,
      HadoopStore store,
      EvaluationPlan plan,
      List<String> networks,
      String folder,
      PrintStream out,
      Sink sink)
      throws IOException {
    List<String> problems = new ArrayList<>();
    try (Evaluator evaluator = Evaluator.open(spark, store, plan, out)) {
      for (String network : networks) {
        String target = folder(folder, network);
        Evaluation evaluation =
            evaluator.evaluate(network, repeat -> keep(evaluator, target, repeat, problems));
        sink.add(new EvaluationResult(evaluation, ResultTable.of(evaluation, plan)));
      }
    }
    if (!problems.isEmpty()) {
      throw new UserError(problems.stream().distinct().toList());
    }
  }

  /** Where a network's results go. */
  public static String folder(String folder, String network) {
    return folder.isEmpty() ? Addresses.folderOf(network) : folder;
  }

  /** A result that cannot be written is still to be seen. */
  private static void keep(
      Evaluator evaluator, String folder, Evaluation results, List<String> problems) {
    try {
      evaluator.keep(folder, results, null);
    } catch (IOException e) {
      problems.add("results are not written: " + e.getMessage());
    }
  }
}
