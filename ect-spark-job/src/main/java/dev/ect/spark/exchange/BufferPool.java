package dev.ect.spark.exchange;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Buffers of one size for use again. How many are in use is bounded by the credits of the
 * connections, not here.
 */
final class BufferPool {
  private final ConcurrentLinkedQueue<byte[]> free = new ConcurrentLinkedQueue<>();
  private final AtomicInteger kept = new AtomicInteger();
  private final int bytes;
  private final int most;

  /**
   * @param bytes of each buffer
   * @param most free ones to keep
   */
  BufferPool(int bytes, int most) {
    this.bytes = bytes;
    this.most = most;
  }

  byte[] take() {
    byte[] buffer = free.poll();
    if (buffer == null) {
      return new byte[bytes];
    }
    kept.decrementAndGet();
    return buffer;
  }

  void give(byte[] buffer) {
    if (buffer.length == bytes && kept.get() < most) {
      kept.incrementAndGet();
      free.add(buffer);
    }
  }
}
