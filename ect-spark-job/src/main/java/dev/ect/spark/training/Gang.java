package dev.ect.spark.training;

import dev.ect.spark.exchange.Invitation;
import java.io.Serializable;

/**
 * The replicas that train together until one of them is lost.
 *
 * @param number tells the run's gangs apart, from 0
 * @param world number of replicas
 * @param invitation to the parameter server that they meet at; null for a single replica
 */
record Gang(int number, int world, Invitation invitation) implements Serializable {
  private static final long serialVersionUID = 1L;
}
