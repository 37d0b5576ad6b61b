package dev.ect.model.pickle;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Supplier;

/** Makes the objects of a pickle and fills those that lie on top of its stack. */
final class PickleBuilder {
  /** Stands for calling what has no name of its own. */
  static final PickledName CALL = new PickledName("operator", "call");

  private final PickleSource source;
  private final Budget budget;
  private final PickleStack stack;
  private final Map<PickledName, PickledName> names = new HashMap<>();
  private final SortedSet<String> unknownNames = new TreeSet<>();

  PickleBuilder(PickleSource source, Budget budget, PickleStack stack) {
    this.source = source;
    this.budget = budget;
    this.stack = stack;
  }

  SortedSet<String> unknownNames() {
    return Collections.unmodifiableSortedSet(unknownNames);
  }

  PickledName name(String module, String name) throws IOException {
    budget.take(Budget.OBJECT);
    PickledName found = new PickledName(module, name);
    PickledName former = names.get(found);
    if (former != null) {
      return former;
    }
    budget.take(Budget.MAP_ENTRY);
    names.put(found, found);
    if (!KnownNames.contains(found)) {
      budget.take(4 * Budget.MAP_ENTRY + 8L * (module.length() + name.length()));
      unknownNames.add(found.toString());
    }
    return found;
  }

  PickledTuple arguments(Object value) throws IOException {
    if (value instanceof PickledTuple tuple) {
      return tuple;
    }
    throw source.bad(Printable.kind(value) + " where a tuple of arguments is expected");
  }

  PickledCall call(Object callee, PickledTuple arguments, Map<Object, Object> keywords)
      throws IOException {
    budget.take(Budget.OBJECT);
    if (callee instanceof PickledName name) {
      PickledCall call = new PickledCall(name, arguments, keywords);
      if (PickledDict.copiesArgument(name) && arguments.items().size() == 1) {
        copy(arguments.items().get(0), call);
      }
      return call;
    }
    // Old torch.save files refer to a module's class by a persistent id.
    if (!(callee instanceof PickledCall || callee instanceof PersistentId)) {
      throw source.bad(Printable.kind(callee) + " is called");
    }
    List<Object> given = arguments.items();
    budget.take(Budget.OBJECT + (long) Budget.SLOT * given.size());
    Object[] all = new Object[given.size() + 1];
    all[0] = callee;
    for (int i = 0; i < given.size(); i++) {
      all[i + 1] = given.get(i);
    }
    return new PickledCall(CALL, new PickledTuple(all), keywords);
  }

  /** The entries that a dict is made with, a dict or as Python 2 writes it a list of pairs. */
  private void copy(Object entries, PickledCall into) throws IOException {
    if (entries instanceof LinkedHashMap<?, ?> dict) {
      budget.take(Budget.EMPTY_MAP + (long) Budget.MAP_ENTRY * dict.size());
      into.entriesToFill().putAll(dict);
    } else if (entries instanceof ArrayList<?> list) {
      budget.take(Budget.EMPTY_MAP + 2L * Budget.MAP_ENTRY * list.size());
      for (Object each : list) {
        List<?> pair =
            each instanceof PickledTuple tuple
                ? tuple.items()
                : each instanceof ArrayList<?> items ? items : List.of();
        if (pair.size() != 2) {
          throw source.bad(into.callee() + " is made of what is no list of pairs");
        }
        fill(into.entriesToFill(), pair.toArray());
      }
    }
  }

  void build() throws IOException {
    Object state = stack.pop();
    if (!(stack.top() instanceof PickledCall call)) {
      throw source.bad(Printable.kind(stack.top()) + " is given a state");
    }
    call.setState(state);
  }

  List<Object> list(Object[] items) throws IOException {
    budget.take(Budget.OBJECT);
    List<Object> list = new ArrayList<>();
    fill(list, items);
    return list;
  }

  void append(Object[] items) throws IOException {
    Object top = stack.top();
    if (top instanceof PickledCall call) {
      budget.take(Budget.OBJECT);
      fill(call.itemsToFill(), items);
    } else if (top instanceof ArrayList<?>) {
      @SuppressWarnings("unchecked") // every list here is one of any values
      List<Object> list = (List<Object>) top;
      fill(list, items);
    } else {
      throw source.bad(Printable.kind(top) + " is appended to");
    }
  }

  private void fill(List<Object> list, Object[] items) throws IOException {
    budget.take((long) Budget.LIST_ITEM * items.length);
    Collections.addAll(list, items);
  }

  Map<Object, Object> dict(Object[] pairs) throws IOException {
    budget.take(Budget.EMPTY_MAP);
    Map<Object, Object> dict = new LinkedHashMap<>();
    fill(dict, pairs);
    return dict;
  }

  void setItems(Object[] pairs) throws IOException {
    Object top = stack.top();
    if (top instanceof PickledCall call) {
      budget.take(Budget.EMPTY_MAP);
      fill(call.entriesToFill(), pairs);
    } else if (top instanceof LinkedHashMap<?, ?>) {
      fill(asDict(top), pairs);
    } else {
      throw source.bad(Printable.kind(top) + " is given entries");
    }
  }

  @SuppressWarnings("unchecked") // every dict here is one of any values
  static Map<Object, Object> asDict(Object dict) {
    return (Map<Object, Object>) dict;
  }

  private void fill(Map<Object, Object> dict, Object[] pairs) throws IOException {
    if (pairs.length % 2 != 0) {
      throw source.bad("a key of a dict without a value");
    }
    budget.take((long) Budget.MAP_ENTRY * pairs.length / 2);
    for (int i = 0; i < pairs.length; i += 2) {
      requireKey(pairs[i], dict.size(), dict::keySet);
      dict.put(pairs[i], pairs[i + 1]);
    }
  }

  PickledSet set(boolean frozen, Object[] items) throws IOException {
    budget.take(Budget.EMPTY_MAP + Budget.OBJECT);
    PickledSet set = new PickledSet(frozen);
    fill(set, items);
    return set;
  }

  void addItems(Object[] items) throws IOException {
    if (!(stack.top() instanceof PickledSet set) || set.frozen()) {
      throw source.bad(Printable.kind(stack.top()) + " is added to");
    }
    fill(set, items);
  }

  private void fill(PickledSet set, Object[] items) throws IOException {
    budget.take((long) Budget.MAP_ENTRY * items.length);
    for (Object item : items) {
      requireKey(item, set.size(), set::items);
      set.add(item);
    }
  }

  private void requireKey(Object key, int size, Supplier<Set<Object>> others) throws IOException {
    Optional<String> problem = Keys.problem(key, size, others);
    if (problem.isPresent()) {
      throw source.bad(problem.get());
    }
  }
}
