package dev.ect.spark.training;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * The replicas that live in this JVM between the segments of their runs, and which runs have some
 * at work. This is the only state that outlives a task; a run takes its replicas out at its end.
 */
final class Replicas {
  private record Key(String run, int rank) {}

  private static final ConcurrentMap<Key, Replica> LIVING = new ConcurrentHashMap<>();

  private static final ConcurrentMap<String, Integer> WORKING = new ConcurrentHashMap<>();

  private Replicas() {}

  /** A task of a run begins. */
  static void enter(String run) {
    WORKING.merge(run, 1, Integer::sum);
  }

  /** A task of a run has ended. */
  static void leave(String run) {
    WORKING.computeIfPresent(run, (key, tasks) -> tasks == 1 ? null : tasks - 1);
  }

  /** Whether a task of a run is at work. */
  static boolean isWorking(String run) {
    return WORKING.containsKey(run);
  }

  /**
   * Takes a run's replica out of the map: the one of a rank where it is here, else any. Executors
   * hold one; only in a local run may several share a JVM.
   *
   * @return null if there is none here
   */
  static Replica take(String run, int rank) {
    Replica own = LIVING.remove(new Key(run, rank));
    if (own != null) {
      return own;
    }
    for (Key key : LIVING.keySet()) {
      Replica other = key.run().equals(run) ? LIVING.remove(key) : null;
      if (other != null) {
        return other;
      }
    }
    return null;
  }

  /** Takes all of a run's replicas out of the map. */
  static List<Replica> takeAll(String run) {
    List<Replica> taken = new ArrayList<>();
    for (Map.Entry<Key, Replica> each : LIVING.entrySet()) {
      if (each.getKey().run().equals(run) && LIVING.remove(each.getKey(), each.getValue())) {
        taken.add(each.getValue());
      }
    }
    return taken;
  }

  /** Keeps a replica for the run's next segment. */
  static void keep(String run, Replica replica) {
    Replica before = LIVING.put(new Key(run, replica.rank()), replica);
    if (before != null && before != replica) {
      before.close();
    }
  }
}
