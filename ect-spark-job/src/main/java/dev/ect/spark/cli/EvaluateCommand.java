package dev.ect.spark.cli;

import dev.ect.model.io.Addresses;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.config.UserError;
import dev.ect.spark.data.HadoopStore;
import dev.ect.spark.evaluation.Evaluation;
import dev.ect.spark.evaluation.EvaluationPlan;
import dev.ect.spark.evaluation.Evaluator;
import dev.ect.spark.evaluation.ResultTable;
import dev.ect.spark.training.SparkContexts;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Measures how good networks are. */
@Command(
    name = "evaluate",
    description = {
      "Generates images with tuned networks on Spark's executors and compares them with real ones.",
      "Adds a line for every result to metric-<name>.jsonl beside the network, or in --out."
    })
final class EvaluateCommand implements Callable<Integer> {
  private final PrintStream out;

  @Option(
      names = "--network",
      required = true,
      split = ",",
      paramLabel = "FILE",
      description = "Network snapshots.")
  private List<String> networks;

  @Option(
      names = "--metrics",
      paramLabel = "NAME[,NAME...]",
      description =
          "[two_step_]fid50k_full, kid50k_full, is50k, pr50k3_full, fd_dinov2, or with another number"
              + " of images (evaluation.metrics).")
  private String metrics;

  @Option(
      names = "--repeats",
      paramLabel = "N",
      description = "Evaluations, each of other images (evaluation.repeats).")
  private Integer repeats;

  @Option(
      names = "--mid-t",
      paramLabel = "T",
      description = "Intermediate time of two_step metrics (run.mid-t).")
  private String midT;

  @Option(
      names = "--out",
      paramLabel = "FOLDER",
      description =
          "Where results go. Unless given: beside each network; the working folder for http"
              + " addresses.")
  private String folder;

  @Mixin private EvaluationOptions options;

  EvaluateCommand(PrintStream out) {
    this.out = out;
  }

  @Override
  public Integer call() throws IOException {
    HadoopStore store = Stores.open();
    List<String> problems = new ArrayList<>();
    for (String network : networks) {
      if (network.isBlank() || !store.exists(network)) {
        problems.add("'" + network + "': no such network snapshot (--network)");
      }
    }
    List<String> further = new ArrayList<>();
    if (metrics != null) {
      further.add("evaluation.metrics=[" + metrics + "]");
    }
    if (repeats != null) {
      further.add("evaluation.repeats=" + repeats);
    }
    if (midT != null) {
      further.add("run.mid-t=[" + midT + "]");
    }
    JobConfig config = options.read(store, networks.get(0), further, problems);
    SparkConf conf = SparkContexts.settings(config.spark());
    EvaluationPlan plan =
        EvaluationPlan.of(
            store,
            config,
            EvaluationPlan.measurements(config),
            SparkContexts.threads(conf, config.spark().executors()));
    plan.requireFit(store, networks);
    try (JavaSparkContext spark = SparkContexts.open(conf);
        Evaluator evaluator = Evaluator.open(spark, Stores.of(conf), plan, out)) {
      for (String network : networks) {
        String target = folder == null ? Addresses.folderOf(network) : folder;
        Evaluation evaluation =
            evaluator.evaluate(network, repeat -> keep(evaluator, target, repeat, problems));
        out.println();
        ResultTable.of(evaluation, plan).forEach(out::println);
      }
    }
    if (!problems.isEmpty()) {
      throw new UserError(problems.stream().distinct().toList());
    }
    return 0;
  }

  /** A result that cannot be written is still to be printed. */
  private static void keep(
      Evaluator evaluator, String folder, Evaluation results, List<String> problems) {
    try {
      evaluator.keep(folder, results, null);
    } catch (IOException e) {
      problems.add("results are not written: " + e.getMessage());
    }
  }
}
