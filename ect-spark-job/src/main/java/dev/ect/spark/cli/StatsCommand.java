package dev.ect.spark.cli;

import dev.ect.model.metrics.DetectorKind;
import dev.ect.model.metrics.FeatureStatistics;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.config.UserError;
import dev.ect.spark.data.HadoopStore;
import dev.ect.spark.evaluation.DatasetStatistics;
import dev.ect.spark.training.SparkContexts;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Statistics of real images. */
@Command(
    name = "stats",
    description = "Statistics of real images, for Frechet distances.",
    subcommands = StatsCommand.Compute.class,
    synopsisSubcommandLabel = "COMMAND")
final class StatsCommand implements Callable<Integer> {

  @Override
  public Integer call() {
    throw new UserError("stats: expected a command: compute");
  }

  /** Computes them. */
  @Command(
      name = "compute",
      description = {
        "Computes mean and covariance of a detector's features over a dataset, on Spark's executors.",
        "Writes an .npz with mu, sigma (float64), count and divisor, which numpy.load reads."
      })
  static final class Compute implements Callable<Integer> {
    private final PrintStream out;

    @Option(
        names = "--kind",
        paramLabel = "KIND",
        defaultValue = "inception",
        description = "inception, vgg16 or dinov2. Default: ${DEFAULT-VALUE}.")
    private String kind;

    @Option(
        names = "--detector",
        paramLabel = "FILE",
        description = "TorchScript file (evaluation.<kind>.path).")
    private String detector;

    @Option(
        names = "--divisor",
        paramLabel = "n|n-1",
        description = "What the covariance divides by (evaluation.divisor).")
    private String divisor;

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "The .npz.")
    private String file;

    @Mixin private EvaluationOptions options;

    Compute(PrintStream out) {
      this.out = out;
    }

    @Override
    public Integer call() throws IOException {
      HadoopStore store = Stores.open();
      List<String> problems = new ArrayList<>();
      List<String> further = new ArrayList<>();
      DetectorKind wanted = DetectorKind.INCEPTION;
      try {
        wanted = DetectorKind.of(kind);
      } catch (IllegalArgumentException e) {
        problems.add(e.getMessage() + " (--kind)");
      }
      if (detector != null) {
        further.add("evaluation." + wanted.id() + ".path=" + detector);
      }
      if (divisor != null) {
        further.add("evaluation.divisor=" + divisor);
      }
      if (store.exists(file)) {
        problems.add(file + ": exists already; expected a new name (--out)");
      }
      JobConfig config = options.read(store, "", further, problems);
      SparkConf conf = SparkContexts.settings(config.spark());
      int threads = SparkContexts.threads(conf, config.spark().executors());
      DatasetStatistics task = DatasetStatistics.of(store, config, wanted, threads);
      try (JavaSparkContext spark = SparkContexts.open(conf)) {
        FeatureStatistics found = task.compute(spark, Stores.of(conf), file, out);
        out.printf(
            Locale.ROOT,
            "wrote %s: mu and sigma of %d features of %,d images, divisor %s%n",
            file,
            found.width(),
            found.count(),
            config.evaluation().divisor().id());
      }
      return 0;
    }
  }
}
