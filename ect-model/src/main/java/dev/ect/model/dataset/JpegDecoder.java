package dev.ect.model.dataset;

import dev.ect.model.io.BadFileException;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * Decodes JPEGs to the pixels that libjpeg gives on its own, as Pillow and with it the EDM tool
 * have them. ImageIO decodes with the same arithmetic, but it also applies colour profiles, has
 * rules of its own for which colours a file without a JFIF marker holds, and stumbles over odd
 * metadata. It is therefore given the image without metadata, its kind of colours made plain, and
 * leaves them unconverted where it does not know them. Source: ITU T.81, annex B; ITU T.871.
 *
 * <p>CMYK becomes RGB as Pillow's {@code convert} does it. Adobe's inverted values are assumed, as
 * everywhere.
 */
final class JpegDecoder {
  private static final int SOI = 0xD8;
  private static final int SOS = 0xDA;
  private static final int COMMENT = 0xFE;
  private static final int APP0 = 0xE0;
  private static final int APP14 = 0xEE;
  private static final int APP15 = 0xEF;
  private static final int DHT = 0xC4;
  private static final int JPG = 0xC8;
  private static final int DAC = 0xCC;
  private static final byte[] JFIF = {
    (byte) 0xFF, (byte) APP0, 0, 16, 'J', 'F', 'I', 'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0
  };
  private static final byte[] ADOBE_RGB = {
    (byte) 0xFF, (byte) APP14, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, 0
  };
  private static final int YCCK = 2;
  private static final int HALF = 1 << 15;

  private final String file;
  private final byte[] encoded;
  private final ImageDecoder.Size size;
  private final ByteArrayOutputStream tables = new ByteArrayOutputStream();
  private boolean jfif;

  /** Colours by Adobe's marker: 0 RGB or CMYK, 1 YCbCr, 2 YCCK; -1 without one. */
  private int adobe = -1;

  private byte[] components = {};

  private JpegDecoder(String file, byte[] encoded, ImageDecoder.Size size) {
    this.file = file;
    this.encoded = encoded;
    this.size = size;
  }

  static boolean isJpeg(byte[] encoded) {
    return encoded.length > 3
        && (encoded[0] & 0xFF) == 0xFF
        && (encoded[1] & 0xFF) == SOI
        && (encoded[2] & 0xFF) == 0xFF;
  }

  static ImageDecoder.Decoded decode(String file, byte[] encoded, ImageDecoder.Size size)
      throws IOException {
    return new JpegDecoder(file, encoded, size).decode();
  }

  private ImageDecoder.Decoded decode() throws IOException {
    int rest = readMarkers();
    ByteArrayOutputStream plain = new ByteArrayOutputStream(encoded.length + JFIF.length);
    plain.write(0xFF);
    plain.write(SOI);
    boolean rgb = components.length == 3 && isRgb();
    if (components.length < 4) {
      plain.writeBytes(rgb ? ADOBE_RGB : JFIF);
    }
    tables.writeTo(plain);
    plain.write(encoded, rest, encoded.length - rest);
    Raster raster = read(plain.toByteArray(), components.length > 3);
    int channels = components.length == 1 ? 1 : 3;
    if (raster.getNumBands() != components.length || components.length == 2) {
      throw new BadFileException(
          file, "is a JPEG of " + components.length + " channels; expected 1, 3 or 4");
    }
    ImageShape shape = new ImageShape(channels, raster.getHeight(), raster.getWidth());
    byte[] pixels = new byte[shape.size()];
    int plane = shape.height() * shape.width();
    int[] row = new int[shape.width() * components.length];
    for (int y = 0; y < shape.height(); y++) {
      raster.getPixels(0, y, shape.width(), 1, row);
      for (int x = 0; x < shape.width(); x++) {
        int at = x * components.length;
        if (components.length == 4) {
          toRgb(row, at);
        }
        for (int channel = 0; channel < channels; channel++) {
          pixels[channel * plane + y * shape.width() + x] = (byte) row[at + channel];
        }
      }
    }
    return new ImageDecoder.Decoded(shape, pixels);
  }

  /** libjpeg's rule for three channels. */
  private boolean isRgb() {
    if (jfif) {
      return false;
    }
    return adobe >= 0 ? adobe == 0 : Arrays.equals(components, new byte[] {'R', 'G', 'B'});
  }

  /**
   * Takes from what comes before the first scan the segments that decoding needs.
   *
   * @return where the first scan starts
   */
  private int readMarkers() throws BadFileException {
    int at = 2;
    while (true) {
      while (at < encoded.length && encoded[at] != (byte) 0xFF) {
        at++;
      }
      while (at < encoded.length && encoded[at] == (byte) 0xFF) {
        at++;
      }
      if (encoded.length - at < 3) {
        throw new BadFileException(file, "is a damaged JPEG: it ends before its pixels");
      }
      int marker = encoded[at++] & 0xFF;
      if (marker == SOS) {
        return at - 2;
      }
      if (marker < 0xC0 || (marker >= 0xD0 && marker <= SOI)) {
        continue; // stands alone, or is no marker at all
      }
      int length = unsigned(at);
      if (length < 2 || length > encoded.length - at) {
        throw new BadFileException(file, "is a damaged JPEG: it ends before its pixels");
      }
      segment(marker, at, length);
      at += length;
    }
  }

  private void segment(int marker, int at, int length) throws BadFileException {
    if (marker == APP0) {
      jfif |= starts(at + 2, length - 2, "JFIF\0");
    } else if (marker == APP14) {
      if (length >= 14 && starts(at + 2, length - 2, "Adobe")) {
        adobe = encoded[at + 13] & 0xFF;
      }
    }
    if ((marker >= APP0 && marker <= APP15) || marker == COMMENT) {
      return;
    }
    boolean frame =
        marker >= 0xC0 && marker <= 0xCF && marker != DHT && marker != JPG && marker != DAC;
    if (frame && length >= 8) {
      readFrame(at, length);
    }
    tables.write(0xFF);
    tables.write(marker);
    tables.write(encoded, at, length);
  }

  private void readFrame(int at, int length) throws BadFileException {
    int height = unsigned(at + 3);
    int width = unsigned(at + 5);
    size.require(file, height, width);
    int count = encoded[at + 7] & 0xFF;
    components = new byte[Math.min(count, (length - 8) / 3)];
    for (int i = 0; i < components.length; i++) {
      components[i] = encoded[at + 8 + 3 * i];
    }
  }

  private int unsigned(int at) {
    return (encoded[at] & 0xFF) << 8 | (encoded[at + 1] & 0xFF);
  }

  private boolean starts(int at, int length, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    return length >= bytes.length
        && Arrays.equals(encoded, at, at + bytes.length, bytes, 0, bytes.length);
  }

  private Raster read(byte[] plain, boolean unconverted) throws IOException {
    javax.imageio.ImageReader reader = ImageDecoder.reader("jpeg");
    try (ImageInputStream stream =
        new MemoryCacheImageInputStream(new ByteArrayInputStream(plain))) {
      reader.setInput(stream, true, true);
      return unconverted ? reader.readRaster(0, null) : reader.read(0).getRaster();
    } catch (IOException | RuntimeException e) {
      throw new BadFileException(file, "is a damaged JPEG: " + e.getMessage(), e);
    } finally {
      reader.dispose();
    }
  }

  /** CMYK or YCCK at a place of the row, inverted, becomes RGB there. */
  private void toRgb(int[] row, int at) {
    if (adobe == YCCK) {
      ycck(row, at);
    }
    int black = row[at + 3];
    for (int i = 0; i < 3; i++) {
      int product = (255 - row[at + i]) * black + 128;
      row[at + i] = Math.max(black - (((product >> 8) + product) >> 8), 0);
    }
  }

  /**
   * YCbCr becomes CMY, with the rounding of libjpeg and its five digits. Source: ITU T.871, section
   * 7, and RGB = 255 - CMY.
   */
  private static void ycck(int[] row, int at) {
    int y = row[at];
    int cb = row[at + 1] - 128;
    int cr = row[at + 2] - 128;
    row[at] = 255 - y - ((fixed(1.402) * cr + HALF) >> 16);
    row[at + 1] = 255 - y - ((-fixed(0.34414) * cb - fixed(0.71414) * cr + HALF) >> 16);
    row[at + 2] = 255 - y - ((fixed(1.772) * cb + HALF) >> 16);
    for (int i = at; i < at + 3; i++) {
      row[i] = Math.min(Math.max(row[i], 0), 255);
    }
  }

  private static int fixed(double factor) {
    return (int) (factor * (1 << 16) + 0.5);
  }
}
