package dev.ect.model.dataset;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/** Encodes images as PNG, 8 bits, grey or RGB. */
public final class PngEncoder {
  private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
  private static final byte UP = 2;

  private PngEncoder() {}

  /**
   * Encodes without compression: quick to read, and the same bytes on every machine. For datasets,
   * as EDM's tool does it.
   */
  public static byte[] plain(ImageShape shape, byte[] pixels) {
    return encode(shape, pixels, Deflater.NO_COMPRESSION);
  }

  /** Encodes compressed. For grids and other pictures to look at. */
  public static byte[] compressed(ImageShape shape, byte[] pixels) {
    return encode(shape, pixels, Deflater.DEFAULT_COMPRESSION);
  }

  /**
   * @param pixels bytes [C,H,W]
   */
  private static byte[] encode(ImageShape shape, byte[] pixels, int level) {
    if (pixels.length != shape.size()) {
      throw new IllegalArgumentException(
          "image of " + pixels.length + " bytes; expected " + shape.size() + " for " + shape);
    }
    int channels = shape.channels();
    int stride = shape.width() * channels;
    int plane = shape.height() * shape.width();
    boolean filtered = level != Deflater.NO_COMPRESSION;
    byte[] rows = new byte[Math.multiplyExact(shape.height(), stride + 1)];
    int at = 0;
    for (int y = 0; y < shape.height(); y++) {
      rows[at++] = filtered ? UP : 0;
      for (int x = 0; x < shape.width(); x++) {
        for (int channel = 0; channel < channels; channel++) {
          int from = channel * plane + y * shape.width() + x;
          rows[at++] =
              (byte)
                  (filtered && y > 0 ? pixels[from] - pixels[from - shape.width()] : pixels[from]);
        }
      }
    }
    byte colour = (byte) (channels == 1 ? 0 : 2);
    ByteBuffer header =
        ByteBuffer.allocate(13)
            .putInt(shape.width())
            .putInt(shape.height())
            .put(new byte[] {8, colour, 0, 0, 0});
    ByteArrayOutputStream out = new ByteArrayOutputStream(rows.length / (filtered ? 4 : 1) + 128);
    out.writeBytes(SIGNATURE);
    chunk(out, "IHDR", header.array());
    chunk(out, "IDAT", deflate(rows, level));
    chunk(out, "IEND", new byte[0]);
    return out.toByteArray();
  }

  private static byte[] deflate(byte[] rows, int level) {
    Deflater deflater = new Deflater(level);
    try {
      deflater.setInput(rows);
      deflater.finish();
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      byte[] piece = new byte[1 << 14];
      while (!deflater.finished()) {
        out.write(piece, 0, deflater.deflate(piece));
      }
      return out.toByteArray();
    } finally {
      deflater.end();
    }
  }

  private static void chunk(ByteArrayOutputStream out, String type, byte[] data) {
    byte[] name = type.getBytes(StandardCharsets.US_ASCII);
    CRC32 crc = new CRC32();
    crc.update(name);
    crc.update(data);
    out.writeBytes(ByteBuffer.allocate(4).putInt(data.length).array());
    out.writeBytes(name);
    out.writeBytes(data);
    out.writeBytes(ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
  }
}
