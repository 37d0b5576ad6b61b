package dev.ect.spark.exchange;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SignedIndicesTest {
  private static int[] random(int length, double share, Random random) {
    return IntStream.range(0, length)
        .filter(i -> random.nextDouble() < share)
        .map(i -> 2 * i + random.nextInt(2))
        .toArray();
  }

  private static ByteBuffer encoded(int[] keys, int length) {
    return ByteBuffer.wrap(SignedIndices.encode(keys, length));
  }

  @Test
  void keysComeBackWhateverTheirShare() {
    Random random = new Random(1);
    for (double share : new double[] {0, 1e-4, 0.01, 0.04, 0.2, 0.5, 0.9, 1}) {
      for (int length : new int[] {1, 2, 31, 1000, 100_003}) {
        int[] keys = random(length, share, random);
        assertArrayEquals(
            keys, SignedIndices.decode(encoded(keys, length), keys.length, length), share + "");
      }
    }
  }

  @Test
  void keysComeBackFromTheEndsOfTheLongestVector() {
    int length = Integer.MAX_VALUE / 4;
    for (int[] keys : new int[][] {{1}, {2 * length - 1}, {0, 2 * length - 2}}) {
      assertArrayEquals(keys, SignedIndices.decode(encoded(keys, length), keys.length, length));
    }
  }

  /** Of random places with random signs, the entropy; Rice's code is known to come within 4 %. */
  @Test
  void sizeIsCloseToTheEntropy() {
    Random random = new Random(2);
    int length = 1_000_000;
    for (double share : new double[] {0.001, 0.01, 0.04, 0.1, 0.2}) {
      double entropy =
          share - (share * Math.log(share) + (1 - share) * Math.log(1 - share)) / Math.log(2);
      int bytes = encoded(random(length, share, random), length).remaining();
      assertEquals(1.02, bytes * 8 / (entropy * length), 0.04, share + "");
    }
  }

  @Test
  void twoBitsPerIndexAreEnoughWhereAllAreSent() {
    int[] all = IntStream.range(0, 1000).map(i -> 2 * i).toArray();
    assertEquals(250, encoded(all, 1000).remaining());
  }

  @Test
  void damagedCodesAreRefused() {
    int[] keys = random(1000, 0.1, new Random(3));
    byte[] code = SignedIndices.encode(keys, 1000);
    for (int size = 0; size < code.length; size++) {
      ByteBuffer cut = ByteBuffer.wrap(code, 0, size);
      assertThrows(
          IllegalArgumentException.class, () -> SignedIndices.decode(cut, keys.length, 1000));
    }
    refused("1 bytes after the last", Arrays.copyOf(code, code.length + 1), keys.length, 1000);
    byte[] last = SignedIndices.encode(new int[] {2 * 999}, 1000);
    refused("index 999; expected less than 999", last, 1, 999);
    refused("-1 indices", code, -1, 1000);
    refused("1001 indices below 1000", code, 1001, 1000);
    refused("2000000 indices", code, 2_000_000, 1 << 28);
    refused("ends before the last", new byte[100], 10, 1000);
  }

  private static void refused(String why, byte[] code, int count, int length) {
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> SignedIndices.decode(ByteBuffer.wrap(code), count, length))
            .getMessage();
    assertTrue(message.contains(why), message);
  }
}
