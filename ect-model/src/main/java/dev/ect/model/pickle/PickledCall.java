package dev.ect.model.pickle;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An object that Python would make by calling a function or a class, as the description of that
 * call and of what is then put into the object. Equal only to itself.
 */
public final class PickledCall {
  private final PickledName callee;
  private final PickledTuple arguments;
  private final Map<Object, Object> keywordArguments;
  private Object state;
  private List<Object> items;
  private Map<Object, Object> entries;

  PickledCall(PickledName callee, PickledTuple arguments, Map<Object, Object> keywordArguments) {
    this.callee = callee;
    this.arguments = arguments;
    this.keywordArguments = keywordArguments;
  }

  /**
   * What is called. Where that has no name, being what another call returned or a persistent id,
   * {@code operator.call}, with it as the first argument.
   */
  public PickledName callee() {
    return callee;
  }

  /** Whether it is a call of this function or class. */
  public boolean isCallOf(String module, String name) {
    return callee.is(module, name);
  }

  /** The arguments by position. */
  public List<Object> arguments() {
    return arguments.items();
  }

  /** The arguments by name; mostly none. */
  public Map<Object, Object> keywordArguments() {
    return Collections.unmodifiableMap(keywordArguments);
  }

  /** What the object's {@code __setstate__} gets or its attributes are set from; null for none. */
  public Object state() {
    return state;
  }

  /** Values appended to the object. */
  public List<Object> items() {
    return items == null ? List.of() : Collections.unmodifiableList(items);
  }

  /** Entries set in the object, in the pickle's order. */
  public Map<Object, Object> entries() {
    return entries == null ? Map.of() : Collections.unmodifiableMap(entries);
  }

  void setState(Object state) {
    this.state = state;
  }

  List<Object> itemsToFill() {
    if (items == null) {
      items = new ArrayList<>();
    }
    return items;
  }

  Map<Object, Object> entriesToFill() {
    if (entries == null) {
      entries = new LinkedHashMap<>();
    }
    return entries;
  }

  @Override
  public String toString() {
    return "call of " + callee;
  }
}
