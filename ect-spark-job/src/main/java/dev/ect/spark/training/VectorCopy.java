package dev.ect.spark.training;

import dev.ect.model.checkpoint.FloatPieces;
import dev.ect.model.checkpoint.FloatSource;
import dev.ect.model.engine.Tensor;
import java.nio.FloatBuffer;

/** A vector's values at one moment, on the host. The memory is kept for the next moment. */
final class VectorCopy implements FloatSource {
  private FloatPieces values = new FloatPieces(0);

  /** Takes the values of a vector, in place of those it had. */
  void copy(Tensor vector) {
    if (values.size() != vector.elements()) {
      values = new FloatPieces(vector.elements());
    }
    values.eachPiece(vector::read);
  }

  @Override
  public void read(long offset, FloatBuffer into) {
    values.read(offset, into);
  }

  /** Lets the memory go. */
  void free() {
    values = new FloatPieces(0);
  }
}
