package dev.ect.spark.evaluation;

import dev.ect.model.io.Sha256;
import dev.ect.model.io.Store;
import dev.ect.model.metrics.FeatureStatistics;
import java.io.IOException;
import java.util.Map;

/**
 * Statistics of real images that the user has given.
 *
 * @param path the file
 * @param sha256 of the file
 * @param detector SHA-256 of the detector that they are of; empty where the file does not say
 * @param statistics mean and covariance
 */
public record Reference(String path, String sha256, String detector, FeatureStatistics statistics) {
  private static final String DETECTOR = "detector";
  private static final String DATASET = "dataset";

  /** Reads a file. */
  static Reference read(Store store, String path) throws IOException {
    return new Reference(
        path,
        Sha256.ofFile(store, path),
        FeatureStatistics.metadata(store, path).getOrDefault(DETECTOR, ""),
        FeatureStatistics.read(store, path));
  }

  /** Writes a file that says what its statistics are of, by SHA-256. */
  static void write(
      Store store, String path, FeatureStatistics statistics, String detector, String dataset)
      throws IOException {
    statistics.write(store, path, Map.of(DETECTOR, detector, DATASET, dataset));
  }
}
