package dev.ect.model.engine.nd4j;

import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Temporary arrays of one kernel, all given back when it ends. */
final class Nd4jScratch implements AutoCloseable {
  private final Nd4jMemory memory;
  private final List<INDArray> taken = new ArrayList<>();

  Nd4jScratch(Nd4jMemory memory) {
    this.memory = memory;
  }

  /** A rows x columns array, whatever its values are. */
  INDArray take(long rows, long columns) {
    INDArray flat = memory.take(rows * columns);
    taken.add(flat);
    return flat.reshape(rows, columns);
  }

  @Override
  public void close() {
    taken.forEach(memory::give);
    taken.clear();
  }
}
