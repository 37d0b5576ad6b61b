package dev.ect.spark.report;

import java.io.PrintStream;
import java.time.Duration;

/**
 * A line on a terminal that says how far something has come and is rewritten in place. Without a
 * terminal it is a plain line once a minute. Safe for use by several threads.
 */
public final class ProgressBar {
  private static final int WIDTH = 30;
  private static final String CLEAR_LINE = "\r\u001b[K";

  private static final long MINUTE = Duration.ofMinutes(1).toNanos();

  private final PrintStream terminal;
  private final PrintStream plain;
  private final long total;
  private boolean drawn;
  private long said = System.nanoTime();

  /**
   * @param terminal where to draw, or null where there is none
   * @param plain where the plain lines go then
   * @param total what there is to do, at least 1
   */
  public ProgressBar(PrintStream terminal, PrintStream plain, long total) {
    this.plain = plain;
    this.terminal = terminal;
    this.total = total;
  }

  /** Standard error if somebody watches it, else null. */
  @SuppressWarnings("SystemConsoleNull") // Spark 3.5 runs on JDK 17, where null means no terminal.
  public static PrintStream terminal() {
    return System.console() == null ? null : System.err;
  }

  /**
   * Draws the line.
   *
   * @param done of the total
   * @param text what it says beside the bar
   */
  public synchronized void show(long done, String text) {
    if (terminal == null) {
      if (System.nanoTime() - said >= MINUTE) {
        said = System.nanoTime();
        plain.println(text);
      }
      return;
    }
    int filled = (int) (WIDTH * Math.min(done, total) / total);
    terminal.print(
        CLEAR_LINE + "[" + "#".repeat(filled) + "-".repeat(WIDTH - filled) + "] " + text);
    terminal.flush();
    drawn = true;
  }

  /** Makes room for another line. */
  public synchronized void clear() {
    said = System.nanoTime();
    if (drawn) {
      terminal.print(CLEAR_LINE);
      terminal.flush();
      drawn = false;
    }
  }
}
