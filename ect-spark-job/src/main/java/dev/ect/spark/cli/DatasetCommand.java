package dev.ect.spark.cli;

import dev.ect.model.dataset.DatasetIndex;
import dev.ect.model.dataset.DatasetIndexer;
import dev.ect.model.dataset.DatasetOptions;
import dev.ect.model.dataset.ImageShape;
import dev.ect.model.io.Store;
import dev.ect.spark.api.Datasets;
import dev.ect.spark.api.OptionNames;
import dev.ect.spark.config.UserError;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Locale;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Makes datasets and looks at them. */
@Command(
    name = "dataset",
    description = "Makes EDM datasets and looks at them.",
    subcommands = {
      ConvertCommand.class,
      DatasetCommand.Synthesize.class,
      DatasetCommand.Info.class
    },
    synopsisSubcommandLabel = "COMMAND")
final class DatasetCommand implements Callable<Integer> {

  @Override
  public Integer call() {
    throw new UserError("dataset: expected a command: convert, synthesize or info");
  }

  /** Draws images. */
  @Command(
      name = "synthesize",
      description = "Draws images of ten classes, each a shape in a colour of its own.")
  static final class Synthesize implements Callable<Integer> {
    private final PrintStream out;

    @Option(
        names = "--size",
        defaultValue = "32",
        description = "Height and width in pixels, a power of two. Default: ${DEFAULT-VALUE}.")
    private int size;

    @Option(
        names = "--count",
        defaultValue = "2000",
        description = "Images. Default: ${DEFAULT-VALUE}.")
    private int count;

    @Option(names = "--seed", defaultValue = "0", description = "Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(names = "--grey", description = "One channel instead of three.")
    private boolean grey;

    @Option(
        names = "--out",
        required = true,
        paramLabel = "PATH",
        description = "A .zip, else a folder.")
    private String path;

    Synthesize(PrintStream out) {
      this.out = out;
    }

    @Override
    public Integer call() throws IOException {
      write(Stores.open(), path, ImageShape.square(grey ? 1 : 3, size), count, seed);
      out.println("wrote " + path + ": " + count + " images");
      return 0;
    }

    static void write(Store store, String path, ImageShape shape, int count, long seed)
        throws IOException {
      Datasets.synthesize(store, path, shape, count, seed, OptionNames.OPTIONS);
    }
  }

  /** Looks at a dataset. */
  @Command(name = "info", description = "Says what a dataset holds.")
  static final class Info implements Callable<Integer> {
    private final PrintStream out;

    @Parameters(paramLabel = "PATH", description = "A folder or .zip.")
    private String path;

    Info(PrintStream out) {
      this.out = out;
    }

    @Override
    public Integer call() throws IOException {
      DatasetIndex index = DatasetIndexer.index(Stores.open(), path, DatasetOptions.ALL);
      out.println("path     " + index.path());
      out.println("storage  " + index.kind().name().toLowerCase(Locale.ROOT));
      out.println("images   " + index.size());
      out.println("shape    " + index.shape());
      if (index.labelDim() == 0) {
        out.println("labels   none");
      } else if (index.classOf(0) < 0) {
        out.println("labels   vectors of " + index.labelDim());
      } else {
        TreeMap<Integer, Integer> counts = new TreeMap<>();
        for (int i = 0; i < index.size(); i++) {
          counts.merge(index.classOf(i), 1, Integer::sum);
        }
        out.println("labels   " + index.labelDim() + " classes, images per class " + counts);
      }
      out.println("content  " + index.contentKey());
      return 0;
    }
  }
}
