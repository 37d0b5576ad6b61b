package dev.ect.spark.exchange;

import java.nio.FloatBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.concurrency.AffinityManager.Location;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A flat float32 array that both ND4J's operations and plain loops work on. */
final class HostVector implements AutoCloseable {
  private final INDArray array;
  private final FloatBuffer values;

  /** A vector of zeros. */
  HostVector(int length) {
    // Without this a workspace that the calling thread happens to have open would own the array.
    try (MemoryWorkspace none = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      array = Nd4j.zeros(DataType.FLOAT, length);
    }
    values = array.data().asNioFloat();
  }

  /** For ND4J's operations. */
  INDArray array() {
    return array;
  }

  /** The newest values, for reading. */
  FloatBuffer read() {
    Nd4j.getAffinityManager().ensureLocation(array, Location.HOST);
    return values.duplicate();
  }

  /** The newest values, for changing; {@link #changed} follows. */
  FloatBuffer write() {
    return read();
  }

  /** Says that the values have been changed through {@link #write}. */
  void changed() {
    Nd4j.getAffinityManager().tagLocation(array, Location.HOST);
  }

  @Override
  public void close() {
    array.close();
  }
}
