package dev.ect.spark.evaluation;

import dev.ect.model.metrics.DetectorKind;
import java.io.Serializable;

/**
 * What a stage is to compute of every image.
 *
 * @param variant of the image source
 * @param detector which network
 * @param output which of its outputs
 * @param limit how many images, the first ones
 */
record FeatureRequest(int variant, DetectorKind detector, Output output, long limit)
    implements Serializable {
  private static final long serialVersionUID = 1L;

  /** Outputs of a detector. */
  enum Output {
    /** What distances are computed of. */
    FEATURES,
    /** Class probabilities: Inception only. */
    PROBABILITIES
  }
}
