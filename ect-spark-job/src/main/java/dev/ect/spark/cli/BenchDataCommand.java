package dev.ect.spark.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.Config;
import dev.ect.model.dataset.DatasetIndex;
import dev.ect.model.io.LocalStore;
import dev.ect.model.io.Store;
import dev.ect.spark.config.ConfigSources;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.config.ObjectiveConfig;
import dev.ect.spark.config.UserError;
import dev.ect.spark.data.BatchSettings;
import dev.ect.spark.data.DataBenchmark;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The way of images to a training step. */
@Command(
    name = "data",
    description =
        "Times the way of images to a tuning step, with one thread and with all cores: reading"
            + " files, decoding, augmentation, batches of decoded images, and the whole way as"
            + " tuning takes it: cold, when images are decoded, and warm, when they are in memory."
            + " Files come out of the system's cache.")
final class BenchDataCommand implements Callable<Integer> {
  private final PrintStream out;

  @Option(
      names = "--data",
      paramLabel = "PATH",
      description =
          "An EDM dataset, a folder or .zip. Default: noise like photographs, 32x32, as zip and as"
              + " folder.")
  private String data;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      defaultValue = "cifar10",
      description = "Configuration file or preset. Default: ${DEFAULT-VALUE}.")
  private String file;

  @Option(
      names = "--images",
      defaultValue = "10000",
      description = "Images at most. Default: ${DEFAULT-VALUE}.")
  private int images;

  @Option(
      names = "--seconds",
      defaultValue = "1",
      description =
          "Time for each row; not for cold, which is one pass. Default: ${DEFAULT-VALUE}.")
  private double seconds;

  @Option(names = "--json", paramLabel = "FILE", description = "Writes the figures there too.")
  private Path json;

  @Parameters(paramLabel = "key=value", description = "Overrides, such as tuning.augment=0.12.")
  private List<String> overrides = List.of();

  BenchDataCommand(PrintStream out) {
    this.out = out;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (images < 1 || !(seconds > 0)) {
      throw new UserError("expected --images of at least 1 and --seconds of more than 0");
    }
    JobConfig config = config(ObjectiveConfig.Kind.TUNING);
    double augment = config.objective().augment();
    DataBenchmark.Plan plan =
        new DataBenchmark.Plan(
            images,
            config.objective().batch(),
            config.data().virtualShards(),
            augment > 0 ? augment : config(ObjectiveConfig.Kind.PRETRAINING).objective().augment(),
            threads(),
            seconds);
    BatchSettings settings = BatchSettings.of(config.data(), config.objective(), 0);
    List<DataBenchmark.Row> rows =
        data == null ? synthetic(plan, settings) : measure(Stores.open(), plan, settings, data);
    if (json != null) {
      new ObjectMapper().writerWithDefaultPrettyPrinter().writeValue(json.toFile(), rows);
    }
    return 0;
  }

  private JobConfig config(ObjectiveConfig.Kind kind) {
    Config fromFile = ConfigSources.file(file);
    return JobConfig.of(kind, ConfigSources.overrides(overrides), fromFile);
  }

  private static List<Integer> threads() {
    int cores = Runtime.getRuntime().availableProcessors();
    return cores == 1 ? List.of(1) : List.of(1, cores);
  }

  private List<DataBenchmark.Row> synthetic(DataBenchmark.Plan plan, BatchSettings settings)
      throws IOException, InterruptedException {
    Store store = new LocalStore();
    String folder = Files.createTempDirectory("ect-bench").toString();
    try {
      String zip = Store.join(folder, "data.zip");
      String files = Store.join(folder, "data");
      DataBenchmark.synthesize(store, zip, images);
      DataBenchmark.synthesize(store, files, images);
      return measure(store, plan, settings, zip, files);
    } finally {
      store.delete(folder);
    }
  }

  private List<DataBenchmark.Row> measure(
      Store store, DataBenchmark.Plan plan, BatchSettings settings, String... paths)
      throws IOException, InterruptedException {
    DataBenchmark benchmark = new DataBenchmark(store, plan, settings);
    List<DataBenchmark.Row> rows = new ArrayList<>();
    DatasetIndex first = benchmark.index(paths[0]);
    if (plan.batch() > first.size()) {
      throw new UserError(
          String.format(
              Locale.ROOT,
              "found %d images for batches of %d; expected as many at least: set tuning.batch",
              first.size(),
              plan.batch()));
    }
    out.printf(
        Locale.ROOT,
        "%-8s %-7s %7s %11s %11s %8s%n",
        "stage",
        "storage",
        "threads",
        "images/s",
        "per thread",
        "MB/s");
    benchmark.inMemory(first, row -> add(rows, row));
    for (String path : paths) {
      benchmark.stored(benchmark.index(path), row -> add(rows, row));
    }
    out.printf(
        Locale.ROOT,
        "%,d images of %s, batches of %d, augmentation by itself with probability %.2f and on the"
            + " whole way %.2f; assemble, cold and warm draw each image's noise, too%n",
        first.size(),
        first.shape(),
        plan.batch(),
        plan.augment(),
        settings.augment());
    return rows;
  }

  private void add(List<DataBenchmark.Row> rows, DataBenchmark.Row row) {
    rows.add(row);
    out.printf(
        Locale.ROOT,
        "%-8s %-7s %7d %,11.0f %,11.0f %8s%n",
        row.stage(),
        row.storage().isEmpty() ? "memory" : row.storage(),
        row.threads(),
        row.imagesPerSecond(),
        row.perThread(),
        row.megabytesPerSecond() > 0
            ? String.format(Locale.ROOT, "%.1f", row.megabytesPerSecond())
            : "");
  }
}
