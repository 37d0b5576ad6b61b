package dev.ect.model.pickle;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/** What may be a key of a dict or a member of a set. */
final class Keys {
  /**
   * Beyond this size keys are of one type: among keys of several types that are chosen to have
   * equal hash codes, finding one takes time in proportion to their number.
   */
  private static final int MIXED = 1 << 12;

  private Keys() {}

  /**
   * What is wrong with a key.
   *
   * @param size number of the keys already there
   * @param others those keys
   */
  static Optional<String> problem(Object key, int size, Supplier<? extends Set<Object>> others) {
    if (key instanceof ArrayList<?>
        || key instanceof LinkedHashMap<?, ?>
        || (key instanceof PickledSet set && !set.frozen())) {
      return Optional.of(
          Printable.kind(key) + " as a key; expected something that does not change");
    }
    if (size < MIXED || key == null) {
      return Optional.empty();
    }
    Iterator<Object> each = others.get().iterator();
    Object other = each.next();
    other = other == null ? each.next() : other;
    return other.getClass() == key.getClass()
        ? Optional.empty()
        : Optional.of(
            Printable.kind(key)
                + " beside "
                + size
                + " keys of another type, such as "
                + Printable.kind(other));
  }
}
