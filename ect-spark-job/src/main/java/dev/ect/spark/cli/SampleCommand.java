package dev.ect.spark.cli;

import dev.ect.spark.api.SamplePlan;
import dev.ect.spark.api.Sampling;
import dev.ect.spark.data.HadoopStore;
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

/** Generates images. */
@Command(
    name = "sample",
    description = {
      "Generates images with a tuned network, on Spark's executors.",
      "Image number i follows from --seed and i alone, whatever else is generated."
    })
final class SampleCommand implements Callable<Integer> {
  private static final String NONE = "none";

  private final PrintStream out;

  @Option(
      names = "--network",
      required = true,
      paramLabel = "FILE",
      description = "Network snapshot.")
  private String network;

  @Option(names = "--num", description = "Images, numbered from 0. Default: 64.")
  private Integer num;

  @Option(
      names = "--seeds",
      paramLabel = "RANGES",
      description = "Numbers of the images, such as 0-63 or 1,2,5-10; instead of --num.")
  private String seeds;

  @Option(
      names = "--seed",
      defaultValue = "0",
      description = "Of the whole set. Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Option(
      names = "--mid-t",
      split = ",",
      paramLabel = "T",
      description = "Intermediate times, such as 0.821; none for one step.")
  private List<Double> midT = List.of();

  @Option(
      names = "--classes",
      split = ",",
      description =
          "Classes that the images have in turn. Unless given: as often as in --data, else at random.")
  private List<Integer> classes = List.of();

  @Option(names = "--grid", paramLabel = "PNG", description = "Writes all images as one.")
  private String grid;

  @Option(
      names = "--out",
      paramLabel = "PATH",
      description =
          "Writes an EDM dataset: a .zip, else a folder; "
              + NONE
              + " for nothing, to measure speed.")
  private String dataset;

  @Mixin private EvaluationOptions options;

  SampleCommand(PrintStream out) {
    this.out = out;
  }

  @Override
  public Integer call() throws IOException {
    HadoopStore store = Stores.open();
    List<String> problems = new ArrayList<>();
    if (grid == null && dataset == null) {
      problems.add(
          "neither --grid nor --out is given; expected at least one of them, or --out " + NONE);
    }
    Sampling wanted =
        new Sampling(
            network,
            num,
            seeds,
            seed,
            midT,
            classes,
            grid == null ? "" : grid,
            dataset == null || dataset.equals(NONE) ? "" : dataset);
    SamplePlan plan = options.samples(store, wanted, problems);
    SparkConf conf = SparkContexts.settings(plan.config().spark());
    try (JavaSparkContext spark = SparkContexts.open(conf)) {
      plan.stage(conf).run(spark, Stores.of(conf), plan.target(), out);
    }
    return 0;
  }
}
