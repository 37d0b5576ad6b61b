package dev.ect.spark.training;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * The replicas that live in this executor between the segments of their runs, by run. This is the
 * only state that outlives a task; a run takes its replica out at its end.
 */
final class Replicas {
  private static final ConcurrentMap<String, Replica> LIVING = new ConcurrentHashMap<>();

  private Replicas() {}

  /** Takes a run's replica out of the map; null if there is none here. */
  static Replica take(String runKey) {
    return LIVING.remove(runKey);
  }

  /** Keeps a replica for the run's next segment. */
  static void keep(String runKey, Replica replica) {
    Replica before = LIVING.put(runKey, replica);
    if (before != null && before != replica) {
      before.close();
    }
  }
}
