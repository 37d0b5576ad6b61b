package dev.ect.model.dataset;

/** Conversions between bytes and the values in [-1, 1] that networks see. */
public final class Pixels {
  private static final float HALF_RANGE = 127.5f;
  private static final float MIDDLE = 128f;
  private static final float LARGEST = 255f;

  private Pixels() {}

  /** {@code byte / 127.5 - 1} for each of {@code count} unsigned bytes. */
  public static void toFloats(byte[] from, int fromOffset, float[] to, int toOffset, int count) {
    for (int i = 0; i < count; i++) {
      to[toOffset + i] = (from[fromOffset + i] & 0xFF) / HALF_RANGE - 1;
    }
  }

  /** For metrics: {@code clamp(127.5 x + 128, 0, 255)}, truncated. NaN becomes 0. */
  public static byte[] toMetricBytes(float[] values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) (int) Math.min(Math.max(values[i] * HALF_RANGE + MIDDLE, 0f), LARGEST);
    }
    return bytes;
  }

  /**
   * For image grids: {@code (x + 1) * 127.5}, rounded to the nearest, ties to even, clamped to
   * 0..255. NaN becomes 0.
   */
  public static byte[] toGridBytes(float[] values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] =
          (byte) (int) Math.min(Math.max(Math.rint((values[i] + 1) * HALF_RANGE), 0), LARGEST);
    }
    return bytes;
  }
}
