package dev.ect.model.dataset;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class VirtualShardsTest {
  private static final VirtualShards SHARDS = new VirtualShards(103, 4, 12, 5);

  @Test
  void cutsAllImagesIntoConsecutiveShardsOfAlmostEqualSize() {
    int next = 0;
    for (int shard = 0; shard < 4; shard++) {
      assertEquals(next, SHARDS.first(shard));
      assertTrue(SHARDS.size(shard) == 25 || SHARDS.size(shard) == 26);
      next += SHARDS.size(shard);
    }
    assertEquals(103, next);
    VirtualShards large = new VirtualShards(2_000_000_000, 64, 64, 0);
    assertEquals(2_000_000_000, large.first(63) + large.size(63));
  }

  @Test
  void everyShardGivesEachOfItsImagesOncePerPass() {
    BatchOrder order = new BatchOrder(SHARDS);
    List<List<Integer>> drawn =
        new ArrayList<>(
            List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>()));
    for (int step = 0; step < 26; step++) {
      for (int slot = 0; slot < 12; slot++) {
        drawn.get(slot % 4).add(order.image(step, slot));
      }
    }
    for (int shard = 0; shard < 4; shard++) {
      int size = SHARDS.size(shard);
      int first = SHARDS.first(shard);
      List<Integer> all = IntStream.range(first, first + size).boxed().toList();
      List<Integer> previous = all;
      for (int pass = 0; pass < 3; pass++) {
        List<Integer> images =
            new ArrayList<>(drawn.get(shard).subList(pass * size, (pass + 1) * size));
        assertNotEquals(previous, images);
        previous = List.copyOf(images);
        Collections.sort(images);
        assertEquals(all, images);
      }
    }
  }

  @Test
  void isTheSameInWhateverOrderItIsAsked() {
    int[] forward =
        IntStream.range(0, 600).map(i -> new BatchOrder(SHARDS).image(i / 12, i % 12)).toArray();
    BatchOrder order = new BatchOrder(SHARDS);
    int[] backward = new int[600];
    for (int i = 599; i >= 0; i--) {
      backward[i] = order.image(i / 12, i % 12);
    }
    assertArrayEquals(forward, backward);
  }

  @Test
  void isPinnedBySeed() {
    // A change of these numbers means that resumed runs no longer see the images they would have
    // seen.
    BatchOrder order = new BatchOrder(new VirtualShards(20, 2, 4, 7));
    int[] first = IntStream.range(0, 12).map(i -> order.image(i / 4, i % 4)).toArray();
    assertArrayEquals(new int[] {3, 14, 2, 17, 7, 11, 8, 15, 1, 18, 9, 12}, first);
    BatchOrder other = new BatchOrder(new VirtualShards(20, 2, 4, 8));
    assertNotEquals(
        Arrays.toString(first),
        Arrays.toString(IntStream.range(0, 12).map(i -> other.image(i / 4, i % 4)).toArray()));
  }

  @Test
  void takesTheMostShardsThatFitTheBatch() {
    assertEquals(64, VirtualShards.of(50_000, 64, 128, 0).shards());
    assertEquals(8, VirtualShards.of(50_000, 64, 8, 0).shards());
    assertEquals(48, VirtualShards.of(50_000, 64, 96, 0).shards());
    assertEquals(5, VirtualShards.of(7, 64, 10, 0).shards());
    assertEquals(1, VirtualShards.of(1, 64, 127, 0).shards());
  }

  @Test
  void refusesShardsThatDoNotFit() {
    IllegalArgumentException thrown =
        assertThrows(IllegalArgumentException.class, () -> new VirtualShards(50, 64, 128, 0));
    assertEquals(
        "64 virtual shards of 50 images for a batch of 128; expected 1 to the number of images, and a divisor of the batch",
        thrown.getMessage());
    assertThrows(IllegalArgumentException.class, () -> new VirtualShards(50, 3, 8, 0));
    assertThrows(IndexOutOfBoundsException.class, () -> new BatchOrder(SHARDS).image(0, 12));
  }
}
