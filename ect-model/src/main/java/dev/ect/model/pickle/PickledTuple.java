package dev.ect.model.pickle;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** A tuple. Equal only to itself, so that comparing never walks into what it holds. */
public final class PickledTuple {
  static final PickledTuple EMPTY = new PickledTuple();

  private final Object[] items;

  /** The array is not copied. */
  PickledTuple(Object... items) {
    this.items = items;
  }

  /** The values, not to be changed. */
  public List<Object> items() {
    return Collections.unmodifiableList(Arrays.asList(items));
  }
}
