package dev.ect.spark.evaluation;

import dev.ect.model.dataset.DatasetIndex;
import dev.ect.model.metrics.CovarianceDivisor;
import dev.ect.model.metrics.DetectorKind;
import dev.ect.model.metrics.FeatureStatistics;
import dev.ect.model.metrics.Metric;
import dev.ect.model.metrics.MetricFamily;
import dev.ect.spark.evaluation.FeatureRequest.Output;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What the real images are to a plan's measurements: statistics, given or kept or computed, and
 * features, computed once and left on the executors' disks until this is closed.
 */
final class RealFeatures implements AutoCloseable {
  private final Map<DetectorKind, FeatureStatistics> statistics = new EnumMap<>(DetectorKind.class);
  private final List<FeatureRequest> requests = new ArrayList<>();
  private final int images;
  private final FeatureStage.Done kept;

  private RealFeatures(int images, FeatureStage.Done kept, List<FeatureRequest> requests) {
    this.images = images;
    this.kept = kept;
    this.requests.addAll(requests);
  }

  /**
   * Computes what is needed and not known yet, in one pass.
   *
   * @param source the real images; null where a plan needs none
   * @param cache null where a plan has no dataset
   */
  static RealFeatures prepare(
      EvaluationPlan plan,
      FeatureStage stage,
      Detectors detectors,
      ImageSource source,
      ReferenceStatistics cache)
      throws IOException {
    Map<DetectorKind, FeatureStatistics> known = new EnumMap<>(DetectorKind.class);
    plan.references().forEach((kind, reference) -> known.put(kind, reference.statistics()));
    Set<DetectorKind> wanted = EnumSet.noneOf(DetectorKind.class);
    Map<DetectorKind, Integer> keep = new EnumMap<>(DetectorKind.class);
    for (Measurement each : plan.measurements()) {
      MetricFamily family = each.metric().family();
      if (family.isFrechet() && !known.containsKey(family.detector())) {
        wanted.add(family.detector());
      } else if (family == MetricFamily.KID || family == MetricFamily.PRECISION_RECALL) {
        keep.merge(family.detector(), most(family), Math::max);
      }
    }
    for (DetectorKind kind : List.copyOf(wanted)) {
      Optional<FeatureStatistics> found = cache.read(kind.id(), detectors.files().get(kind));
      if (found.isPresent()) {
        known.put(kind, found.get());
        wanted.remove(kind);
      }
    }
    Set<DetectorKind> compute = EnumSet.copyOf(wanted);
    compute.addAll(keep.keySet());
    if (compute.isEmpty()) {
      return with(known, new RealFeatures(size(plan), null, List.of()));
    }
    int size = size(plan);
    List<FeatureRequest> requests =
        compute.stream()
            .map(
                kind ->
                    new FeatureRequest(
                        0,
                        kind,
                        Output.FEATURES,
                        wanted.contains(kind) ? size : Math.min(size, keep.get(kind))))
            .toList();
    int count = requests.stream().mapToInt(each -> (int) each.limit()).max().orElseThrow();
    Map<DetectorKind, PassSums.Wanted> sums = new EnumMap<>(DetectorKind.class);
    for (FeatureRequest request : requests) {
      if (wanted.contains(request.detector())) {
        sums.put(request.detector(), new PassSums.Wanted(requests.indexOf(request), count, false));
      }
    }
    FeatureStage.Done done =
        stage.run(
            new FeatureStage.Pass(
                "reading",
                "real images",
                source,
                new ImageRange(0, count),
                DatasetStatistics.BATCH,
                requests,
                List.copyOf(sums.values()),
                !keep.isEmpty()),
            detectors);
    RealFeatures features = new RealFeatures(size, done, requests);
    try {
      for (Map.Entry<DetectorKind, PassSums.Wanted> sum : sums.entrySet()) {
        FeatureStatistics computed =
            done.sums().moments(sum.getValue()).statistics(CovarianceDivisor.N);
        cache.write(sum.getKey().id(), detectors.files().get(sum.getKey()), computed);
        known.put(sum.getKey(), computed);
      }
    } catch (RuntimeException e) {
      features.close();
      throw e;
    }
    return with(known, features);
  }

  private static RealFeatures with(
      Map<DetectorKind, FeatureStatistics> known, RealFeatures features) {
    features.statistics.putAll(known);
    return features;
  }

  private static int size(EvaluationPlan plan) {
    return plan.dataset().map(DatasetIndex::size).orElse(0);
  }

  private static int most(MetricFamily family) {
    return family == MetricFamily.KID ? Metric.KID_MAX_REAL : Metric.PR_MAX_REAL;
  }

  /** Mean and covariance of a detector's features. */
  FeatureStatistics statistics(DetectorKind kind) {
    return statistics.get(kind);
  }

  /** The features that a family takes. */
  SetFeatures features(MetricFamily family) {
    int request =
        requests.stream().map(FeatureRequest::detector).toList().indexOf(family.detector());
    return new SetFeatures(kept.chunks(), request, Math.min(images, most(family)));
  }

  @Override
  public void close() {
    if (kept != null) {
      kept.close();
    }
  }
}
