package dev.ect.model.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The definition of dropout: its values, its rate, and that masks know nothing of each other. */
class DropoutMaskTest {
  private static final int LENGTH = 1 << 17;
  private static final long KEY = 0x0123456789ABCDEFL;

  private static float[] mask(long key, double p) {
    float[] mask = new float[LENGTH];
    DropoutMask.fill(key, p, mask, 0, LENGTH);
    return mask;
  }

  /**
   * How many standard deviations the number of common zeros lies from that of independent masks.
   */
  private static double sigmas(float[] a, float[] b, int lag, double p) {
    double sum = 0;
    int n = LENGTH - lag;
    for (int i = 0; i < n; i++) {
      sum += ((a[i] == 0 ? 1 : 0) - p) * ((b[i + lag] == 0 ? 1 : 0) - p);
    }
    return sum / (p * (1 - p) * Math.sqrt(n));
  }

  private static void assertIndependent(String what, float[] a, float[] b, int lag, double p) {
    double sigmas = sigmas(a, b, lag, p);
    assertTrue(Math.abs(sigmas) < 4, what + ": correlation of " + sigmas + " sigma");
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.1, 0.2, 0.5})
  void zerosHaveTheirProbabilityAndTheRestMakesUpForThem(double p) {
    float kept = (float) (1 / (1 - p));
    for (long key : new long[] {0, 1, KEY, -1}) {
      int zeros = 0;
      for (float v : mask(key, p)) {
        assertTrue(v == 0 || v == kept, "value " + v);
        zeros += v == 0 ? 1 : 0;
      }
      double sigmas = (zeros - p * LENGTH) / Math.sqrt(p * (1 - p) * LENGTH);
      assertTrue(Math.abs(sigmas) < 4, "rate is off by " + sigmas + " sigma");
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.1, 0.2, 0.5})
  void neighbouringIndicesAreIndependent(double p) {
    float[] mask = mask(KEY, p);
    for (int lag : new int[] {1, 2, 3, 8, 32, 256, 1024}) {
      assertIndependent("lag " + lag, mask, mask, lag, p);
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.1, 0.2, 0.5})
  void keysThatDifferInOneBitAreIndependent(double p) {
    float[] mask = mask(KEY, p);
    for (int bit = 0; bit < 64; bit++) {
      assertIndependent("bit " + bit, mask, mask(KEY ^ 1L << bit, p), 0, p);
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.1, 0.2, 0.5})
  void consecutiveKeysAreIndependent(double p) {
    for (long key = 0; key < 16; key++) {
      assertIndependent("key " + key, mask(key, p), mask(key + 1, p), 0, p);
      assertIndependent("key " + key + ", lag 1", mask(key, p), mask(key + 1, p), 1, p);
    }
  }

  @Test
  void theSameKeyGivesTheSameMask() {
    assertArrayEquals(mask(KEY, 0.3), mask(KEY, 0.3));
    assertNotEquals(Arrays.hashCode(mask(KEY, 0.3)), Arrays.hashCode(mask(KEY + 1, 0.3)));
  }

  @Test
  void theDefinitionIsFixed() {
    // masks are replayed by runs that resume, so that these bits may never change
    float[] mask = new float[32];
    DropoutMask.fill(KEY, 0.5, mask, 0, 32);
    int bits = 0;
    for (int i = 0; i < 32; i++) {
      bits |= (mask[i] == 0 ? 0 : 1) << i;
    }
    assertEquals(1046287552, bits);
    // the first output of SplitMix64 seeded with 0
    assertEquals(0xE220A8397B1DCDAFL, DropoutMask.mix(0));
  }

  @Test
  void probabilityZeroKeepsEverything() {
    for (float v : mask(KEY, 0)) {
      assertEquals(1, v);
    }
  }

  @Test
  void masksOfSomeImagesLieOneAfterTheOther() {
    float[] both = DropoutMask.of(new long[] {5, 6}, 0.4, 10).array();
    float[] second = new float[13];
    DropoutMask.fill(6, 0.4, second, 3, 10);
    assertArrayEquals(Arrays.copyOfRange(both, 10, 20), Arrays.copyOfRange(second, 3, 13));
    assertArrayEquals(new float[3], Arrays.copyOf(second, 3));
  }

  @Test
  void otherProbabilitiesAreRefused() {
    for (double p : new double[] {-0.01, 1, 1.5, Double.NaN}) {
      IllegalArgumentException e =
          assertThrows(IllegalArgumentException.class, () -> DropoutMask.threshold(p));
      assertTrue(e.getMessage().contains("dropout probability is " + p), e.getMessage());
    }
  }
}
