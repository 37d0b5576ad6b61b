package dev.ect.model.pickle;

/** Python's built-in names, whose module protocols below 3 call as Python 2 did. */
final class Builtins {
  private Builtins() {}

  static boolean is(PickledName found, String name) {
    return found.is("builtins", name) || found.is("__builtin__", name);
  }
}
