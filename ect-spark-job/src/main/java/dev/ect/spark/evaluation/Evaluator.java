package dev.ect.spark.evaluation;

import dev.ect.model.dataset.DatasetIndex;
import dev.ect.model.dataset.ImageShape;
import dev.ect.model.metrics.Metric;
import dev.ect.model.network.Network;
import dev.ect.model.network.NetworkSpec;
import dev.ect.spark.config.UserError;
import dev.ect.spark.data.HadoopStore;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/**
 * Evaluates networks on Spark: images are generated on the executors by number, their features
 * reduced to sums. The features of the real images are computed once for all networks.
 */
public final class Evaluator implements AutoCloseable {
  private final JavaSparkContext spark;
  private final EvaluationPlan plan;
  private final HadoopStore store;
  private final PrintStream out;
  private final Detectors detectors;
  private final FeatureStage stage;
  private final Optional<Broadcast<DatasetIndex>> dataset;

  // From the first network on.
  private Probe.Found found;
  private RealFeatures real;

  private Evaluator(
      JavaSparkContext spark,
      HadoopStore store,
      EvaluationPlan plan,
      PrintStream out,
      Detectors detectors) {
    this.spark = spark;
    this.store = store;
    this.plan = plan;
    this.out = out;
    this.detectors = detectors;
    stage = new FeatureStage(spark, out, plan.executors(), plan.threads());
    dataset = plan.dataset().map(spark::broadcast);
  }

  /**
   * Sends the detectors to the executors.
   *
   * @param spark stays the caller's
   * @param out for progress
   * @throws dev.ect.model.io.BadFileException if a detector is not what it should be
   * @throws UserError if given statistics are of another detector
   */
  public static Evaluator open(
      JavaSparkContext spark, HadoopStore store, EvaluationPlan plan, PrintStream out)
      throws IOException {
    Detectors detectors = Detectors.ship(spark, store, plan.detectors(), plan.engine());
    detectors.requireOwn(plan.references());
    return new Evaluator(spark, store, plan, out, detectors);
  }

  /**
   * Tries on an executor whether engine and detectors work with a network's images.
   *
   * @throws UserError with a line for everything that does not
   */
  public void tryOut(NetworkSpec spec) {
    if (found == null) {
      try {
        found = Probe.require(spark, plan.engine(), plan.threads(), detectors, shape(spec));
      } catch (Exception e) {
        throw StageFailure.explained(e);
      }
    }
  }

  private static ImageShape shape(NetworkSpec spec) {
    return ImageShape.square(spec.imgChannels(), spec.imgResolution());
  }

  /** Takes what an evaluation has found out. */
  @FunctionalInterface
  public interface Sink {
    /** Takes the results of one repeat, as soon as it has ended. */
    void add(Evaluation repeat);
  }

  /**
   * Evaluates a network, as often as the plan says.
   *
   * @param path a network snapshot
   * @param sink takes the results of each repeat
   * @return the results of all
   * @throws UserError if it does not fit the plan, or something is wrong with the files
   * @throws StageLostException if Spark has given up
   */
  public Evaluation evaluate(String path, Sink sink) throws IOException {
    plan.requireFit(store, List.of(path));
    NetworkCopy copy = NetworkCopy.read(store, path);
    NetworkSpec spec = copy.spec();
    SampleLabels labels = labels(spec);
    String digest = copy.digest();
    Broadcast<NetworkCopy> network = spark.broadcast(copy);
    Broadcast<SampleLabels> shared = spark.broadcast(labels);
    try {
      tryOut(spec);
      int batch = batch(spec);
      prepareReal();
      GeneratedImages source =
          new GeneratedImages(
              network, shared, List.of(), plan.seed(), plan.engine(), shape(spec), false);
      Comparison comparison = new Comparison(spark.sc(), plan, stage, detectors, real, out);
      List<Measured> measured = new ArrayList<>();
      Evaluation all =
          new Evaluation(
              path,
              digest,
              copy.provenance(),
              found.engine(),
              batch,
              labels.description(),
              detectors.describe(),
              measured);
      for (int repeat = 0; repeat < plan.config().repeats(); repeat++) {
        List<Measured> some = comparison.measure(source, batch, repeat);
        sink.add(all.with(some));
        measured.addAll(some);
      }
      return all;
    } catch (Exception e) {
      throw StageFailure.explained(e);
    } finally {
      if (!spark.sc().isStopped()) {
        network.destroy();
        shared.destroy();
      }
    }
  }

  private SampleLabels labels(NetworkSpec spec) {
    if (spec.labelDim() == 0) {
      return SampleLabels.none();
    }
    return plan.dataset().map(SampleLabels::of).orElse(SampleLabels.anyClass(spec.labelDim()));
  }

  private int batch(NetworkSpec spec) {
    int configured = plan.config().batch();
    return configured > 0
        ? configured
        : BatchSize.of(NetworkCost.of(Network.of(spec)), found.gpu());
  }

  private void prepareReal() throws IOException {
    if (real != null) {
      return;
    }
    ImageSource source =
        dataset.map(index -> new DatasetImages(store, index, index.value().shape())).orElse(null);
    ReferenceStatistics cache =
        plan.dataset()
            .map(index -> new ReferenceStatistics(store, plan.config().cache(), index, out))
            .orElse(null);
    real = RealFeatures.prepare(plan, stage, detectors, source, cache);
  }

  /** The name of a metric's results in a folder. */
  public static String file(Metric metric) {
    return "metric-" + metric.name() + ".jsonl";
  }

  /**
   * Adds results to the files {@code metric-<name>.jsonl} of a folder.
   *
   * @param kimg thousand images of the training so far; null where that is not known
   */
  public void keep(String folder, Evaluation evaluation, Double kimg) throws IOException {
    new ResultFiles(store, plan, detectors).write(folder, evaluation, kimg);
  }

  @Override
  public void close() {
    if (real != null) {
      real.close();
    }
    if (!spark.sc().isStopped()) {
      dataset.ifPresent(Broadcast::destroy);
    }
  }
}
