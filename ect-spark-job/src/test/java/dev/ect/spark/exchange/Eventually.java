package dev.ect.spark.exchange;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits for what other threads bring about. */
final class Eventually {
  private static final long PATIENCE_NANOS = Duration.ofSeconds(30).toNanos();
  private static final long PAUSE_NANOS = 5_000_000L;

  private Eventually() {}

  static void holds(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError("never: " + what);
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }
}
