package dev.ect.model.pickle;

import java.util.Comparator;

/**
 * A class or function that a pickle refers to; only its name is known.
 *
 * @param module such as {@code collections}
 * @param name in that module, such as {@code OrderedDict}
 */
public record PickledName(String module, String name) implements Comparable<PickledName> {
  private static final Comparator<PickledName> ORDER =
      Comparator.comparing(PickledName::module).thenComparing(PickledName::name);

  /** Whether it is this one. */
  public boolean is(String otherModule, String otherName) {
    return name.equals(otherName) && module.equals(otherModule);
  }

  /** Without an order, names chosen to have equal hash codes would make a dict slow. */
  @Override
  public int compareTo(PickledName other) {
    return ORDER.compare(this, other);
  }

  /** {@code module.name}, fit for a message of one line. */
  @Override
  public String toString() {
    return Printable.of(module + "." + name);
  }
}
