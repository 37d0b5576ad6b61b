package dev.ect.spark.exchange;

import java.util.concurrent.atomic.AtomicInteger;

/** A buffer that several connections may still have to send; the last one gives it back. */
final class Payload {
  static final Payload EMPTY = new Payload(null, new byte[0]);

  private final BufferPool pool;
  private final byte[] bytes;
  private final AtomicInteger users = new AtomicInteger(1);

  private Payload(BufferPool pool, byte[] bytes) {
    this.pool = pool;
    this.bytes = bytes;
  }

  /** Bytes of its own. */
  static Payload of(byte[] bytes) {
    return new Payload(null, bytes);
  }

  /** A buffer of a pool. */
  static Payload from(BufferPool pool) {
    return new Payload(pool, pool.take());
  }

  byte[] bytes() {
    return bytes;
  }

  Payload retain() {
    if (pool != null) {
      users.incrementAndGet();
    }
    return this;
  }

  void release() {
    if (pool != null && users.decrementAndGet() == 0) {
      pool.give(bytes);
    }
  }
}
