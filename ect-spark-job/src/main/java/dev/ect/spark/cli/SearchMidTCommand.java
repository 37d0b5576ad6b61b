package dev.ect.spark.cli;

import dev.ect.model.io.Store;
import dev.ect.spark.api.EvaluationResult;
import dev.ect.spark.api.Evaluations;
import dev.ect.spark.api.MidTSearch;
import dev.ect.spark.api.OptionNames;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.data.HadoopStore;
import dev.ect.spark.evaluation.EvaluationPlan;
import dev.ect.spark.training.SparkContexts;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
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
    Evaluations.checkNetworks(store, List.of(network), OptionNames.OPTIONS, problems);
    MidTSearch.check(grid, num, OptionNames.OPTIONS, problems);
    JobConfig config = options.read(store, network, List.of("evaluation.repeats=1"), problems);
    SparkConf conf = SparkContexts.settings(config.spark());
    List<String> networks = List.of(network);
    EvaluationPlan plan =
        Evaluations.plan(store, config, MidTSearch.measurements(grid, num), networks, conf);
    String target = Evaluations.folder(folder == null ? "" : folder, network);
    try (JavaSparkContext spark = SparkContexts.open(conf)) {
      Evaluations.run(
          spark,
          Stores.of(conf),
          plan,
          networks,
          target,
          out,
          result -> conclude(store, Store.join(target, PLOT), result));
    }
    return 0;
  }

  private void conclude(Store store, String plot, EvaluationResult result) throws IOException {
    out.println();
    result.table().forEach(out::println);
    MidTSearch search = MidTSearch.of(result.evaluation(), num);
    String svg = search.plot().svg();
    store.write(plot, file -> file.write(svg.getBytes(StandardCharsets.UTF_8)));
    out.printf("%n%s%nplot %s%n", search, plot);
  }
}
