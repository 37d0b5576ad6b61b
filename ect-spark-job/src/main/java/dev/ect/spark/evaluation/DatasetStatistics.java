package dev.ect.spark.evaluation;

import dev.ect.model.dataset.DatasetIndex;
import dev.ect.model.dataset.DatasetIndexer;
import dev.ect.model.dataset.DatasetOptions;
import dev.ect.model.io.BadFileException;
import dev.ect.model.io.Store;
import dev.ect.model.metrics.CovarianceDivisor;
import dev.ect.model.metrics.DetectorKind;
import dev.ect.model.metrics.FeatureStatistics;
import dev.ect.spark.config.DetectorConfig;
import dev.ect.spark.config.EngineConfig;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.config.UserError;
import dev.ect.spark.data.HadoopStore;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/**
 * Statistics of a dataset's features, by themselves.
 *
 * @param dataset all of its images
 * @param detector whose features
 * @param divisor of the covariance
 * @param engine names the device
 * @param executors that are expected
 * @param threads CPU threads of a task; 0 for all cores of the executor
 */
public record DatasetStatistics(
    DatasetIndex dataset,
    DetectorConfig detector,
    CovarianceDivisor divisor,
    EngineConfig engine,
    int executors,
    int threads) {
  /** Images per batch: the same whatever network they are compared with. */
  static final int BATCH = 64;

  /**
   * Plans the computation.
   *
   * @param threads CPU threads of a task, where the configuration leaves them open
   * @throws UserError with a line for everything that is wrong
   */
  public static DatasetStatistics of(Store store, JobConfig config, DetectorKind kind, int threads)
      throws IOException {
    List<String> problems = new ArrayList<>();
    DetectorConfig detector = config.evaluation().detector(kind);
    detector.check(store, "this", problems);
    DatasetIndex dataset = null;
    try {
      if (config.data().path().isEmpty()) {
        problems.add("data.path is empty; expected the images, an EDM dataset (--data)");
      } else {
        dataset = DatasetIndexer.index(store, config.data().path(), DatasetOptions.ALL);
      }
    } catch (BadFileException | FileNotFoundException e) {
      problems.add(e.getMessage() + " (data.path)");
    }
    if (!problems.isEmpty()) {
      throw new UserError(problems);
    }
    return new DatasetStatistics(
        dataset,
        detector,
        config.evaluation().divisor(),
        config.engine(),
        config.spark().executors(),
        config.engine().threads() > 0 ? config.engine().threads() : threads);
  }

  /**
   * Computes them on the executors and writes them.
   *
   * @param file an {@code .npz} that also says what they are of
   * @param out for progress
   * @throws UserError if something is wrong with the files
   */
  public FeatureStatistics compute(
      JavaSparkContext spark, HadoopStore store, String file, PrintStream out) {
    Broadcast<DatasetIndex> index = spark.broadcast(dataset);
    try {
      Detectors detectors = Detectors.ship(spark, store, List.of(detector), engine);
      Probe.require(spark, null, threads, detectors, dataset.shape());
      List<FeatureRequest> requests =
          List.of(
              new FeatureRequest(
                  0, detector.kind(), FeatureRequest.Output.FEATURES, Long.MAX_VALUE));
      PassSums.Wanted sum = new PassSums.Wanted(0, dataset.size(), false);
      FeatureStage.Pass pass =
          new FeatureStage.Pass(
              "reading",
              "real images",
              new DatasetImages(store, index, dataset.shape()),
              new ImageRange(0, dataset.size()),
              BATCH,
              requests,
              List.of(sum),
              false);
      try (FeatureStage.Done done =
          new FeatureStage(spark, out, executors, threads).run(pass, detectors)) {
        FeatureStatistics found = done.sums().moments(sum).statistics(divisor);
        String sha256 = detectors.files().get(detector.kind()).sha256();
        Reference.write(store, file, found, sha256, dataset.contentKey());
        return found;
      }
    } catch (Exception e) {
      throw StageFailure.explained(e);
    } finally {
      if (!spark.sc().isStopped()) {
        index.destroy();
      }
    }
  }
}
