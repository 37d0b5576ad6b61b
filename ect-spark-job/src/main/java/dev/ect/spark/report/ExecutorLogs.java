package dev.ect.spark.report;

import dev.ect.model.io.Store;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * The executors' lines in {@code executors.log} of a run's directory: the last few thousand, each
 * with the time at which the driver learnt of it (UTC) and the executor. The file is replaced as a
 * whole, because not every file system can append, but not at every line. Safe for use by several
 * threads.
 */
public final class ExecutorLogs implements AutoCloseable {
  private static final String FILE = "executors.log";
  private static final int LINES = 5_000;
  private static final Duration INTERVAL = Duration.ofSeconds(5);

  private final Store store;
  private final RunDirectory directory;
  private final Clock clock;
  private final Deque<String> lines = new ArrayDeque<>();
  private Instant written = Instant.EPOCH;
  private boolean unwritten;

  /** Goes on with the file that is there. */
  public ExecutorLogs(Store store, RunDirectory directory) throws IOException {
    this(store, directory, Clock.systemUTC());
  }

  ExecutorLogs(Store store, RunDirectory directory, Clock clock) throws IOException {
    this.store = store;
    this.directory = directory;
    this.clock = clock;
    if (store.exists(directory.file(FILE))) {
      directory.text(store, FILE).lines().forEach(this::keep);
    }
  }

  /**
   * Adds lines, and writes the file if that was not done a few seconds ago.
   *
   * @param executor where they are from
   */
  public synchronized void add(String executor, List<String> more) throws IOException {
    if (more.isEmpty()) {
      return;
    }
    Instant now = clock.instant();
    String prefix = now.truncatedTo(ChronoUnit.SECONDS) + " " + executor + "  ";
    more.forEach(line -> keep(prefix + line));
    unwritten = true;
    if (now.isAfter(written.plus(INTERVAL))) {
      write(now);
    }
  }

  private void keep(String line) {
    if (lines.size() == LINES) {
      lines.removeFirst();
    }
    lines.addLast(line);
  }

  private void write(Instant now) throws IOException {
    directory.write(store, FILE, String.join("\n", lines) + "\n");
    written = now;
    unwritten = false;
  }

  /** Writes what has not been written yet. */
  @Override
  public synchronized void close() throws IOException {
    if (unwritten) {
      write(clock.instant());
    }
  }
}
