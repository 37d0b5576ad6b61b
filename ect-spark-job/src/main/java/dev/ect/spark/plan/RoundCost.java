package dev.ect.spark.plan;

import java.io.Serializable;

/**
 * What a round costs: forward and backward passes of some images at once.
 *
 * @param images of the round
 * @param seconds median
 */
public record RoundCost(int images, double seconds) implements Serializable {
  private static final long serialVersionUID = 1L;
}
