package dev.ect.spark.training;

import dev.ect.spark.exchange.ExchangeException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;

/**
 * How the tasks of a stage agree on who is which rank, whatever executor Spark put them on. Ranks
 * stay with the replicas while all of them are there; otherwise all are made anew, in the order of
 * the tasks.
 */
final class RollCall {
  private static final int NOBODY = -1;
  private static final String FAILED = "!";

  private final Function<String, String[]> gather;
  private final int world;

  /**
   * @param gather tells all tasks this one's word; returns those of all, by task
   */
  RollCall(Function<String, String[]> gather, int world) {
    this.gather = gather;
    this.world = world;
  }

  /**
   * Whether every replica is there.
   *
   * @param executor where this task runs; tasks of one run must not share one, as they would share
   *     its device. Empty where they may.
   * @param held the replica that is here and is where the segment starts; null if there is none
   * @return the rank of that replica if all are there, else empty
   * @throws ExchangeException if two tasks share an executor
   */
  OptionalInt standing(String executor, Replica held) {
    if (world == 1) {
      return held == null ? OptionalInt.empty() : OptionalInt.of(held.rank());
    }
    int rank = held == null ? NOBODY : held.rank();
    BitSet present = new BitSet();
    Set<String> executors = new HashSet<>();
    for (String each : gather(rank + " " + executor)) {
      String[] parts = each.split(" ", 2);
      if (!parts[1].isEmpty() && !executors.add(parts[1])) {
        throw new ExchangeException(
            "two tasks of the run share executor "
                + parts[1]
                + "; expected one task per executor: set spark.task.cpus to spark.executor.cores");
      }
      int there = Integer.parseInt(parts[0]);
      if (there != NOBODY) {
        present.set(there);
      }
    }
    return present.cardinality() == world ? OptionalInt.of(rank) : OptionalInt.empty();
  }

  /**
   * Tells all tasks where this one listens.
   *
   * @return where each listens, by task
   * @throws ExchangeException if one of them does not
   */
  List<String> endpoints(String mine) {
    List<String> all = gather(mine);
    List<String> failures = new ArrayList<>();
    for (String each : all) {
      if (each.startsWith(FAILED)) {
        failures.add(each.substring(FAILED.length()));
      }
    }
    if (!failures.isEmpty()) {
      throw new ExchangeException(String.join("; ", failures));
    }
    return all;
  }

  /** Tells all tasks, which wait in {@link #endpoints}, that this one cannot listen. */
  void absent(String reason) {
    gather(FAILED + reason);
  }

  private List<String> gather(String mine) {
    return Arrays.asList(gather.apply(mine));
  }
}
