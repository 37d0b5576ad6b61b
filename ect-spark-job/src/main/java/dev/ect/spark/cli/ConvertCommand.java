package dev.ect.spark.cli;

import dev.ect.model.dataset.EdmDatasetWriter;
import dev.ect.model.dataset.convert.Conversion;
import dev.ect.model.dataset.convert.ImageSource;
import dev.ect.model.dataset.convert.ImageSources;
import dev.ect.model.dataset.convert.Resolution;
import dev.ect.model.dataset.convert.Transform;
import dev.ect.model.io.BadFileException;
import dev.ect.model.io.Store;
import dev.ect.spark.config.ConfigSources;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.config.ObjectiveConfig;
import dev.ect.spark.config.UserError;
import dev.ect.spark.conversion.ConversionStage;
import dev.ect.spark.data.HadoopStore;
import dev.ect.spark.report.WorkProgress;
import dev.ect.spark.training.ShutdownHook;
import dev.ect.spark.training.SparkContexts;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Makes a dataset of other images. */
@Command(
    name = "convert",
    description = {
      "Makes an EDM dataset of other images, with pixels equal to those of EDM's tool.",
      "Reads a folder or .zip of images (labels from dataset.json, else in a folder from its"
          + " top-level folders), cifar-10-python.tar.gz, MNIST's train-images-idx3-ubyte.gz, or an"
          + " LSUN folder *_lmdb."
    })
final class ConvertCommand implements Callable<Integer> {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final PrintStream out;

  @Option(names = "--source", paramLabel = "PATH", description = "What to read.")
  private String source;

  @Option(
      names = "--dest",
      paramLabel = "PATH",
      description = "What to write: a .zip, else a folder; nothing may be there.")
  private String dest;

  @Option(names = "--max-images", paramLabel = "N", description = "Only the first ones.")
  private Integer maxImages;

  @Option(
      names = "--transform",
      paramLabel = "NAME",
      description =
          "none (resizes), center-crop, center-crop-wide or center-crop-dhariwal. Default: none.")
  private String transformId;

  @Option(
      names = "--resolution",
      paramLabel = "WxH",
      description = "Such as 64x64. Default: that of the images.")
  private String resolutionText;

  @Option(
      names = "--if-missing",
      description = "Does nothing where --dest is a dataset already, to be tried again safely.")
  private boolean ifMissing;

  @Option(
      names = "--executors",
      paramLabel = "N",
      description =
          "Converts on as many executors of Spark, which must reach source and destination."
              + " Default: 0, in this process.")
  private int executors;

  @Parameters(
      paramLabel = "key=value",
      description = "With --executors: overrides such as spark.master=local[4].")
  private List<String> overrides = List.of();

  private volatile boolean stopped;
  private volatile JavaSparkContext running;

  ConvertCommand(PrintStream out) {
    this.out = out;
  }

  @Override
  public Integer call() throws IOException {
    HadoopStore store = Stores.open();
    List<String> problems = new ArrayList<>();
    Transform transform = transform(problems);
    Resolution resolution = resolution(transform, problems);
    checkNumbers(problems);
    boolean done = ifMissing && dest != null && !dest.isEmpty() && isDataset(store);
    if (!done) {
      checkPaths(store, problems);
    }
    SparkConf conf = spark(problems);
    if (!problems.isEmpty()) {
      throw new UserError(problems);
    }
    if (done) {
      out.println(dest + " is there already");
      return 0;
    }
    long begin = System.nanoTime();
    ImageSource images =
        ImageSources.find(store, source, maxImages == null ? Integer.MAX_VALUE : maxImages);
    Conversion conversion = Conversion.plan(store, images, transform, resolution);
    if (conf != null && !images.divisible()) {
      out.println(source + " must be read in order, which this process does alone");
    }
    EdmDatasetWriter.Written written;
    try (ShutdownHook hook = new ShutdownHook(this::stop, PATIENCE)) {
      written =
          conf != null && images.divisible()
              ? onExecutors(conf, conversion)
              : here(store, conversion);
    }
    report(conversion, written, (System.nanoTime() - begin) / 1e9);
    return 0;
  }

  private Transform transform(List<String> problems) {
    try {
      return transformId == null ? Transform.NONE : Transform.of(transformId);
    } catch (IllegalArgumentException e) {
      problems.add(e.getMessage() + " (--transform)");
      return null;
    }
  }

  private Resolution resolution(Transform transform, List<String> problems) {
    try {
      Resolution resolution = resolutionText == null ? null : Resolution.parse(resolutionText);
      String problem = transform == null ? "" : transform.problemWith(resolution);
      if (!problem.isEmpty()) {
        problems.add(problem + " (--resolution)");
      }
      return resolution;
    } catch (IllegalArgumentException e) {
      problems.add(e.getMessage() + " (--resolution)");
      return null;
    }
  }

  /** Zips appear as a whole; in a folder the labels come last. */
  private boolean isDataset(Store store) throws IOException {
    return dest.toLowerCase(Locale.ROOT).endsWith(".zip")
        ? store.exists(dest)
        : store.exists(Store.join(dest, "dataset.json"));
  }

  private void checkNumbers(List<String> problems) {
    if (maxImages != null && maxImages < 1) {
      problems.add("--max-images is " + maxImages + "; expected at least 1");
    }
    if (executors < 0) {
      problems.add("--executors is " + executors + "; expected 0 or more");
    }
    if (executors == 0 && !overrides.isEmpty()) {
      problems.add(
          "found " + String.join(" ", overrides) + "; expected that with --executors only");
    }
  }

  private void checkPaths(Store store, List<String> problems) throws IOException {
    if (source == null) {
      problems.add("--source is missing; expected the path of what to read");
    } else {
      try {
        ImageSources.requireKnown(store, source);
      } catch (BadFileException | FileNotFoundException e) {
        problems.add(e.getMessage() + " (--source)");
      }
    }
    if (dest == null || dest.isEmpty()) {
      problems.add("--dest is missing; expected the path of what to write");
    } else {
      try {
        EdmDatasetWriter.requireFree(store, dest);
      } catch (BadFileException e) {
        problems.add(e.getMessage() + " (--dest)");
      }
    }
  }

  /** Settings of Spark; null where it is not wanted. */
  private SparkConf spark(List<String> problems) {
    if (executors < 1) {
      return null;
    }
    List<String> all = new ArrayList<>(overrides);
    all.add("spark.executors=" + executors);
    try {
      return SparkContexts.settings(
          JobConfig.of(ObjectiveConfig.Kind.TUNING, ConfigSources.overrides(all)).spark());
    } catch (UserError e) {
      e.getMessage().lines().forEach(problems::add);
      return null;
    }
  }

  private EdmDatasetWriter.Written here(HadoopStore store, Conversion conversion)
      throws IOException {
    int threads = Runtime.getRuntime().availableProcessors();
    try (WorkProgress progress =
        new WorkProgress(out, "converting", conversion.source().count(), "images")) {
      AtomicInteger done = new AtomicInteger();
      return EdmDatasetWriter.write(
          store,
          dest,
          writer ->
              conversion.addTo(
                  writer,
                  store,
                  threads,
                  () -> {
                    checkStop();
                    progress.show(done.incrementAndGet());
                  }));
    }
  }

  private EdmDatasetWriter.Written onExecutors(SparkConf conf, Conversion conversion)
      throws IOException {
    HadoopStore store = Stores.of(conf);
    String folder =
        Store.join(Store.parent(dest), "." + Store.name(dest) + "." + UUID.randomUUID() + ".parts");
    int threads = SparkContexts.threads(conf, executors);
    // The executors end before the folder goes, in which they could still write.
    try (AutoFolder parts = new AutoFolder(store, folder);
        JavaSparkContext spark = SparkContexts.open(conf)) {
      running = spark;
      return new ConversionStage(conversion, parts.path(), executors, threads)
          .run(spark, store, dest, out, this::checkStop);
    } finally {
      running = null;
    }
  }

  /** A folder that goes with the work. */
  private record AutoFolder(Store store, String path) implements AutoCloseable {
    @Override
    public void close() throws IOException {
      store.delete(path);
    }
  }

  private void stop() {
    stopped = true;
    JavaSparkContext spark = running;
    if (spark != null) {
      spark.sc().cancelAllJobs();
    }
  }

  private void checkStop() {
    if (stopped) {
      throw new UserError(dest + ": stopped; nothing is left of it");
    }
  }

  private void report(Conversion conversion, EdmDatasetWriter.Written written, double seconds) {
    int skipped = conversion.source().count() - written.images();
    String labels =
        written.labelDim() > 0
            ? "labels of width " + written.labelDim()
            : written.unlabelled() < written.images()
                ? "no labels, since " + written.unlabelled() + " images have none"
                : "no labels";
    out.printf(
        Locale.ROOT,
        "wrote %s: %,d images of %s, %s%s; %.1f s, %.1f images/s%n",
        dest,
        written.images(),
        conversion.shape(),
        labels,
        skipped == 0 ? "" : String.format(Locale.ROOT, ", %,d skipped as too small", skipped),
        seconds,
        conversion.source().count() / seconds);
  }
}
