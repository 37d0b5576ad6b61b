package dev.ect.spark.cli;

import dev.ect.model.checkpoint.NetworkSnapshot;
import dev.ect.model.dataset.DatasetIndex;
import dev.ect.model.dataset.DatasetIndexer;
import dev.ect.model.dataset.DatasetOptions;
import dev.ect.model.io.BadFileException;
import dev.ect.model.io.Store;
import dev.ect.model.network.NetworkSpec;
import dev.ect.model.sampling.FewStepSampler;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.config.UserError;
import dev.ect.spark.data.HadoopStore;
import dev.ect.spark.evaluation.ImageRange;
import dev.ect.spark.evaluation.SampleLabels;
import dev.ect.spark.evaluation.SampleStage;
import dev.ect.spark.training.SparkContexts;
import java.io.FileNotFoundException;
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
  private static final int MOST_IN_GRID = 10_000;

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
      converter = SeedRanges.Converter.class,
      description = "Numbers of the images, such as 0-63 or 1,2,5-10; instead of --num.")
  private SeedRanges seeds;

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
    checkNumbers(problems);
    checkTimes("--mid-t", midT, problems);
    if (grid == null && dataset == null) {
      problems.add(
          "neither --grid nor --out is given; expected at least one of them, or --out " + NONE);
    }
    NetworkSpec spec = spec(store, problems);
    boolean keeps = dataset != null && !dataset.equals(NONE);
    for (String target : new String[] {grid, keeps ? dataset : null}) {
      if (target != null && store.exists(target)) {
        problems.add(target + ": exists already; expected a new name");
      }
    }
    checkClasses(spec, problems);
    List<String> further = List.of("run.seed=" + seed);
    JobConfig config = options.read(store, "", further, problems);
    SampleLabels labels = labels(store, config.data().path(), spec);
    SparkConf conf = SparkContexts.settings(config.spark());
    int executors = config.spark().executors();
    int threads = config.engine().threads();
    SampleStage stage =
        new SampleStage(
            network,
            seeds == null ? List.of(new ImageRange(0, number())) : seeds.ranges(),
            midT,
            config.run().seed(),
            labels,
            config.engine(),
            config.evaluation().batch(),
            executors,
            threads > 0 ? threads : SparkContexts.threads(conf, executors));
    try (JavaSparkContext spark = SparkContexts.open(conf)) {
      stage.run(
          spark,
          Stores.of(conf),
          new SampleStage.Target(keeps ? dataset : "", grid == null ? "" : grid),
          out);
    }
    return 0;
  }

  private int number() {
    return num == null ? 64 : num;
  }

  private void checkNumbers(List<String> problems) {
    if (num != null && seeds != null) {
      problems.add("both --num and --seeds are given; expected one of them");
    }
    if (number() < 1) {
      problems.add("--num is " + num + "; expected at least 1");
    }
    long count = seeds == null ? number() : seeds.count();
    if (grid != null && count > MOST_IN_GRID) {
      problems.add("--grid would hold " + count + " images; expected at most " + MOST_IN_GRID);
    }
  }

  /** Adds a line for every time that no sampler takes. */
  static void checkTimes(String option, List<Double> times, List<String> problems) {
    for (double t : times) {
      if (!(t > 0 && t < FewStepSampler.T_MAX)) {
        problems.add(option + " is " + t + "; expected more than 0 and less than 80");
      }
    }
  }

  /** The network's specification; null where there is none, with the reason among the problems. */
  private NetworkSpec spec(Store store, List<String> problems) throws IOException {
    try (NetworkSnapshot snapshot = NetworkSnapshot.open(store, network)) {
      return snapshot.spec();
    } catch (FileNotFoundException e) {
      problems.add(network + ": no such network snapshot (--network)");
    } catch (BadFileException e) {
      problems.add(e.getMessage());
    }
    return null;
  }

  private void checkClasses(NetworkSpec spec, List<String> problems) {
    if (spec == null || classes.isEmpty()) {
      return;
    }
    if (spec.labelDim() == 0) {
      problems.add(network + ": is unconditional; expected no --classes");
      return;
    }
    for (int each : classes) {
      if (each < 0 || each >= spec.labelDim()) {
        problems.add("--classes has " + each + "; expected 0 to " + (spec.labelDim() - 1));
      }
    }
  }

  private SampleLabels labels(Store store, String data, NetworkSpec spec) throws IOException {
    if (spec.labelDim() == 0) {
      return SampleLabels.none();
    }
    if (!classes.isEmpty()) {
      return SampleLabels.inTurn(spec.labelDim(), classes);
    }
    if (data.isEmpty()) {
      return SampleLabels.anyClass(spec.labelDim());
    }
    DatasetIndex index = DatasetIndexer.index(store, data, DatasetOptions.ALL);
    if (index.labelDim() != spec.labelDim()) {
      throw new UserError(
          data
              + ": has labels of width "
              + index.labelDim()
              + "; expected "
              + spec.labelDim()
              + " as the network takes them (data.path)");
    }
    return SampleLabels.of(index);
  }
}
