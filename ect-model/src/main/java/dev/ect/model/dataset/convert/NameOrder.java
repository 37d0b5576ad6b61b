package dev.ect.model.dataset.convert;

import java.util.Comparator;

/** Orders of names, both by Unicode code points, as Python compares strings. */
final class NameOrder {
  /** By the whole name. */
  static final Comparator<String> WHOLE = (a, b) -> compare(a, b, false);

  /** By the parts of the path, one after the other: {@code a/z} before {@code a-b/c}. */
  static final Comparator<String> PARTS = (a, b) -> compare(a, b, true);

  private NameOrder() {}

  private static int compare(String a, String b, boolean parts) {
    int length = Math.min(a.length(), b.length());
    for (int i = 0; i < length; i++) {
      char x = a.charAt(i);
      char y = b.charAt(i);
      if (x != y) {
        return Integer.compare(rank(x, parts), rank(y, parts));
      }
    }
    return Integer.compare(a.length(), b.length());
  }

  /** Surrogates stand for code points beyond all of those that are a single char. */
  private static int rank(char c, boolean parts) {
    if (parts && c == '/') {
      return -1;
    }
    return Character.isSurrogate(c) ? c + Character.MAX_VALUE : c;
  }
}
