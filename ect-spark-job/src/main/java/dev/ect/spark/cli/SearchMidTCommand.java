package dev.ect.spark.cli;

import dev.ect.model.io.Addresses;
import dev.ect.model.io.Store;
import dev.ect.model.metrics.Metric;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.data.HadoopStore;
import dev.ect.spark.evaluation.Evaluation;
import dev.ect.spark.evaluation.EvaluationPlan;
import dev.ect.spark.evaluation.Evaluator;
import dev.ect.spark.evaluation.Measured;
import dev.ect.spark.evaluation.Measurement;
import dev.ect.spark.evaluation.ResultTable;
import dev.ect.spark.report.LinePlot;
import dev.ect.spark.training.SparkContexts;
import java.io.IOException;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Finds the intermediate time with the least FID. */
@Command(
    name = "search-mid-t",
    description = {
      "Measures the FID of two-step sampling over intermediate times, all with the same latents.",
      "Prints a table and draws a plot, search-mid-t.svg beside the network or in --out."
    })
final class SearchMidTCommand implements Callable<Integer> {
  private static final String PLOT = "search-mid-t.svg";

  private static final int MOST = 1_000_000;

  private final PrintStream out;

  @Option(
      names = "--network",
      required = true,
      paramLabel = "FILE",
      description = "Network snapshot.")
  private String network;

  @Option(
      names = "--grid",
      split = ",",
      paramLabel = "T",
      defaultValue = "0.1,0.2,0.4,0.6,0.8,1,1.5,2,3,5,10",
      description = "Intermediate times. Default: ${DEFAULT-VALUE}.")
  private List<Double> grid;

  @Option(
      names = "--num",
      defaultValue = "5000",
      description = "Generated images. Default: ${DEFAULT-VALUE}.")
  private int num;

  @Option(
      names = "--out",
      paramLabel = "FOLDER",
      description = "Where plot and results go; beside the network unless given.")
  private String folder;

  @Mixin private EvaluationOptions options;

  SearchMidTCommand(PrintStream out) {
    this.out = out;
  }

  @Override
  public Integer call() throws IOException {
    HadoopStore store = Stores.open();
    List<String> problems = new ArrayList<>();
    if (!store.exists(network)) {
      problems.add(network + ": no such network snapshot (--network)");
    }
    SampleCommand.checkTimes("--grid", grid, problems);
    if (num < 2 || num > MOST) {
      problems.add("--num is " + num + "; expected 2 to " + MOST);
    }
    JobConfig config = options.read(store, network, List.of("evaluation.repeats=1"), problems);
    SparkConf conf = SparkContexts.settings(config.spark());
    EvaluationPlan plan =
        EvaluationPlan.of(
            store, config, measurements(), SparkContexts.threads(conf, config.spark().executors()));
    plan.requireFit(store, List.of(network));
    String target = folder == null ? Addresses.folderOf(network) : folder;
    try (JavaSparkContext spark = SparkContexts.open(conf);
        Evaluator evaluator = Evaluator.open(spark, Stores.of(conf), plan, out)) {
      Evaluation evaluation = evaluator.evaluate(network, repeat -> {});
      out.println();
      ResultTable.of(evaluation, plan).forEach(out::println);
      evaluator.keep(target, evaluation, null);
      conclude(store, Store.join(target, PLOT), evaluation);
    }
    return 0;
  }

  /** One step, and two steps through each time of the grid. */
  private List<Measurement> measurements() {
    String thousands =
        BigDecimal.valueOf(num).movePointLeft(3).stripTrailingZeros().toPlainString();
    List<Measurement> measurements = new ArrayList<>();
    measurements.add(new Measurement(Metric.of("fid" + thousands + "k_full"), List.of()));
    Metric twoStep = Metric.of("two_step_fid" + thousands + "k_full");
    grid.stream()
        .distinct()
        .sorted()
        .forEach(t -> measurements.add(new Measurement(twoStep, List.of(t))));
    return measurements;
  }

  private void conclude(Store store, String plot, Evaluation evaluation) throws IOException {
    List<Measured> twoStep =
        evaluation.measured().stream()
            .filter(each -> !each.measurement().midT().isEmpty())
            .toList();
    Measured least =
        twoStep.stream().min(Comparator.comparingDouble(SearchMidTCommand::fid)).orElseThrow();
    double oneStep =
        evaluation.measured().stream()
            .filter(each -> each.measurement().midT().isEmpty())
            .mapToDouble(SearchMidTCommand::fid)
            .min()
            .orElseThrow();
    double[] times = twoStep.stream().mapToDouble(SearchMidTCommand::midT).toArray();
    double[] values = twoStep.stream().mapToDouble(SearchMidTCommand::fid).toArray();
    String svg =
        LinePlot.of(
                "FID over intermediate time: " + Store.name(network),
                "mid_t (noise level of the second step)",
                String.format(Locale.ROOT, "FID, %,d generated images", num))
            .logX()
            .series("two steps", times, values)
            .series(
                "one step",
                new double[] {times[0], times[times.length - 1]},
                new double[] {oneStep, oneStep})
            .mark(
                midT(least),
                fid(least),
                ResultTable.number(fid(least)) + " at mid_t " + midT(least))
            .svg();
    store.write(plot, file -> file.write(svg.getBytes(StandardCharsets.UTF_8)));
    out.printf(
        "%nleast FID %s at mid_t %s; one step %s%nplot %s%n",
        ResultTable.number(fid(least)), midT(least), ResultTable.number(oneStep), plot);
  }

  private static double fid(Measured measured) {
    return measured.values().get(measured.measurement().metric().name());
  }

  private static double midT(Measured measured) {
    return measured.measurement().midT().get(0);
  }
}
