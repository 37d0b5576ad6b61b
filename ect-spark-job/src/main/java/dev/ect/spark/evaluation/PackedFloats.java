package dev.ect.spark.evaluation;

import java.io.Serializable;
import java.nio.ByteBuffer;

/**
 * Floats on their way: Java serialises bytes several times as fast.
 *
 * @param bytes big-endian
 */
record PackedFloats(byte[] bytes) implements Serializable {
  private static final long serialVersionUID = 1L;

  static PackedFloats of(float[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES);
    bytes.asFloatBuffer().put(values);
    return new PackedFloats(bytes.array());
  }

  float[] unpack() {
    float[] values = new float[bytes.length / Float.BYTES];
    ByteBuffer.wrap(bytes).asFloatBuffer().get(values);
    return values;
  }
}
