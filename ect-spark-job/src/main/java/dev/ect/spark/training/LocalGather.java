package dev.ect.spark.training;

import dev.ect.spark.exchange.ExchangeException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.BooleanSupplier;

/**
 * What Spark's {@code BarrierTaskContext.allGather} does, among tasks of this JVM. Spark's own
 * starts a thread for messages about delays that is no daemon, so that the driver of a local run
 * would never end.
 */
final class LocalGather {
  private static final ConcurrentMap<String, LocalGather> OPEN = new ConcurrentHashMap<>();
  private static final long LOOK_MILLIS = 100;

  private final String[] messages;
  private int come;
  private int gone;

  private LocalGather(int world) {
    messages = new String[world];
  }

  /**
   * Waits for all tasks.
   *
   * @param call names the call, the same in all tasks and used once
   * @param killed whether to wait no longer
   * @return what each task said, by its number
   * @throws ExchangeException if the task is killed while it waits
   */
  static String[] gather(String call, int world, int task, String mine, BooleanSupplier killed) {
    LocalGather gather = OPEN.computeIfAbsent(call, key -> new LocalGather(world));
    try {
      return gather.await(task, mine, killed);
    } finally {
      if (gather.leave()) {
        OPEN.remove(call, gather);
      }
    }
  }

  private synchronized String[] await(int task, String mine, BooleanSupplier killed) {
    messages[task] = mine;
    come++;
    notifyAll();
    while (come < messages.length) {
      if (killed.getAsBoolean()) {
        throw new ExchangeException("Spark has given the task up");
      }
      try {
        wait(LOOK_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new ExchangeException("the task was interrupted", e);
      }
    }
    return messages.clone();
  }

  private synchronized boolean leave() {
    gone++;
    return gone == come;
  }
}
