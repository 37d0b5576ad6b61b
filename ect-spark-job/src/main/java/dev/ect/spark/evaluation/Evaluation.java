package dev.ect.spark.evaluation;

import java.util.List;

/**
 * What is known of a network after its evaluation.
 *
 * @param network where it lies
 * @param weightsSha256 of its parameters as float32, little-endian
 * @param provenance what its file says it is made of, as JSON; empty where it does not
 * @param engine what generated the images, for people
 * @param batch images that were generated at once
 * @param labels which labels they had, for people
 * @param detectors what computed the features, for people
 * @param measured one per measurement and repeat
 */
public record Evaluation(
    String network,
    String weightsSha256,
    String provenance,
    String engine,
    int batch,
    String labels,
    String detectors,
    List<Measured> measured) {

  /** The same with other results. */
  Evaluation with(List<Measured> others) {
    return new Evaluation(
        network, weightsSha256, provenance, engine, batch, labels, detectors, List.copyOf(others));
  }
}
