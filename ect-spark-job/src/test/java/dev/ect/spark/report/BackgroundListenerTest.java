package dev.ect.spark.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class BackgroundListenerTest {
  private static final Duration LONG = Duration.ofMinutes(1);

  private static StatsLine tick(long tick) {
    return new StatsLine(tick, tick, tick, Map.of());
  }

  @Test
  void eventsArriveInOrderAndAllBeforeTheEnd() {
    List<String> heard = new ArrayList<>();
    RunListener target =
        new RunListener() {
          @Override
          public void begun(RunStart start) {
            heard.add("begun");
          }

          @Override
          public void tick(StatsLine tick) {
            heard.add("tick " + tick.tick());
          }

          @Override
          public void rewound(long images) {
            heard.add("rewound " + images);
          }

          @Override
          public void saved() {
            heard.add("saved");
          }

          @Override
          public void evaluated() {
            heard.add("evaluated");
          }

          @Override
          public void ended(RunEnd end) {
            heard.add("ended " + end);
          }
        };
    BackgroundListener listener = new BackgroundListener("it", target, 100, LONG);
    listener.begun(null);
    listener.tick(tick(1));
    listener.rewound(0);
    listener.tick(tick(2));
    listener.saved();
    listener.evaluated();
    listener.ended(RunEnd.STOPPED);
    assertEquals(
        List.of("begun", "tick 1", "rewound 0", "tick 2", "saved", "evaluated", "ended STOPPED"),
        heard);
    assertEquals(List.of(), listener.takeWarnings());
  }

  @Test
  void oneWarningTellsOfAllFailures() {
    RunListener target =
        new RunListener() {
          @Override
          public void tick(StatsLine tick) throws IOException {
            throw new IOException("tick " + tick.tick() + " is too much");
          }

          @Override
          public void saved() {
            throw new IllegalStateException("nothing to save");
          }
        };
    BackgroundListener listener = new BackgroundListener("it", target, 100, LONG);
    listener.tick(tick(1));
    listener.tick(tick(2));
    listener.saved();
    listener.ended(RunEnd.FINISHED);
    assertEquals(
        List.of("warning: it: tick 1 is too much; the run goes on"), listener.takeWarnings());
    assertEquals(List.of(), listener.takeWarnings());
  }

  @Test
  void oneThatHangsIsGivenUpAndDropsWhatDoesNotFit() throws Exception {
    CountDownLatch hangs = new CountDownLatch(1);
    CountDownLatch interrupted = new CountDownLatch(1);
    RunListener target =
        new RunListener() {
          @Override
          public void begun(RunStart start) throws InterruptedException {
            hangs.countDown();
            try {
              new CountDownLatch(1).await();
            } finally {
              interrupted.countDown();
            }
          }
        };
    BackgroundListener listener = new BackgroundListener("it", target, 3, Duration.ofMillis(1));
    listener.begun(null);
    hangs.await();
    for (int i = 0; i < 5; i++) {
      listener.tick(tick(i));
    }
    listener.ended(RunEnd.FINISHED);
    interrupted.await();
    assertEquals(
        List.of(
            "warning: it: did not end within 0 s: 4 events were given up",
            "warning: it: was too slow: 3 events were dropped"),
        listener.takeWarnings());
  }
}
