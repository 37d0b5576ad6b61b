package dev.ect.spark.evaluation;

import dev.ect.model.checkpoint.NetworkSnapshot;
import dev.ect.model.dataset.DatasetIndex;
import dev.ect.model.dataset.DatasetIndexer;
import dev.ect.model.dataset.DatasetOptions;
import dev.ect.model.dataset.ImageShape;
import dev.ect.model.io.BadFileException;
import dev.ect.model.io.Store;
import dev.ect.model.metrics.CovarianceDivisor;
import dev.ect.model.metrics.DetectorKind;
import dev.ect.model.metrics.Metric;
import dev.ect.model.metrics.MetricFamily;
import dev.ect.model.network.NetworkSpec;
import dev.ect.spark.config.ConfigSources;
import dev.ect.spark.config.DetectorConfig;
import dev.ect.spark.config.EngineConfig;
import dev.ect.spark.config.EvaluationConfig;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.config.UserError;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * An evaluation that can start.
 *
 * @param measurements what to measure
 * @param config how
 * @param engine what generates
 * @param seed of all generated images
 * @param dataset the real images, all of them; empty where none are needed
 * @param references statistics of real images that the user has given
 * @param executors that are expected
 * @param threads CPU threads of a task; 0 for all cores of the executor
 * @param configuration all of it, as JSON, for the results
 */
public record EvaluationPlan(
    List<Measurement> measurements,
    EvaluationConfig config,
    EngineConfig engine,
    long seed,
    Optional<DatasetIndex> dataset,
    Map<DetectorKind, Reference> references,
    int executors,
    int threads,
    String configuration) {

  /** The configured metrics with the samplers that their names ask for. */
  public static List<Measurement> measurements(JobConfig config) {
    return config.evaluation().metrics().stream()
        .map(metric -> new Measurement(metric, metric.twoStep() ? config.run().midT() : List.of()))
        .toList();
  }

  /**
   * Plans an evaluation.
   *
   * @param threads CPU threads of a task, where the configuration leaves them open
   * @throws UserError with a line for everything that is wrong
   */
  public static EvaluationPlan of(
      Store store, JobConfig config, List<Measurement> measurements, int threads)
      throws IOException {
    List<String> problems = new ArrayList<>();
    if (measurements.isEmpty()) {
      problems.add("evaluation.metrics is empty; expected at least one metric");
    }
    for (Measurement each : measurements) {
      if (each.metric().twoStep() && each.midT().size() != 1) {
        problems.add(
            "run.mid-t is "
                + each.midT()
                + "; expected one intermediate time for "
                + each.metric().name());
      }
    }
    Map<DetectorKind, Reference> references = new EnumMap<>(DetectorKind.class);
    for (DetectorKind kind : detectors(measurements)) {
      checkDetector(store, config.evaluation().detector(kind), measurements, problems);
      reference(store, config.evaluation().detector(kind), problems)
          .ifPresent(found -> references.put(kind, found));
    }
    Optional<DatasetIndex> dataset = dataset(store, config, measurements, problems);
    if (!problems.isEmpty()) {
      throw new UserError(problems);
    }
    return new EvaluationPlan(
        List.copyOf(measurements),
        config.evaluation(),
        config.engine(),
        config.run().seed(),
        dataset,
        references,
        config.spark().executors(),
        config.engine().threads() > 0 ? config.engine().threads() : threads,
        ConfigSources.json(config.resolved()));
  }

  private static Set<DetectorKind> detectors(List<Measurement> measurements) {
    Set<DetectorKind> kinds = EnumSet.noneOf(DetectorKind.class);
    measurements.forEach(each -> kinds.add(each.metric().family().detector()));
    return kinds;
  }

  private static void checkDetector(
      Store store, DetectorConfig detector, List<Measurement> measurements, List<String> problems)
      throws IOException {
    Metric metric =
        measurements.stream()
            .map(Measurement::metric)
            .filter(each -> each.family().detector() == detector.kind())
            .findFirst()
            .orElseThrow();
    detector.check(store, metric.name(), problems);
  }

  private static Optional<Reference> reference(
      Store store, DetectorConfig detector, List<String> problems) throws IOException {
    if (detector.reference().isEmpty()) {
      return Optional.empty();
    }
    String key = " (evaluation." + detector.kind().id() + ".reference)";
    try {
      Reference found = Reference.read(store, detector.reference());
      if (found.statistics().width() == detector.width()) {
        return Optional.of(found);
      }
      problems.add(
          detector.reference()
              + ": is of "
              + found.statistics().width()
              + " features; expected "
              + detector.width()
              + " as the detector gives"
              + key);
    } catch (BadFileException | FileNotFoundException e) {
      problems.add(e.getMessage() + key);
    }
    return Optional.empty();
  }

  private static Optional<DatasetIndex> dataset(
      Store store, JobConfig config, List<Measurement> measurements, List<String> problems)
      throws IOException {
    String path = config.data().path();
    Optional<Measurement> needed =
        measurements.stream()
            .filter(each -> each.metric().family().needsReal())
            .filter(each -> !hasReference(config.evaluation(), each.metric().family()))
            .findFirst();
    if (path.isEmpty()) {
      needed.ifPresent(
          each ->
              problems.add(
                  "data.path is empty; expected the real images, an EDM dataset, for "
                      + each.metric().name()));
      return Optional.empty();
    }
    if (needed.isEmpty() && !store.exists(path)) {
      // Statistics from elsewhere take its place.
      return Optional.empty();
    }
    try {
      DatasetIndex index = DatasetIndexer.index(store, path, DatasetOptions.ALL);
      int fewest =
          measurements.stream()
              .map(each -> each.metric().family())
              .filter(MetricFamily::needsReal)
              .mapToInt(MetricFamily::fewest)
              .max()
              .orElse(1);
      if (index.size() < fewest) {
        problems.add(
            path
                + ": has "
                + index.size()
                + " images; expected at least "
                + fewest
                + " (data.path)");
      }
      return Optional.of(index);
    } catch (BadFileException | FileNotFoundException e) {
      problems.add(e.getMessage() + " (data.path)");
      return Optional.empty();
    }
  }

  private static boolean hasReference(EvaluationConfig config, MetricFamily family) {
    return family.isFrechet() && !config.detector(family.detector()).reference().isEmpty();
  }

  /**
   * Checks that networks make images like the real ones, before anything long starts.
   *
   * @param networks snapshots
   * @throws UserError with a line for each that does not
   */
  public void requireFit(Store store, List<String> networks) throws IOException {
    List<String> problems = new ArrayList<>();
    for (String network : networks) {
      try (NetworkSnapshot snapshot = NetworkSnapshot.open(store, network)) {
        String misfit = misfit(snapshot.spec());
        if (!misfit.isEmpty()) {
          problems.add(network + ": " + misfit);
        }
      } catch (BadFileException e) {
        problems.add(e.getMessage());
      }
    }
    if (!problems.isEmpty()) {
      throw new UserError(problems);
    }
  }

  private String misfit(NetworkSpec spec) {
    if (dataset.isEmpty()) {
      return "";
    }
    DatasetIndex real = dataset.get();
    ImageShape shape = ImageShape.square(spec.imgChannels(), spec.imgResolution());
    String rightly = " as the dataset's " + real.path();
    if (!shape.equals(real.shape())) {
      return "makes images of " + shape + "; expected " + real.shape() + rightly;
    }
    return spec.labelDim() > 0 && spec.labelDim() != real.labelDim()
        ? "takes labels of width " + spec.labelDim() + "; expected " + real.labelDim() + rightly
        : "";
  }

  /** What a family's covariances are divided by. */
  CovarianceDivisor divisor(MetricFamily family) {
    return family == MetricFamily.FD_DINOV2 ? CovarianceDivisor.N_MINUS_1 : config.divisor();
  }

  /** The detectors that it takes. */
  List<DetectorConfig> detectors() {
    return detectors(measurements).stream().map(config::detector).toList();
  }
}
