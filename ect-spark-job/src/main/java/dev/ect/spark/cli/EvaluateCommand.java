package dev.ect.spark.cli;

import dev.ect.spark.api.EvaluationResult;
import dev.ect.spark.api.Evaluations;
import dev.ect.spark.api.OptionNames;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.data.HadoopStore;
import dev.ect.spark.evaluation.EvaluationPlan;
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
    Evaluations.checkNetworks(store, networks, OptionNames.OPTIONS, problems);
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
        Evaluations.plan(store, config, EvaluationPlan.measurements(config), networks, conf);
    String target = folder == null ? "" : folder;
    try (JavaSparkContext spark = SparkContexts.open(conf)) {
      Evaluations.run(spark, Stores.of(conf), plan, networks, target, out, this::print);
    }
    return 0;
  }

  private void print(EvaluationResult result) {
    out.println();
    result.table().forEach(out::println);
  }
}
