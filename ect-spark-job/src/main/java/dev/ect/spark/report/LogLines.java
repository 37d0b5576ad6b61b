package dev.ect.spark.report;

import java.io.Serializable;
import java.util.List;

/**
 * A stretch of what an executor has logged.
 *
 * @param first number of the first line
 * @param lines one after the other
 */
public record LogLines(long first, List<String> lines) implements Serializable {
  private static final long serialVersionUID = 1L;

  /** No lines. */
  public static final LogLines NONE = new LogLines(0, List.of());

  /** The number of the line that will follow. */
  public long next() {
    return first + lines.size();
  }

  /** These lines and those that followed them, but no more than the latest of a number. */
  public LogLines and(List<String> more, int most) {
    if (more.isEmpty()) {
      return this;
    }
    int kept = Math.max(0, Math.min(lines.size(), most - more.size()));
    List<String> all = new java.util.ArrayList<>(lines.subList(lines.size() - kept, lines.size()));
    all.addAll(more.subList(Math.max(0, more.size() - most), more.size()));
    return new LogLines(next() + more.size() - all.size(), List.copyOf(all));
  }

  /** The lines from a number on. */
  public List<String> from(long number) {
    return lines.subList((int) Math.max(0, Math.min(number - first, lines.size())), lines.size());
  }
}
