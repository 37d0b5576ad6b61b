package dev.ect.model.tuning;

import dev.ect.model.engine.BackwardListener;
import dev.ect.model.engine.Parameter;
import dev.ect.model.network.ParameterLayout;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongConsumer;

/**
 * Turns what a backward pass completes into the final part of the flat gradient vector. Networks
 * list their parameters about in the order in which they use them, so that this part grows from the
 * vector's end to its beginning.
 */
final class FinalTail implements BackwardListener {
  private final List<ParameterLayout.Entry> entries;
  private final long grain;
  private final LongConsumer ready;
  private final Set<String> pending = new HashSet<>();
  private int open;
  private long reported;

  /**
   * @param grain values that a report adds at least, the last one excepted
   * @param ready told the first value of the final part
   */
  FinalTail(ParameterLayout layout, long grain, LongConsumer ready) {
    this.grain = grain;
    this.ready = ready;
    entries = layout.entries();
    open = entries.size();
    reported = layout.size();
  }

  @Override
  public void begin(Set<Parameter> used) {
    used.forEach(parameter -> pending.add(parameter.name()));
    advance();
  }

  @Override
  public void complete(Parameter parameter) {
    pending.remove(parameter.name());
    advance();
  }

  private void advance() {
    while (open > 0 && !pending.contains(entries.get(open - 1).name())) {
      open--;
    }
    long from = open == entries.size() ? reported : entries.get(open).offset();
    if (reported - from >= grain) {
      report(from);
    }
  }

  private void report(long from) {
    reported = from;
    ready.accept(from);
  }

  /** The gradient is complete. */
  void end() {
    if (reported > 0) {
      report(0);
    }
  }
}
