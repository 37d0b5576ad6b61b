package dev.ect.spark.training;

import dev.ect.model.tuning.Progress;
import java.io.Serializable;

/**
 * Steps that one barrier stage does.
 *
 * @param fromStep steps done before
 * @param fromImages images processed before
 * @param toStep steps done at its end
 * @param last whether the run ends there
 * @param evaluated whether the network is evaluated there, so that its snapshot must be on disk
 */
record Segment(long fromStep, long fromImages, long toStep, boolean last, boolean evaluated)
    implements Serializable {
  private static final long serialVersionUID = 1L;

  static Segment from(Progress progress, long toStep, boolean last, boolean evaluated) {
    return new Segment(progress.step(), progress.images(), toStep, last, evaluated);
  }

  Progress start() {
    return new Progress(fromStep, fromImages);
  }
}
