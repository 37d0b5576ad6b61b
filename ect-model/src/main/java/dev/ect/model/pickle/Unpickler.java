package dev.ect.model.pickle;

import dev.ect.model.io.RandomInput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Reads a pickle of protocol 0 to 5 purely as data (the opcodes are those of Python's pickletools).
 * What is allocated is bounded by a few times the file's size, and no nesting is too deep.
 *
 * <p>Values are null (None), {@link Boolean}, {@link Long}, {@link java.math.BigInteger} (beyond 64
 * bits), {@link Double}, {@link String}, {@link PickledBytes}, {@link ArrayList} (list), {@link
 * PickledTuple}, {@link LinkedHashMap} (dict), {@link PickledSet}, {@link PickledName} (class or
 * function), {@link PickledCall} (object) and {@link PersistentId}. Python 2's strings are text in
 * Latin-1, beyond 64 KiB they are bytes.
 *
 * <p>Objects can hold each other and themselves, to any depth: do not call {@code equals}, {@code
 * hashCode} or {@code toString} of lists and dicts.
 */
public final class Unpickler {
  private final PickleSource source;
  private final Budget budget;
  private final PickleText text;
  private final PickleStack stack;
  private final PickleBuilder objects;
  private final Consumer<PersistentId> persistent;

  private Unpickler(PickleSource source, PickleMemory memory, Consumer<PersistentId> persistent) {
    this.persistent = persistent;
    this.source = source;
    budget = new Budget(source, memory);
    text = new PickleText(source, budget);
    stack = new PickleStack(source, budget);
    objects = new PickleBuilder(source, budget, stack);
  }

  /**
   * Reads one pickle.
   *
   * @param file the path for messages
   * @param input what it lies in; {@link PickledBytes} refer to it
   * @param start position of its first byte
   * @param end position that it does not go beyond
   * @throws dev.ect.model.io.BadFileException if it is damaged, cut short, too demanding, or uses
   *     extension codes or buffers outside the pickle
   */
  public static Pickle read(String file, RandomInput input, long start, long end)
      throws IOException {
    return read(file, input, start, end, new PickleMemory(input.length()), id -> {});
  }

  /**
   * As above, for one of several pickles of a file.
   *
   * @param memory of the file
   * @param persistent is shown every persistent id, in the pickle's order
   */
  public static Pickle read(
      String file,
      RandomInput input,
      long start,
      long end,
      PickleMemory memory,
      Consumer<PersistentId> persistent)
      throws IOException {
    return new Unpickler(new PickleSource(file, input, start, end), memory, persistent).run();
  }

  private Pickle run() throws IOException {
    while (true) {
      int opcode = source.opcode();
      if (opcode == '.') {
        return new Pickle(stack.pop(), source.position(), objects.unknownNames());
      }
      if (!pushed(opcode) && !built(opcode)) {
        throw source.bad(
            "an unknown opcode, " + opcode + "; the file is damaged or of a newer protocol");
      }
    }
  }

  /** Opcodes that push a value of their own or only move values about. */
  private boolean pushed(int opcode) throws IOException {
    switch (opcode) {
      case 0x80 -> requireProtocol(source.u1());
      case 0x95 -> source.claim(source.i8());
      case '(' -> stack.mark();
      case '0' -> stack.drop();
      case '1' -> stack.popMark();
      case '2' -> stack.push(stack.top());
      case 'N' -> stack.push(null);
      case 0x88 -> stack.push(true);
      case 0x89 -> stack.push(false);
      case 'I' -> stack.push(text.integerLine(true));
      case 'L' -> stack.push(text.integerLine(false));
      case 'J' -> number(source.i4());
      case 'K' -> number(source.u1());
      case 'M' -> number(source.u2());
      case 0x8a -> stack.push(text.integer(source.u1()));
      case 0x8b -> stack.push(text.integer(source.i4()));
      case 'F' -> stack.push(text.floatLine());
      case 'G' -> {
        budget.take(Budget.OBJECT / 2);
        stack.push(source.bigEndianDouble());
      }
      case 'S' -> stack.push(text.quotedLine());
      case 'T' -> stack.push(text.python2(source.u4()));
      case 'U' -> stack.push(text.python2(source.u1()));
      case 'V' -> stack.push(text.unicodeLine());
      case 'X' -> stack.push(text.utf8(source.u4()));
      case 0x8c -> stack.push(text.utf8(source.u1()));
      case 0x8d -> stack.push(text.utf8(source.i8()));
      case 'B' -> bytes(source.u4());
      case 'C' -> bytes(source.u1());
      case 0x8e, 0x96 -> bytes(source.i8());
      case 'p' -> stack.memoize(text.indexLine());
      case 'q' -> stack.memoize(source.u1());
      case 'r' -> stack.memoize(source.u4());
      case 0x94 -> stack.memoize();
      case 'g' -> stack.push(stack.recall(text.indexLine()));
      case 'h' -> stack.push(stack.recall(source.u1()));
      case 'j' -> stack.push(stack.recall(source.u4()));
      case 0x82, 0x83, 0x84 ->
          throw source.bad("an extension code, whose meaning only the program that wrote it knows");
      case 0x97, 0x98 ->
          throw source.bad(
              "a buffer outside the pickle; expected one saved without a buffer_callback");
      default -> {
        return false;
      }
    }
    return true;
  }

  /** Opcodes that make a value out of others or change one. */
  private boolean built(int opcode) throws IOException {
    switch (opcode) {
      case ']' -> stack.push(objects.list(new Object[0]));
      case 'l' -> stack.push(objects.list(stack.popMark()));
      case 'a' -> {
        budget.take(Budget.OBJECT / 2);
        objects.append(new Object[] {stack.pop()});
      }
      case 'e' -> objects.append(stack.popMark());
      case ')' -> stack.push(PickledTuple.EMPTY);
      case 't' -> stack.push(new PickledTuple(stack.popMark()));
      case 0x85 -> tuple(1);
      case 0x86 -> tuple(2);
      case 0x87 -> tuple(3);
      case '}' -> stack.push(objects.dict(new Object[0]));
      case 'd' -> stack.push(objects.dict(stack.popMark()));
      case 's' -> {
        budget.take(Budget.OBJECT / 2);
        Object value = stack.pop();
        objects.setItems(new Object[] {stack.pop(), value});
      }
      case 'u' -> objects.setItems(stack.popMark());
      case 0x8f -> stack.push(objects.set(false, new Object[0]));
      case 0x91 -> stack.push(objects.set(true, stack.popMark()));
      case 0x90 -> objects.addItems(stack.popMark());
      case 'c' -> {
        String module = text.nameLine();
        stack.push(objects.name(module, text.nameLine()));
      }
      case 0x93 -> {
        String name = text.name(stack.pop());
        stack.push(objects.name(text.name(stack.pop()), name));
      }
      case 'R' -> {
        PickledTuple arguments = objects.arguments(stack.pop());
        stack.push(objects.call(stack.pop(), arguments, Map.of()));
      }
      case 0x81 -> {
        PickledTuple arguments = objects.arguments(stack.pop());
        stack.push(objects.call(stack.pop(), arguments, Map.of()));
      }
      case 0x92 -> {
        Object keywords = stack.pop();
        if (!(keywords instanceof LinkedHashMap<?, ?>)) {
          throw source.bad(Printable.kind(keywords) + " where a dict of arguments is expected");
        }
        PickledTuple arguments = objects.arguments(stack.pop());
        stack.push(objects.call(stack.pop(), arguments, PickleBuilder.asDict(keywords)));
      }
      case 'i' -> {
        String module = text.nameLine();
        PickledName callee = objects.name(module, text.nameLine());
        stack.push(objects.call(callee, new PickledTuple(stack.popMark()), Map.of()));
      }
      case 'o' -> {
        Object[] values = stack.popMark();
        if (values.length == 0) {
          throw source.bad("an object without a class");
        }
        budget.take((long) Budget.SLOT * values.length);
        Object[] arguments = Arrays.copyOfRange(values, 1, values.length);
        stack.push(objects.call(values[0], new PickledTuple(arguments), Map.of()));
      }
      case 'b' -> objects.build();
      case 'P' -> persistent(text.nameLine());
      case 'Q' -> persistent(stack.pop());
      default -> {
        return false;
      }
    }
    return true;
  }

  private void requireProtocol(int protocol) throws IOException {
    if (protocol > 5) {
      throw source.bad("protocol " + protocol + "; expected 0 to 5");
    }
  }

  private void number(long value) throws IOException {
    budget.take(Budget.OBJECT / 2);
    stack.push(value);
  }

  private void bytes(long length) throws IOException {
    budget.take(Budget.OBJECT);
    stack.push(source.bytes(length));
  }

  private void persistent(Object id) throws IOException {
    budget.take(Budget.OBJECT);
    PersistentId made = new PersistentId(id);
    persistent.accept(made);
    stack.push(made);
  }

  private void tuple(int length) throws IOException {
    budget.take(Budget.OBJECT + (long) Budget.SLOT * length);
    Object[] items = new Object[length];
    for (int i = length - 1; i >= 0; i--) {
      items[i] = stack.pop();
    }
    stack.push(new PickledTuple(items));
  }
}
