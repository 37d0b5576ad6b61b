package dev.ect.model.pickle;

import java.io.IOException;
import java.util.Arrays;

/** The stack of a pickle's machine with its marks, and its memo. */
final class PickleStack {
  private static final int START = 64;

  private final PickleSource source;
  private final Budget budget;
  private final long start;

  private Object[] values = new Object[START];
  private int size;

  /** Heights at which marks stand; what lies below the top one is out of reach. */
  private int[] marks = new int[START];

  private int markCount;

  private Object[] memo = new Object[START];
  private boolean[] set = new boolean[START];
  private int memoCount;

  PickleStack(PickleSource source, Budget budget) {
    this.source = source;
    this.budget = budget;
    start = source.position();
  }

  void push(Object value) throws IOException {
    if (size == values.length) {
      values = Arrays.copyOf(values, grown(values.length, Budget.SLOT));
    }
    values[size++] = value;
  }

  Object pop() throws IOException {
    Object top = top();
    values[--size] = null;
    return top;
  }

  Object top() throws IOException {
    if (size == fence()) {
      throw source.bad("a value is needed, but the stack is empty");
    }
    return values[size - 1];
  }

  void mark() throws IOException {
    if (markCount == marks.length) {
      marks = Arrays.copyOf(marks, grown(marks.length, Budget.SLOT));
    }
    marks[markCount++] = size;
  }

  /** The values above the top mark, which are taken off with it. */
  Object[] popMark() throws IOException {
    if (markCount == 0) {
      throw source.bad("a mark is needed, but there is none");
    }
    int from = marks[--markCount];
    budget.take(Budget.OBJECT + (long) Budget.SLOT * (size - from));
    Object[] above = Arrays.copyOfRange(values, from, size);
    Arrays.fill(values, from, size, null);
    size = from;
    return above;
  }

  /** Takes off a value, or else the mark that lies on top. */
  void drop() throws IOException {
    if (markCount > 0 && marks[markCount - 1] == size) {
      markCount--;
    } else {
      pop();
    }
  }

  /** Puts the top value into the memo. */
  void memoize(long index) throws IOException {
    Object top = top();
    // Picklers count from 0 or 1, and every value takes a byte or more.
    if (index < 0 || index > source.position() - start) {
      throw source.bad("number " + index + " of the memo, which is not that long");
    }
    int at = (int) Math.min(index, Integer.MAX_VALUE);
    if (at >= memo.length) {
      int length = memo.length;
      do {
        length = grown(length, Budget.SLOT + 1);
      } while (length <= at);
      memo = Arrays.copyOf(memo, length);
      set = Arrays.copyOf(set, length);
    }
    if (!set[at]) {
      set[at] = true;
      memoCount++;
    }
    memo[at] = top;
  }

  /** Puts the top value into the memo's next place. */
  void memoize() throws IOException {
    memoize(memoCount);
  }

  Object recall(long index) throws IOException {
    if (index < 0 || index >= memo.length || !set[(int) index]) {
      throw source.bad("number " + index + " of the memo, where nothing was put");
    }
    return memo[(int) index];
  }

  private int fence() {
    return markCount == 0 ? 0 : marks[markCount - 1];
  }

  private int grown(int length, int bytes) throws IOException {
    if (length > Integer.MAX_VALUE / 2 - 8) {
      throw source.bad("more than " + length + " values at a time");
    }
    budget.take(2L * length * bytes);
    return 2 * length;
  }
}
