package dev.ect.model.pickle;

import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Set;

/** A set or frozenset. Equal only to itself. */
public final class PickledSet {
  private final Set<Object> items = new LinkedHashSet<>();
  private final boolean frozen;

  PickledSet(boolean frozen) {
    this.frozen = frozen;
  }

  void add(Object item) {
    items.add(item);
  }

  int size() {
    return items.size();
  }

  /** The values in the pickle's order, not to be changed. */
  public Set<Object> items() {
    return Collections.unmodifiableSet(items);
  }

  /** Whether it is a frozenset. */
  public boolean frozen() {
    return frozen;
  }
}
