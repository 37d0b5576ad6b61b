package dev.ect.spark.config;

import dev.ect.model.metrics.CovarianceDivisor;
import dev.ect.model.metrics.DetectorKind;
import dev.ect.model.metrics.Metric;
import java.util.Arrays;
import java.util.List;

/**
 * The section {@code evaluation}.
 *
 * @param metrics what to measure
 * @param repeats evaluations, each of other images
 * @param divisor what covariances divide by
 * @param batch images per batch of one device; 0 for automatic
 * @param cache folder for statistics of real images; empty for one beside the dataset
 * @param detectors one of each kind
 */
public record EvaluationConfig(
    List<Metric> metrics,
    int repeats,
    CovarianceDivisor divisor,
    int batch,
    String cache,
    List<DetectorConfig> detectors) {
  private static final int MAX_BATCH = 65_536;
  private static final int MAX_REPEATS = 1000;

  static EvaluationConfig read(ConfigReader in) {
    int batch = in.autoCount("evaluation.batch", 1).orElse(0);
    if (batch > MAX_BATCH) {
      in.problem("evaluation.batch", batch + "; expected at most " + MAX_BATCH);
    }
    String cache = in.string("evaluation.cache");
    return new EvaluationConfig(
        in.parsedList("evaluation.metrics", Metric::of),
        (int) in.integer("evaluation.repeats", 1, MAX_REPEATS),
        in.parsed("evaluation.divisor", CovarianceDivisor::of, CovarianceDivisor.N),
        batch,
        cache.equals("auto") ? "" : cache,
        Arrays.stream(DetectorKind.values()).map(kind -> DetectorConfig.read(in, kind)).toList());
  }

  /** The detector of a kind. */
  public DetectorConfig detector(DetectorKind kind) {
    return detectors.stream().filter(each -> each.kind() == kind).findFirst().orElseThrow();
  }
}
