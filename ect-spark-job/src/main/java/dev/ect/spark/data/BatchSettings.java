package dev.ect.spark.data;

import dev.ect.spark.config.DataConfig;
import dev.ect.spark.config.ObjectiveConfig;

/**
 * How batches are prepared.
 *
 * @param labels whether the network learns class labels
 * @param labelDropout probability with which a label is replaced by zeros
 * @param augment probability of each augmentation; 0 for none
 * @param cacheBytes decoded images kept in memory
 * @param threads that prepare them, at least 1
 * @param prefetch batches prepared ahead of the one that is taken, at least 1
 */
public record BatchSettings(
    boolean labels,
    double labelDropout,
    double augment,
    long cacheBytes,
    int threads,
    int prefetch) {
  private static final int MOST_THREADS = 8;

  /**
   * What a configuration says.
   *
   * @param cores of the task; 0 for all of the machine
   */
  public static BatchSettings of(DataConfig data, ObjectiveConfig objective, int cores) {
    int there = cores > 0 ? cores : Runtime.getRuntime().availableProcessors();
    return new BatchSettings(
        data.cond(),
        objective.labelDropout(),
        objective.augment(),
        ((long) data.cacheMib()) << 20,
        data.threads() > 0 ? data.threads() : Math.min(there, MOST_THREADS),
        data.prefetch());
  }
}
