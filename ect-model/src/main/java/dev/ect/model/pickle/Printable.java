package dev.ect.model.pickle;

import dev.ect.model.io.PlainText;
import java.math.BigInteger;
import java.util.List;

/** What a file holds, made fit for a message: on one line, and never long. */
public final class Printable {
  private static final int LONGEST = 200;
  private static final int MOST_ITEMS = 16;

  private Printable() {}

  /** Without control characters, and cut where it is long. */
  public static String of(String text) {
    return text.length() > LONGEST
        ? PlainText.oneLine(text.substring(0, LONGEST)) + "..."
        : PlainText.oneLine(text);
  }

  /**
   * A number, text, boolean or short list of them as it is; of anything else, which may hold itself
   * or be huge when written out, its kind.
   */
  public static String value(Object value) {
    List<?> items =
        value instanceof PickledTuple tuple
            ? tuple.items()
            : value instanceof List<?> list ? list : null;
    if (items == null) {
      return isScalar(value) ? of(value.toString()) : kind(value);
    }
    return items.size() <= MOST_ITEMS && items.stream().allMatch(Printable::isScalar)
        ? of(items.toString())
        : kind(value);
  }

  private static boolean isScalar(Object value) {
    return value instanceof Number || value instanceof Boolean || value instanceof String;
  }

  /** What kind of value it is, in Python's words. */
  static String kind(Object value) {
    if (value == null) {
      return "None";
    } else if (value instanceof Boolean) {
      return "a bool";
    } else if (value instanceof Long || value instanceof BigInteger) {
      return "an int";
    } else if (value instanceof Double) {
      return "a float";
    } else if (value instanceof String) {
      return "a str";
    } else if (value instanceof PickledBytes) {
      return "bytes";
    } else if (value instanceof PickledTuple) {
      return "a tuple";
    } else if (value instanceof PickledSet set) {
      return set.frozen() ? "a frozenset" : "a set";
    } else if (value instanceof PickledName name) {
      return name.toString();
    } else if (value instanceof PickledCall call) {
      return "what " + call.callee() + " returns";
    } else if (value instanceof PersistentId) {
      return "a persistent id";
    }
    return value instanceof List ? "a list" : "a dict";
  }
}
