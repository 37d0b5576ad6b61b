package dev.ect.spark.api;

import dev.ect.model.checkpoint.Checkpoint;
import dev.ect.model.dataset.ImageShape;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.config.ObjectiveConfig;
import dev.ect.spark.config.UserError;
import dev.ect.spark.data.HadoopStore;
import dev.ect.spark.evaluation.EvaluationPlan;
import dev.ect.spark.training.SparkContexts;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/**
 * Easy Consistency Tuning on a Spark that is there already, which stays the caller's: it is never
 * stopped.
 *
 * <pre>{@code
 * Ect ect = Ect.onSpark(spark);
 * TuningRun run = ect.tune(EctConfig.of("demo").with("data.path", "images.zip"));
 * run.onProgress(System.out::println);
 * TuningResult result = run.join();
 * ect.sample(Sampling.of(result.snapshot()).classes(0, 1, 2).grid("samples.png"));
 * }</pre>
 *
 * <p>What the user can put right is a {@link UserError}, a line for each problem. Paths are on any
 * Hadoop file system. Safe for use by several threads; runs go on beside each other. Methods that
 * wait end when their thread is interrupted, and take their Spark jobs with them.
 */
public final class Ect {
  private final JavaSparkContext spark;
  private final HadoopStore store;
  private final PrintStream out;
  private final Calls calls;

  private Ect(JavaSparkContext spark, HadoopStore store, PrintStream out) {
    this.spark = spark;
    this.store = store;
    this.out = out;
    calls = new Calls(spark.sc());
  }

  /**
   * On a session.
   *
   * @throws UserError if it has been stopped or its JVM or version does not suit, saying how
   */
  public static Ect onSpark(SparkSession session) {
    return onSpark(session.sparkContext());
  }

  /** On a context, as {@link #onSpark(SparkSession)}. */
  public static Ect onSpark(JavaSparkContext context) {
    return onSpark(context.sc());
  }

  /** On a context, as {@link #onSpark(SparkSession)}. */
  public static Ect onSpark(SparkContext context) {
    SparkContexts.requireUsable(context);
    PrintStream silent =
        new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
    return new Ect(
        JavaSparkContext.fromSparkContext(context),
        new HadoopStore(context.hadoopConfiguration(), new DownloadProgress()),
        silent);
  }

  /**
   * Settings for a session that suits the job: what the command line takes.
   *
   * @param master such as {@code local[*]}
   */
  public static SparkConf settings(String master) {
    SparkContexts.requireJdk(Runtime.version().feature());
    JobConfig config =
        JobConfig.of(
            ObjectiveConfig.Kind.TUNING,
            EctConfig.defaults().with("spark.master", master).config());
    return SparkContexts.barrierSettings(config.spark());
  }

  /** The same, saying its lines to somebody; unless told otherwise it is silent. */
  public Ect printingTo(PrintStream lines) {
    return new Ect(spark, store, lines);
  }

  /**
   * Draws a dataset of ten classes, each a shape in a colour of its own; does nothing where there
   * is one.
   *
   * @param path a {@code .zip}, else a folder
   * @param size height and width in pixels, a power of two from 8 to 1024
   * @param count images
   */
  public void synthesize(String path, int size, int count) {
    calls.call(
        "drawing images",
        () -> {
          if (!store.exists(path)) {
            Datasets.synthesize(
                store, path, ImageShape.square(3, size), count, 0, OptionNames.METHODS);
          }
          return null;
        });
  }

  /**
   * Starts to tune a network with the ECT loss. Returns as soon as everything is checked.
   *
   * @throws UserError with a line for everything that is wrong
   */
  public TuningRun tune(EctConfig config) {
    return train(config, ObjectiveConfig.Kind.TUNING);
  }

  /** Starts to train a diffusion model with EDM's loss, as {@link #tune}. */
  public TuningRun pretrain(EctConfig config) {
    return train(config, ObjectiveConfig.Kind.PRETRAINING);
  }

  private TuningRun train(EctConfig config, ObjectiveConfig.Kind kind) {
    SparkContexts.requireUsable(spark.sc());
    try {
      JobConfig read =
          TrainingConfigs.read(
              store, kind, config.config(), EctConfig.defaults().config(), config.problems());
      requireMaster(read);
      SparkContexts.requireBarrier(spark.getConf(), read.spark());
      return TuningRun.start(spark, Training.plan(store, read, spark.getConf()), out);
    } catch (IOException | UserError e) {
      throw Calls.explained(e);
    }
  }

  /** Spark runs where it runs. */
  private void requireMaster(JobConfig config) {
    String wanted = config.spark().master();
    if (!wanted.equals("auto") && !wanted.equals(spark.master())) {
      throw new UserError(
          "spark.master is "
              + wanted
              + ", but this Spark session runs on "
              + spark.master()
              + "; expected the same: leave it out");
    }
  }

  /**
   * Generates images and waits for them.
   *
   * @throws UserError with a line for everything that is wrong
   */
  public void sample(Sampling sampling) {
    sample(sampling, EctConfig.defaults());
  }

  /**
   * Generates images and waits for them.
   *
   * @param config for the sections data, engine, evaluation ({@code batch}) and spark
   * @throws UserError with a line for everything that is wrong
   */
  public void sample(Sampling sampling, EctConfig config) {
    calls.call(
        "generating images",
        () -> {
          SamplePlan plan =
              SamplePlan.of(
                  store,
                  sampling,
                  config.config(),
                  EctConfig.defaults().config(),
                  OptionNames.METHODS,
                  config.problems());
          plan.stage(spark.getConf()).run(spark, store, plan.target(), out);
          return null;
        });
  }

  /**
   * Measures how good a network is, by {@code evaluation.metrics}, and waits for it. What the
   * configuration leaves open is taken from the run directory that the network lies in. Adds lines
   * to {@code metric-<name>.jsonl} beside the network.
   *
   * @param network snapshot
   * @throws UserError with a line for everything that is wrong
   */
  public EvaluationResult evaluate(String network, EctConfig config) {
    return calls.call(
        "evaluating",
        () -> {
          List<String> problems = config.problems();
          JobConfig read = evaluation(network, config, problems);
          EvaluationPlan plan =
              Evaluations.plan(
                  store,
                  read,
                  EvaluationPlan.measurements(read),
                  List.of(network),
                  spark.getConf());
          return evaluate(network, plan);
        });
  }

  /**
   * Measures the FID of two-step sampling over intermediate times and waits for it.
   *
   * @param network snapshot
   * @param grid intermediate times, each more than 0 and less than 80
   * @param num generated images per time, 2 to 1,000,000
   * @throws UserError with a line for everything that is wrong
   */
  public MidTSearch searchMidT(String network, List<Double> grid, int num, EctConfig config) {
    return calls.call(
        "searching mid_t",
        () -> {
          List<String> problems = config.problems();
          MidTSearch.check(grid, num, OptionNames.METHODS, problems);
          JobConfig read = evaluation(network, config.with("evaluation.repeats", 1), problems);
          EvaluationPlan plan =
              Evaluations.plan(
                  store,
                  read,
                  MidTSearch.measurements(grid, num),
                  List.of(network),
                  spark.getConf());
          return MidTSearch.of(evaluate(network, plan).evaluation(), num);
        });
  }

  private JobConfig evaluation(String network, EctConfig config, List<String> problems)
      throws IOException {
    Evaluations.checkNetworks(store, List.of(network), OptionNames.METHODS, problems);
    return EvaluationConfigs.read(
        store, network, config.config(), EctConfig.defaults().config(), problems);
  }

  private EvaluationResult evaluate(String network, EvaluationPlan plan) throws IOException {
    List<EvaluationResult> results = new ArrayList<>();
    Evaluations.run(spark, store, plan, List.of(network), "", out, results::add);
    return results.get(0);
  }

  /**
   * Compares networks with a dataset without a detector, in this JVM; the caller closes it.
   *
   * @param config for {@code data.path} and the section engine
   * @throws UserError with a line for everything that is wrong
   */
  public RandomFeatureComparison compare(EctConfig config) {
    return calls.call(
        "comparing",
        () -> {
          JobConfig read =
              EvaluationConfigs.read(
                  store, "", config.config(), EctConfig.defaults().config(), config.problems());
          String data = read.data().path();
          if (!store.exists(data)) {
            throw new UserError(store.qualified(data) + ": no such dataset (data.path)");
          }
          return RandomFeatureComparison.open(store, data, read.engine());
        });
  }

  /**
   * Writes a checkpoint for PyTorch.
   *
   * @param source a checkpoint, whatever wrote it
   * @param target a {@code .pt}, {@code .pth} or {@code .safetensors} file
   * @return what it holds, in words
   */
  public String export(String source, String target) {
    return calls.call("exporting", () -> CheckpointExports.write(store, source, target, "target"));
  }

  /** What a checkpoint holds, in words. Nothing in it is executed. */
  public String describe(String checkpoint) {
    return calls.call(
        "reading",
        () -> {
          try (Checkpoint file = Checkpoint.open(store, checkpoint)) {
            return file.format() + ": " + CheckpointFiles.describe(file);
          }
        });
  }
}
