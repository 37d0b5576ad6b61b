package dev.ect.spark.training;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class BackgroundWriterTest {
  @Test
  void closingGivesUpAWriteThatDoesNotEnd() throws Exception {
    AtomicReference<Thread> thread = new AtomicReference<>();
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch interrupted = new CountDownLatch(1);
    try (BackgroundWriter writer = new BackgroundWriter(Duration.ofMillis(50))) {
      writer.begin(
          () -> {
            thread.set(Thread.currentThread());
            begun.countDown();
            try {
              new CountDownLatch(1).await();
            } catch (InterruptedException e) {
              interrupted.countDown();
              throw new InterruptedIOException("interrupted");
            }
          });
      begun.await();
      writer.check();
      assertTrue(thread.get().isAlive());
    }
    interrupted.await();
    thread.get().join();
    assertFalse(thread.get().isAlive());
  }

  @Test
  void anInterruptedCloseGivesUpAtOnceAndStaysInterrupted() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch interrupted = new CountDownLatch(1);
    try (BackgroundWriter writer = new BackgroundWriter(Duration.ofHours(1))) {
      writer.begin(
          () -> {
            begun.countDown();
            try {
              new CountDownLatch(1).await();
            } catch (InterruptedException e) {
              interrupted.countDown();
              throw new InterruptedIOException("interrupted");
            }
          });
      begun.await();
      Thread.currentThread().interrupt();
    }
    assertTrue(Thread.interrupted());
    interrupted.await();
  }
}
