package dev.ect.spark.report;

import com.sun.management.GarbageCollectionNotificationInfo;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.util.concurrent.atomic.AtomicLong;
import javax.management.ListenerNotFoundException;
import javax.management.Notification;
import javax.management.NotificationEmitter;
import javax.management.NotificationListener;
import javax.management.openmbean.CompositeData;

/**
 * The most that this JVM's heap held after a collection, from {@link #start} on. Collections of the
 * young generation count what is dead in the old one, so that this is an upper bound.
 */
public final class HeapWatch implements AutoCloseable {
  private static final double BYTES_PER_MIB = 1 << 20;

  private final AtomicLong peak = new AtomicLong();
  private final NotificationListener listener = (notification, mine) -> hear(notification);

  private HeapWatch() {}

  /** Begins to listen to the collectors. */
  public static HeapWatch start() {
    HeapWatch watch = new HeapWatch();
    System.gc();
    for (GarbageCollectorMXBean each : ManagementFactory.getGarbageCollectorMXBeans()) {
      if (each instanceof NotificationEmitter emitter) {
        emitter.addNotificationListener(watch.listener, null, null);
      }
    }
    return watch;
  }

  private void hear(Notification notification) {
    if (!notification
        .getType()
        .equals(GarbageCollectionNotificationInfo.GARBAGE_COLLECTION_NOTIFICATION)) {
      return;
    }
    long used =
        GarbageCollectionNotificationInfo.from((CompositeData) notification.getUserData())
            .getGcInfo()
            .getMemoryUsageAfterGc()
            .entrySet()
            .stream()
            .filter(pool -> isHeap(pool.getKey()))
            .map(pool -> pool.getValue())
            .mapToLong(MemoryUsage::getUsed)
            .sum();
    peak.accumulateAndGet(used, Math::max);
  }

  private static boolean isHeap(String pool) {
    return pool.contains("Eden")
        || pool.contains("Survivor")
        || pool.contains("Old")
        || pool.contains("Tenured");
  }

  /** MiB; what is there now counts too. */
  public double peakMib() {
    System.gc();
    peak.accumulateAndGet(
        ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed(), Math::max);
    return peak.get() / BYTES_PER_MIB;
  }

  @Override
  public void close() {
    for (GarbageCollectorMXBean each : ManagementFactory.getGarbageCollectorMXBeans()) {
      if (each instanceof NotificationEmitter emitter) {
        try {
          emitter.removeNotificationListener(listener);
        } catch (ListenerNotFoundException e) {
          // A collector that came later has none.
        }
      }
    }
  }
}
