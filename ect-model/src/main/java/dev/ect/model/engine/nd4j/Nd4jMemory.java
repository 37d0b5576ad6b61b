package dev.ect.model.engine.nd4j;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Flat float32 arrays that are used again once they are free. Fresh memory costs the operating
 * system's page faults, which take longer than most kernels; a training step asks for the same
 * sizes over and over.
 *
 * <p>Memory held, used and free together, never exceeds 5/4 of the most that was ever in use:
 * beyond that the sizes that nobody asked for the longest are freed first. Not safe for use by
 * several threads at once.
 */
final class Nd4jMemory implements AutoCloseable {
  /** Free arrays by length; the length that was given back or taken last comes last. */
  private final Map<Long, Deque<INDArray>> free = new LinkedHashMap<>(16, 0.75f, true);

  private final Map<Long, INDArray> ones = new HashMap<>();
  private long freeValues;
  private long usedValues;
  private long mostUsedValues;
  private boolean closed;

  /** A flat array of n values, whatever they are. The caller gives it back. */
  INDArray take(long n) {
    if (closed) {
      throw new IllegalStateException("the nd4j engine is closed");
    }
    usedValues += n;
    mostUsedValues = Math.max(mostUsedValues, usedValues);
    Deque<INDArray> same = free.get(n);
    if (same != null) {
      INDArray array = same.pop();
      if (same.isEmpty()) {
        free.remove(n);
      }
      freeValues -= n;
      return array;
    }
    shrink(mostUsedValues + mostUsedValues / 4 - usedValues);
    // Without this a workspace that the calling thread happens to have open would own the array.
    try (MemoryWorkspace none = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      return Nd4j.createUninitialized(DataType.FLOAT, new long[] {n}, 'c');
    }
  }

  /** Takes back what {@link #take} gave. */
  void give(INDArray array) {
    long n = array.length();
    usedValues -= n;
    if (closed) {
      array.close();
      return;
    }
    free.computeIfAbsent(n, k -> new ArrayDeque<>()).push(array);
    freeValues += n;
  }

  /** A flat vector of n ones, to sum by matrix products. It stays this object's own. */
  INDArray ones(long n) {
    return ones.computeIfAbsent(n, k -> take(k).assign(1));
  }

  /** Frees what lies unused; arrays in use are freed when they are given back. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      ones.values().forEach(INDArray::close);
      ones.clear();
      shrink(0);
    }
  }

  private void shrink(long most) {
    Iterator<Deque<INDArray>> oldest = free.values().iterator();
    while (freeValues > most && oldest.hasNext()) {
      Deque<INDArray> same = oldest.next();
      while (freeValues > most && !same.isEmpty()) {
        INDArray array = same.pop();
        freeValues -= array.length();
        array.close();
      }
      if (same.isEmpty()) {
        oldest.remove();
      }
    }
  }
}
