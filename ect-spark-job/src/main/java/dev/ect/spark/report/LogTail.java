package dev.ect.spark.report;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * The last lines that this JVM has logged: what ECT and the parameter server log at all, and
 * everybody's warnings. Lines such as {@code WARN SegmentTask: text}, from {@link #open} to {@link
 * #close}. Where another backend than log4j 2 logs, there are none. Safe for use by several
 * threads.
 */
public final class LogTail implements AutoCloseable {
  private static final int LINES = 200;
  private static final int LENGTH = 500;
  private static final String CUT = "...";

  private final Deque<String> lines = new ArrayDeque<>();
  private final AutoCloseable source;
  private long lost;

  private LogTail() {
    source = attach();
  }

  /** Begins to collect. */
  public static LogTail open() {
    return new LogTail();
  }

  /** Log4j's classes are linked there only, so that a JVM without them can load this class. */
  private AutoCloseable attach() {
    try {
      return LogTailAppender.attach(this::add);
    } catch (LinkageError e) {
      return () -> {};
    }
  }

  private synchronized void add(String line) {
    if (lines.size() == LINES) {
      lines.removeFirst();
      lost++;
    }
    String oneLine = line.strip().replaceAll("\\s*\\R\\s*", " | ");
    lines.addLast(
        oneLine.length() <= LENGTH ? oneLine : oneLine.substring(0, LENGTH - CUT.length()) + CUT);
  }

  /**
   * The lines since the last call, oldest first; the first says how many have been lost, if any.
   */
  public synchronized List<String> drain() {
    List<String> drained = new ArrayList<>(lines.size() + 1);
    if (lost > 0) {
      drained.add("(" + lost + " lines before these were not kept)");
    }
    drained.addAll(lines);
    lines.clear();
    lost = 0;
    return List.copyOf(drained);
  }

  /** Ends collecting; what was collected can still be drained. */
  @Override
  public void close() {
    try {
      source.close();
    } catch (Exception e) {
      throw new IllegalStateException("log4j did not let go of an appender", e);
    }
  }
}
