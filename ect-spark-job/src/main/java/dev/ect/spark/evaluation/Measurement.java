package dev.ect.spark.evaluation;

import dev.ect.model.metrics.Metric;
import java.io.Serializable;
import java.util.List;

/**
 * A metric of images from one sampler.
 *
 * @param metric what is computed
 * @param midT the sampler's intermediate times; empty for one step
 */
public record Measurement(Metric metric, List<Double> midT) implements Serializable {
  private static final long serialVersionUID = 1L;

  public Measurement {
    midT = List.copyOf(midT);
  }
}
