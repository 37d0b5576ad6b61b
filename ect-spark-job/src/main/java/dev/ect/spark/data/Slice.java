package dev.ect.spark.data;

import dev.ect.model.dataset.VirtualShards;
import java.util.stream.IntStream;

/** Which places of the global batch belong to which executor: those of the shards it owns. */
public final class Slice {
  private Slice() {}

  /**
   * The places of one executor, rising. Shard s belongs to rank s mod world.
   *
   * @param rank of the executor, from 0
   * @param world number of executors
   */
  public static int[] slots(VirtualShards shards, int rank, int world) {
    return IntStream.range(0, shards.batch())
        .filter(slot -> shards.shardOf(slot) % world == rank)
        .toArray();
  }
}
