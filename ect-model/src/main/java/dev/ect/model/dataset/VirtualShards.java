package dev.ect.model.dataset;

import dev.ect.model.random.Philox;
import dev.ect.model.random.Purpose;
import java.io.Serializable;

/**
 * The order in which a run uses its images: a function of these values alone, whoever computes it.
 *
 * <p>The images are cut into shards of consecutive images whose sizes differ by at most one. Slot j
 * of the global batch always draws from shard j mod {@code shards}, in that shard's own shuffle per
 * pass, so that every image of a shard comes exactly once per pass. The batch is a multiple of the
 * number of shards; otherwise some shards would be drawn from more often than others.
 *
 * @param images number of images in the dataset
 * @param shards number of shards, at least 1, at most {@code images}, a divisor of {@code batch}
 * @param batch global batch size
 * @param seed of the shuffles
 */
public record VirtualShards(int images, int shards, int batch, long seed) implements Serializable {
  private static final long serialVersionUID = 1;

  public VirtualShards {
    if (shards < 1 || shards > images || batch < 1 || batch % shards != 0) {
      throw new IllegalArgumentException(
          shards
              + " virtual shards of "
              + images
              + " images for a batch of "
              + batch
              + "; expected 1 to the number of images, and a divisor of the batch");
    }
  }

  /**
   * As many shards as possible: the largest divisor of the batch that exceeds neither {@code
   * maxShards} nor the number of images.
   */
  public static VirtualShards of(int images, int maxShards, int batch, long seed) {
    int shards = Math.min(Math.min(images, maxShards), batch);
    while (shards > 1 && batch % shards != 0) {
      shards--;
    }
    return new VirtualShards(images, shards, batch, seed);
  }

  /** The shard that a slot of the global batch draws from. */
  public int shardOf(int slot) {
    return slot % shards;
  }

  /** First image of a shard. */
  public int first(int shard) {
    return (int) ((long) images * shard / shards);
  }

  /** Number of images in a shard. */
  public int size(int shard) {
    return first(shard + 1) - first(shard);
  }

  /** Number of images that a shard gives to every batch. */
  public int perBatch() {
    return batch / shards;
  }

  /**
   * The order of a shard's images in a pass over them, as numbers from {@link #first}. Costs time
   * and memory in proportion to the size.
   */
  public int[] shuffle(int shard, long pass) {
    return new Philox(seed, Purpose.SHUFFLE, pass, shard).permutation(size(shard));
  }
}
