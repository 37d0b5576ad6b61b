package dev.ect.spark.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A process that does a part of a benchmark. Parent and child talk by lines. */
class ChildProcess implements AutoCloseable {
  private static final String FAILURE = "ect: ";

  /** The child ended before it said what was expected; the message says why. */
  static final class EndedException extends IOException {
    private static final long serialVersionUID = 1L;

    EndedException(String message) {
      super(message);
    }
  }

  private final Process process;
  private final BufferedReader said;
  private final PrintStream told;
  private volatile String overdue;

  /** Starts it; what it says as an error is read, too. */
  ChildProcess(ProcessBuilder builder) throws IOException {
    process = builder.redirectErrorStream(true).start();
    said = process.inputReader(StandardCharsets.UTF_8);
    told = new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8);
  }

  /** Ends the child if it is still there after a time. */
  void limit(Duration time) {
    CompletableFuture.delayedExecutor(time.toMillis(), TimeUnit.MILLISECONDS)
        .execute(
            () -> {
              if (process.isAlive()) {
                overdue = "gave up after " + time.toSeconds() + " s";
                process.destroyForcibly();
              }
            });
  }

  /** Tells the child a line. */
  void tell(String line) {
    told.println(line);
  }

  /**
   * Waits for a line.
   *
   * @param prefix how it begins
   * @return what follows the prefix
   * @throws EndedException if the child ends without having said it
   */
  String await(String prefix) throws IOException, InterruptedException {
    String failure = null;
    for (String line = said.readLine(); line != null; line = said.readLine()) {
      if (line.startsWith(prefix)) {
        return line.substring(prefix.length());
      }
      if (failure == null && line.startsWith(FAILURE)) {
        failure = line;
      }
    }
    int status = process.waitFor();
    throw new EndedException(
        overdue != null ? overdue : failure != null ? failure : "status " + status);
  }

  @Override
  public void close() {
    told.close();
    process.destroyForcibly();
  }
}
