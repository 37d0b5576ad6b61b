package dev.ect.spark.report;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Passes a run's events on to another listener on a thread of its own, so that a run neither waits
 * for it nor fails with it. What has not been passed on stands in a queue; when that is full,
 * events are dropped.
 */
public final class BackgroundListener implements RunListener {
  private static final Logger LOG = LoggerFactory.getLogger(BackgroundListener.class);

  private final String name;
  private final RunListener target;
  private final Duration patience;
  private final ThreadPoolExecutor thread;
  private final List<String> warnings = new ArrayList<>();
  private boolean warned;
  private long dropped;

  /** An event on its way. */
  @FunctionalInterface
  private interface Event {
    void pass() throws IOException, InterruptedException;
  }

  /**
   * @param name of the listener, for people
   * @param capacity events that may wait
   * @param patience how long {@link #ended} waits for all of them
   */
  public BackgroundListener(String name, RunListener target, int capacity, Duration patience) {
    this.name = name;
    this.target = target;
    this.patience = patience;
    thread =
        new ThreadPoolExecutor(
            1,
            1,
            0,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(capacity),
            task -> {
              Thread made = new Thread(task, "ect-" + name);
              made.setDaemon(true);
              return made;
            });
  }

  @Override
  public void begun(RunStart start) {
    pass(() -> target.begun(start));
  }

  @Override
  public void tick(StatsLine tick) {
    pass(() -> target.tick(tick));
  }

  @Override
  public void rewound(long images) {
    pass(() -> target.rewound(images));
  }

  @Override
  public void saved() {
    pass(target::saved);
  }

  @Override
  public void evaluated() {
    pass(target::evaluated);
  }

  /** Waits a while until everything has been passed on. */
  @Override
  public void ended(RunEnd end) {
    pass(() -> target.ended(end));
    thread.shutdown();
    try {
      if (!thread.awaitTermination(patience.toMillis(), TimeUnit.MILLISECONDS)) {
        int left = thread.shutdownNow().size() + 1;
        warn(
            "did not end within " + patience.toSeconds() + " s: " + left + " events were given up");
      }
    } catch (InterruptedException e) {
      thread.shutdownNow();
      Thread.currentThread().interrupt();
    }
    if (droppedEvents() > 0) {
      warn("was too slow: " + droppedEvents() + " events were dropped");
    }
  }

  private void pass(Event event) {
    try {
      thread.execute(() -> run(event));
    } catch (RejectedExecutionException e) {
      drop();
    }
  }

  private void run(Event event) {
    try {
      event.pass();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException | RuntimeException | Error e) {
      LOG.debug("{} failed", name, e);
      failed(e.getMessage() == null ? e.toString() : e.getMessage());
    }
  }

  private synchronized void failed(String reason) {
    if (!warned) {
      warned = true;
      warn(reason + "; the run goes on");
    }
  }

  private synchronized void warn(String text) {
    warnings.add("warning: " + name + ": " + text);
  }

  private synchronized void drop() {
    dropped++;
  }

  private synchronized long droppedEvents() {
    return dropped;
  }

  /** Lines about what has gone wrong since the last call, for people. */
  public synchronized List<String> takeWarnings() {
    List<String> taken = List.copyOf(warnings);
    warnings.clear();
    return taken;
  }
}
