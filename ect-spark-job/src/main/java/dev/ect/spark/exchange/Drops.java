package dev.ect.spark.exchange;

import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Counts the frames that a node has not accepted. */
final class Drops {
  private static final Logger LOG = LoggerFactory.getLogger(Drops.class);
  private static final int TENFOLD = 10;

  private final AtomicLong count = new AtomicLong();
  private final AtomicLong nextLogged = new AtomicLong(1);

  /** Counts one; says so for the first, the tenth, the hundredth and so on. */
  void add(String why) {
    long n = count.incrementAndGet();
    long due = nextLogged.get();
    if (n >= due && nextLogged.compareAndSet(due, due * TENFOLD)) {
      LOG.warn("dropped a frame, number {} so far: {}", n, why);
    }
  }

  long count() {
    return count.get();
  }
}
