package dev.ect.spark.training;

import dev.ect.spark.exchange.ExchangeException;
import java.util.function.BooleanSupplier;

/** What is wanted of a replica from outside while it runs a segment. */
final class Wishes {
  private final BooleanSupplier stop;
  private final BooleanSupplier cancelled;
  private final BooleanSupplier killed;
  private volatile boolean leave;

  /**
   * @param stop whether the user asked the run to stop
   * @param cancelled whether Spark waits no longer for the task, but lets it end in order
   * @param killed whether Spark has given the task up
   */
  Wishes(BooleanSupplier stop, BooleanSupplier cancelled, BooleanSupplier killed) {
    this.stop = stop;
    this.cancelled = cancelled;
    this.killed = killed;
  }

  boolean stop() {
    return stop.getAsBoolean();
  }

  /** Whether the executor is about to end, or nobody waits for the task any more. */
  boolean leave() {
    return leave || cancelled.getAsBoolean();
  }

  /** The executor is about to end. May be called from another thread. */
  void setLeave() {
    leave = true;
  }

  boolean killed() {
    return killed.getAsBoolean();
  }

  void requireAlive() {
    if (killed()) {
      throw new ExchangeException("Spark has given the task up");
    }
  }
}
