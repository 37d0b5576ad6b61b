package dev.ect.spark.cli;

import dev.ect.model.dataset.ImageShape;
import dev.ect.model.dataset.Pixels;
import dev.ect.model.io.Store;
import dev.ect.model.sampling.ImageGrid;
import dev.ect.spark.api.RandomFeatureComparison;
import dev.ect.spark.api.RandomFeatureComparison.Compared;
import dev.ect.spark.config.ConfigSources;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.config.ObjectiveConfig;
import dev.ect.spark.report.RunDirectory;
import dev.ect.spark.report.page.RunReport;
import dev.ect.spark.training.RunSummary;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows the whole way on a small scale. */
@Command(
    name = "demo",
    description =
        "Draws a dataset, tunes a small network on it from random weights, and shows its images"
            + " before and after: about five minutes on two cores.")
final class DemoCommand implements Callable<Integer> {
  private static final int RESOLUTION = 16;
  private static final int COUNT = 4000;
  private static final int SHOWN_ROWS = 6;
  private static final int SCALE = 3;

  private final PrintStream out;

  @Option(
      names = "--out",
      defaultValue = "runs",
      paramLabel = "FOLDER",
      description = "Folder for the dataset and the runs. Default: ${DEFAULT-VALUE}.")
  private String folder;

  @Parameters(paramLabel = "key=value", description = "Overrides of conf/demo.conf.")
  private List<String> overrides = List.of();

  DemoCommand(PrintStream out) {
    this.out = out;
  }

  @Override
  public Integer call() throws IOException {
    long begin = System.nanoTime();
    Store store = Stores.open();
    JobConfig config = configuration();
    String data = config.data().path();
    if (!store.exists(data)) {
      DatasetCommand.Synthesize.write(store, data, ImageShape.square(3, RESOLUTION), COUNT, 0);
      out.println("drew " + COUNT + " images of ten classes: " + data);
    }
    RunSummary summary = TrainCommand.run(config, out);
    if (summary.stopped()) {
      return 0;
    }
    compare(store, config, summary, begin);
    return 0;
  }

  private JobConfig configuration() {
    List<String> places =
        List.of("data.path=" + Store.join(folder, "demo-data.zip"), "run.outdir=" + folder);
    return JobConfig.of(
        ObjectiveConfig.Kind.TUNING,
        ConfigSources.overrides(overrides),
        ConfigSources.overrides(places),
        ConfigSources.file("conf/demo.conf"));
  }

  private void compare(Store store, JobConfig config, RunSummary summary, long begin)
      throws IOException {
    RunDirectory directory = summary.directory();
    List<String> lines = new ArrayList<>();
    try (RandomFeatureComparison comparison =
        RandomFeatureComparison.open(store, config.data().path(), config.engine())) {
      List<Double> midT = config.run().midT();
      long seed = config.run().seed();
      Compared before = comparison.compare(directory.initialSnapshot(), midT, seed);
      Compared after = comparison.compare(directory.latestSnapshot(), midT, seed);
      float[][] reals = comparison.real();
      grid(
          store,
          directory.file("before-after.png"),
          comparison.shape(),
          reals,
          before.images(),
          after.images());
      lines.add(
          String.format(
              Locale.ROOT,
              "loss               %.4f in the first step, %.4f over the last tick",
              summary.firstLoss(),
              summary.lastLoss()));
      lines.add(
          String.format(
              Locale.ROOT,
              "speed              %.0f images per second, %s",
              summary.imagesPerSecond(),
              summary.engine()));
      lines.add(
          String.format(
              Locale.ROOT,
              "distance to data   %.3f before, %.3f after: energy distance of fixed random convolution"
                  + " features over %d images, not an FID",
              before.distance(),
              after.distance(),
              reals.length));
    }
    lines.add("time               " + TrainCommand.duration(System.nanoTime() - begin));
    lines.add("real|before|after  " + directory.file("before-after.png"));
    lines.add("one step           " + directory.file("final-1step.png"));
    lines.add("two steps          " + directory.file("final-2step.png"));
    lines.add("real images        " + directory.file("data.png"));
    lines.add("network            " + directory.latestSnapshot());
    lines.add("report             " + directory.file(RunReport.NAME));
    directory.write(store, "summary.txt", String.join("\n", lines) + "\n");
    RunReport.write(store, directory);
    out.println();
    lines.forEach(out::println);
  }

  /** Three blocks of columns: real, before, after; a column per class. */
  private static void grid(
      Store store, String path, ImageShape shape, float[][] real, float[][] before, float[][] after)
      throws IOException {
    int classes = Math.min(real.length, 10);
    int rows = Math.min(SHOWN_ROWS, real.length / classes);
    byte[] gap = new byte[shape.size()];
    Arrays.fill(gap, (byte) 255);
    int columns = 3 * classes + 2;
    byte[][] cells = new byte[rows * columns][];
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        int block = column / (classes + 1);
        int inside = column % (classes + 1);
        float[][] from = block == 0 ? real : block == 1 ? before : after;
        cells[row * columns + column] =
            inside == classes ? gap : Pixels.toGridBytes(from[row * classes + inside]);
      }
    }
    ImageGrid.write(store, path, cells, shape, columns, SCALE);
  }
}
