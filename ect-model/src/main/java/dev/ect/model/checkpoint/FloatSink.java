package dev.ect.model.checkpoint;

import java.nio.FloatBuffer;

/** Takes the elements of a vector piece by piece, in rising order. */
@FunctionalInterface
public interface FloatSink {
  /**
   * Takes all that remains of {@code values}.
   *
   * @param offset number of the first element
   */
  void write(long offset, FloatBuffer values);
}
