package dev.ect.model.checkpoint;

import java.io.IOException;
import java.nio.FloatBuffer;

/**
 * Elements of a tensor, asked for piece by piece in rising order, so that a file is written without
 * a second copy of the weights.
 */
@FunctionalInterface
public interface FloatSource {
  /**
   * Fills all that remains of {@code into}.
   *
   * @param offset number of the first element wanted
   */
  void read(long offset, FloatBuffer into) throws IOException;

  /** The elements of an array, which is not copied. */
  static FloatSource of(float[] values) {
    return (offset, into) -> into.put(values, Math.toIntExact(offset), into.remaining());
  }

  /**
   * The elements of a buffer from its position, which is not copied; its position does not move.
   */
  static FloatSource of(FloatBuffer values) {
    return (offset, into) ->
        into.put(values.slice(values.position() + Math.toIntExact(offset), into.remaining()));
  }
}
