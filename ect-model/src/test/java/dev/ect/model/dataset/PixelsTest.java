package dev.ect.model.dataset;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class PixelsTest {
  @Test
  void bytesBecomeValuesFromMinusOneToOne() {
    float[] values = {9, 9, 9, 9, 9};
    Pixels.toFloats(new byte[] {9, 0, (byte) 255, 51}, 1, values, 1, 3);
    assertArrayEquals(new float[] {9, -1, 1, -0.6f, 9}, values, 1e-7f);
    assertEquals(-1f, values[1]);
    assertEquals(1f, values[2]);
  }

  @Test
  void gridsRoundTiesToEvenAndClamp() {
    // (x + 1) * 127.5 is 0, 63.75, 191.25, 255, -12.75, 267.75, and the exact ties 126.5, 127.5,
    // 130.5.
    float[] values = {-1, -0.5f, 0.5f, 1, -1.1f, 1.1f, -0x1.0100cp-7f, 0, 0x1.818142p-6f};
    assertArrayEquals(bytes(0, 64, 191, 255, 0, 255, 126, 128, 130), Pixels.toGridBytes(values));
    assertArrayEquals(
        bytes(0, 255),
        Pixels.toGridBytes(new float[] {Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY}));
  }

  @Test
  void metricsTruncateAndClamp() {
    // 127.5 x + 128 is 0.5, 128, 64.25, 191.75, 255.5, -12.25, 0.
    float[] values = {-1, 0, -0.5f, 0.5f, 1, -1.1f, -128 / 127.5f};
    assertArrayEquals(bytes(0, 128, 64, 191, 255, 0, 0), Pixels.toMetricBytes(values));
  }

  @Test
  void everyByteComesBackFromItsValue() {
    byte[] all = new byte[256];
    for (int i = 0; i < all.length; i++) {
      all[i] = (byte) i;
    }
    float[] values = new float[256];
    Pixels.toFloats(all, 0, values, 0, 256);
    assertArrayEquals(all, Pixels.toGridBytes(values));
    assertArrayEquals(all, Pixels.toMetricBytes(values));
  }

  private static byte[] bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }
}
