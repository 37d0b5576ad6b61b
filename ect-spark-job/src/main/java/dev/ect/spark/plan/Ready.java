package dev.ect.spark.plan;

import java.io.Serializable;

/**
 * A moment of a round at which a part of the gradient is ready to travel.
 *
 * @param time share of the round's time that has passed
 * @param share of the gradient's values that will not change any more
 */
public record Ready(double time, double share) implements Serializable {
  private static final long serialVersionUID = 1L;
}
