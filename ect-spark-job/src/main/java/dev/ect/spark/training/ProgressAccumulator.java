package dev.ect.spark.training;

import dev.ect.spark.report.LiveProgress;
import org.apache.spark.util.AccumulatorV2;

/**
 * Carries a replica's progress to the driver with the executor's heartbeats, while its task runs:
 * that needs no port, no plugin and no setting, so it works in every Spark application.
 */
final class ProgressAccumulator extends AccumulatorV2<LiveProgress, LiveProgress> {
  private static final long serialVersionUID = 1L;

  /** Its name in Spark's events. */
  static final String NAME = "ect progress";

  private volatile LiveProgress latest;

  @Override
  public boolean isZero() {
    return latest == null;
  }

  @Override
  public ProgressAccumulator copy() {
    ProgressAccumulator copy = new ProgressAccumulator();
    copy.latest = latest;
    return copy;
  }

  @Override
  public void reset() {
    latest = null;
  }

  @Override
  public void add(LiveProgress progress) {
    latest = progress;
  }

  @Override
  public void merge(AccumulatorV2<LiveProgress, LiveProgress> other) {
    LiveProgress theirs = other.value();
    LiveProgress ours = latest;
    if (theirs != null && (ours == null || theirs.step() > ours.step())) {
      latest = theirs;
    }
  }

  @Override
  public LiveProgress value() {
    return latest;
  }
}
