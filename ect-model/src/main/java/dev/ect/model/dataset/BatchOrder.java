package dev.ect.model.dataset;

import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Tells which image stands where in which batch; keeps the current shuffle of each shard. Safe for
 * use by several threads.
 */
public final class BatchOrder {
  private record Shuffle(long pass, int[] order) {}

  private final VirtualShards shards;
  private final AtomicReferenceArray<Shuffle> shuffles;

  /** The order that {@code shards} describes. */
  public BatchOrder(VirtualShards shards) {
    this.shards = shards;
    shuffles = new AtomicReferenceArray<>(shards.shards());
  }

  /**
   * The image for a place.
   *
   * @param step optimiser step, from 0
   * @param slot position in the global batch, 0 to batch - 1
   * @return number of the image in the dataset
   */
  public int image(long step, int slot) {
    if (step < 0 || slot < 0 || slot >= shards.batch()) {
      throw new IndexOutOfBoundsException(
          "slot " + slot + " of step " + step + "; expected 0 to " + (shards.batch() - 1));
    }
    int shard = shards.shardOf(slot);
    long drawn = Math.multiplyExact(step, (long) shards.perBatch()) + slot / shards.shards();
    int size = shards.size(shard);
    long pass = drawn / size;
    Shuffle shuffle = shuffles.get(shard);
    if (shuffle == null || shuffle.pass() != pass) {
      // Two threads may both compute it; the results are equal.
      shuffle = new Shuffle(pass, shards.shuffle(shard, pass));
      shuffles.set(shard, shuffle);
    }
    return shards.first(shard) + shuffle.order()[(int) (drawn % size)];
  }
}
