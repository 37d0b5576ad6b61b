package dev.ect.spark.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class HeapWatchTest {
  private static final int MIB = 1 << 20;

  @Test
  void seesWhatTheHeapHolds() {
    double before;
    try (HeapWatch watch = HeapWatch.start()) {
      before = watch.peakMib();
    }
    try (HeapWatch watch = HeapWatch.start()) {
      byte[][] held = new byte[64][];
      for (int i = 0; i < 10 * held.length; i++) {
        held[i % held.length] = new byte[MIB];
      }
      double peak = watch.peakMib();
      assertEquals(64, held.length);
      assertTrue(peak >= before + 60, peak + " MiB; before " + before);
    }
  }
}
