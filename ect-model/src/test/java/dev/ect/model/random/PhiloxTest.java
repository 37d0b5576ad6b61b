package dev.ect.model.random;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PhiloxTest {
  private static Philox stream(long seed, long step, long position) {
    return new Philox(seed, Purpose.NOISE, step, position);
  }

  /**
   * Known answers of the Random123 distribution, {@code kat_vectors}, philox4x32 with 10 rounds.
   */
  @Test
  void blocksAreTheKnownAnswers() {
    int[] out = new int[4];
    Philox.block(0, 0, 0, 0, 0, 0, out);
    assertArrayEquals(new int[] {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}, out);
    Philox.block(-1, -1, -1, -1, -1, -1, out);
    assertArrayEquals(new int[] {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}, out);
    Philox.block(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, out);
    assertArrayEquals(new int[] {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}, out);
  }

  @Test
  void aStreamIsTheBlocksOfItsAddress() {
    Philox stream = new Philox(0x299f31d0_a4093822L, Purpose.SHUFFLE, 0x56_13198a2eL, 0x85a308d3L);
    int[] out = new int[4];
    for (int counter = 0; counter < 3; counter++) {
      Philox.block(counter, 0x85a308d3, 0x13198a2e, 0x01000056, 0xa4093822, 0x299f31d0, out);
      for (int word : out) {
        assertEquals(word, stream.nextInt());
      }
    }
  }

  @Test
  void longsAreTwoWordsTheUpperOneFirst() {
    Philox words = stream(1, 2, 3);
    Philox longs = stream(1, 2, 3);
    for (int i = 0; i < 5; i++) {
      long upper = words.nextInt();
      assertEquals(upper << 32 | Integer.toUnsignedLong(words.nextInt()), longs.nextLong());
    }
  }

  @Test
  void placesAreReachedWithoutWalking() {
    Philox walker = stream(9, 8, 7);
    for (int index = 0; index < 20; index++) {
      assertEquals(walker.nextLong(), Philox.at(9, Purpose.NOISE, 8, 7, index));
      walker.nextLong();
    }
  }

  @Test
  void everyPartOfAnAddressMatters() {
    Set<Long> seen = new HashSet<>();
    int streams = 0;
    for (int bit = 0; bit < 64; bit++) {
      seen.add(stream(1L << bit, 0, 0).nextLong());
      streams++;
      if (bit < 56) {
        seen.add(stream(0, 1L << bit, 0).nextLong());
        streams++;
      }
      if (bit < 32) {
        seen.add(stream(0, 0, 1L << bit).nextLong());
        streams++;
      }
    }
    for (Purpose purpose : Purpose.values()) {
      seen.add(new Philox(0, purpose, 0, 0).nextLong());
      streams++;
    }
    assertEquals(streams, seen.size());
  }

  @Test
  void purposesKeepTheirCodes() {
    int[] codes = Arrays.stream(Purpose.values()).mapToInt(Purpose::code).toArray();
    assertArrayEquals(new int[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, codes);
  }

  @Test
  void doublesFillTheUnitInterval() {
    Philox stream = stream(5, 0, 0);
    double sum = 0;
    double least = 1;
    double most = 0;
    int n = 100_000;
    for (int i = 0; i < n; i++) {
      double v = stream.nextDouble();
      assertTrue(v >= 0 && v < 1);
      sum += v;
      least = Math.min(least, v);
      most = Math.max(most, v);
    }
    assertEquals(0.5, sum / n, 4 / Math.sqrt(12.0 * n));
    assertTrue(least < 1e-4 && most > 1 - 1e-4);
  }

  @Test
  void gaussiansHaveTheMomentsOfTheNormalDistribution() {
    Philox stream = stream(6, 0, 0);
    int n = 400_000;
    double[] moments = new double[5];
    double neighbours = 0;
    double last = 0;
    for (int i = 0; i < n; i++) {
      double v = stream.nextGaussian();
      for (int k = 1; k < 5; k++) {
        moments[k] += Math.pow(v, k) / n;
      }
      neighbours += v * last / n;
      last = v;
    }
    // four deviations of each sample moment: var(v^k) = 1, 2, 15, 96
    double root = Math.sqrt(n);
    assertEquals(0, moments[1], 4 / root);
    assertEquals(1, moments[2], 4 * Math.sqrt(2) / root);
    assertEquals(0, moments[3], 4 * Math.sqrt(15) / root);
    assertEquals(3, moments[4], 4 * Math.sqrt(96) / root);
    assertEquals(0, neighbours, 4 / root);
  }

  @Test
  void gaussianArraysAreTheSameWalk() {
    Philox one = stream(3, 1, 4);
    Philox many = stream(3, 1, 4);
    for (float v : many.gaussians(7)) {
      assertEquals((float) one.nextGaussian(), v);
    }
  }

  @Test
  void boundedIntegersAreUniform() {
    int n = 120_000;
    for (int bound : new int[] {1, 2, 3, 7, 10}) {
      Philox stream = stream(bound, 0, 0);
      int[] counts = new int[bound];
      for (int i = 0; i < n; i++) {
        counts[stream.nextInt(bound)]++;
      }
      double p = 1.0 / bound;
      for (int count : counts) {
        assertEquals(n * p, count, 4.5 * Math.sqrt(n * p * (1 - p)), "bound " + bound);
      }
    }
  }

  @Test
  void largeBoundsAreNotBiased() {
    // without rejection, every third value would come twice as often as its neighbours
    int bound = 3 << 29;
    Philox stream = stream(2, 0, 0);
    int n = 100_000;
    int[] thirds = new int[3];
    for (int i = 0; i < n; i++) {
      int v = stream.nextInt(bound);
      assertTrue(v >= 0 && v < bound);
      thirds[v % 3]++;
    }
    for (int count : thirds) {
      assertEquals(n / 3.0, count, 4.5 * Math.sqrt(n * 2 / 9.0));
    }
  }

  @Test
  void permutationsHoldEverythingOnce() {
    for (int n : new int[] {0, 1, 2, 1000}) {
      boolean[] seen = new boolean[n];
      for (int i : stream(4, 0, 0).permutation(n)) {
        assertTrue(!seen[i], "twice: " + i);
        seen[i] = true;
      }
    }
    assertEquals(1000, stream(4, 0, 0).permutation(1000).length);
  }

  @Test
  void permutationsAreEquallyLikely() {
    int[] counts = new int[27];
    Philox stream = stream(8, 0, 0);
    int n = 60_000;
    for (int i = 0; i < n; i++) {
      int[] order = stream.permutation(3);
      counts[order[0] * 9 + order[1] * 3 + order[2]]++;
    }
    int kinds = 0;
    for (int count : counts) {
      if (count > 0) {
        kinds++;
        assertEquals(n / 6.0, count, 4.5 * Math.sqrt(n * 5 / 36.0));
      }
    }
    assertEquals(6, kinds);
  }
}
