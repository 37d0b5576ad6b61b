package dev.ect.spark.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ect.spark.config.ConfigSources;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.config.ObjectiveConfig;
import dev.ect.spark.config.UserError;
import dev.ect.spark.data.HadoopStore;
import dev.ect.spark.evaluation.FeatureBenchmark;
import dev.ect.spark.report.Memory;
import dev.ect.spark.training.SparkContexts;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What becomes of features after the detectors. */
@Command(
    name = "metrics",
    description = {
      "Times on Spark what becomes of features: an FID (sums, covariance, distance), and with"
          + " --pr precision and recall. The features are synthetic and lie on disk at the start.",
      "deploy/bench-fid compares it with NumPy and SciPy."
    })
final class BenchMetricsCommand implements Callable<Integer> {
  private final PrintStream out;

  @Option(
      names = "--images",
      defaultValue = "50000",
      description = "Images of each set. Default: ${DEFAULT-VALUE}.")
  private int images;

  @Option(
      names = "--features",
      description = "Features of an image. Default: 2048 for FID, 4096 for precision and recall.")
  private Integer features;

  @Option(names = "--pr", description = "Precision and recall instead of FID.")
  private boolean precisionRecall;

  @Option(
      names = "--export",
      paramLabel = "FOLDER",
      description = "With FID: writes the features there for others to do the same.")
  private String export;

  @Option(names = "--json", paramLabel = "FILE", description = "Writes the figures there too.")
  private Path json;

  @Parameters(paramLabel = "key=value", description = "Overrides, such as spark.executors=2.")
  private List<String> overrides = List.of();

  BenchMetricsCommand(PrintStream out) {
    this.out = out;
  }

  @Override
  public Integer call() throws IOException {
    int width = features != null ? features : precisionRecall ? 4096 : 2048;
    if (images < 4 || width < 1) {
      throw new UserError("expected --images of at least 4 and --features of at least 1");
    }
    JobConfig config =
        JobConfig.of(ObjectiveConfig.Kind.TUNING, ConfigSources.overrides(overrides));
    SparkConf conf = SparkContexts.settings(config.spark());
    int executors = config.spark().executors();
    int threads = SparkContexts.threads(conf, executors);
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("images", images);
    figures.put("features", width);
    try (JavaSparkContext spark = SparkContexts.open(conf)) {
      FeatureBenchmark benchmark =
          new FeatureBenchmark(spark, out, images, width, executors, threads);
      if (precisionRecall) {
        precisionRecall(benchmark, figures);
      } else {
        fid(benchmark, Stores.of(conf), figures);
      }
    }
    double peak = Memory.peakGib();
    figures.put("peakGib", peak);
    out.printf(
        Locale.ROOT, "resident memory at its highest, preparation included: %.2f GiB%n", peak);
    if (json != null) {
      new ObjectMapper().writerWithDefaultPrettyPrinter().writeValue(json.toFile(), figures);
    }
    return 0;
  }

  private void fid(FeatureBenchmark benchmark, HadoopStore store, Map<String, Object> figures)
      throws IOException {
    FeatureBenchmark.Fid fid = benchmark.fid(store, export);
    figures.put("sumSeconds", fid.sumSeconds());
    figures.put("distanceSeconds", fid.distanceSeconds());
    figures.put("fid", fid.fid());
    figures.put("heapMib", fid.heapMib());
    out.printf(
        Locale.ROOT,
        "FID of %,d x %s features: %.1f s; %.1f s for the sums, %.1f s for the distance, %.6f%n",
        images,
        figures.get("features"),
        fid.sumSeconds() + fid.distanceSeconds(),
        fid.sumSeconds(),
        fid.distanceSeconds(),
        fid.fid());
    heap(fid.heapMib());
  }

  private void precisionRecall(FeatureBenchmark benchmark, Map<String, Object> figures) {
    FeatureBenchmark.PrecisionRecall found = benchmark.precisionRecall();
    figures.put("seconds", found.seconds());
    figures.put("precision", found.precision());
    figures.put("recall", found.recall());
    figures.put("heapMib", found.heapMib());
    out.printf(
        Locale.ROOT,
        "precision and recall of %,d against %,d images of %s features: %.1f s; %.4f and %.4f%n",
        images,
        images,
        figures.get("features"),
        found.seconds(),
        found.precision(),
        found.recall());
    heap(found.heapMib());
  }

  private void heap(double mib) {
    out.printf(
        Locale.ROOT,
        "this process's heap after collections (with a local master that is driver and executors):"
            + " %.0f MiB at most, of %d MiB%n",
        mib,
        Runtime.getRuntime().maxMemory() >> 20);
  }
}
