package dev.ect.spark.report;

import dev.ect.model.io.Store;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * What {@code stats.jsonl} says of a run.
 *
 * @param ticks in order, their steps rising: of ticks that were repeated the last time counts
 * @param unreadable lines that are none, such as one that is written only partly
 */
public record StatsFile(List<StatsLine> ticks, int unreadable) {
  /** The file's name. */
  public static final String NAME = "stats.jsonl";

  /** Of a run that has not ended a tick yet. */
  public static final StatsFile EMPTY = new StatsFile(List.of(), 0);

  /** Reads a run's file; empty where there is none. */
  public static StatsFile read(Store store, RunDirectory directory) throws IOException {
    return store.exists(directory.file(NAME)) ? parse(directory.text(store, NAME)) : EMPTY;
  }

  /** Understands the file's text. */
  public static StatsFile parse(String text) {
    Deque<StatsLine> ticks = new ArrayDeque<>();
    int unreadable = 0;
    for (String line : text.lines().filter(each -> !each.isBlank()).toList()) {
      Optional<StatsLine> tick = StatsLine.parse(line);
      if (tick.isEmpty()) {
        unreadable++;
        continue;
      }
      while (!ticks.isEmpty() && ticks.peekLast().step() >= tick.get().step()) {
        ticks.removeLast();
      }
      ticks.addLast(tick.get());
    }
    return new StatsFile(List.copyOf(ticks), unreadable);
  }

  /** The last tick, if there is one. */
  public Optional<StatsLine> last() {
    return ticks.isEmpty() ? Optional.empty() : Optional.of(ticks.get(ticks.size() - 1));
  }
}
