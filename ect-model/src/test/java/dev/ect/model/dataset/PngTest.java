package dev.ect.model.dataset;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.model.io.BadFileException;
import dev.ect.model.random.Philox;
import dev.ect.model.random.Purpose;
import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.awt.image.WritableRaster;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PngTest {
  private static final ImageShape RGB = new ImageShape(3, 5, 7);
  private static final ImageShape GREY = new ImageShape(1, 5, 7);

  @Test
  void whatIsEncodedIsWhatAnotherDecoderReads() throws IOException {
    for (ImageShape shape : new ImageShape[] {RGB, GREY}) {
      byte[] pixels = noise(shape);
      for (byte[] png :
          new byte[][] {PngEncoder.plain(shape, pixels), PngEncoder.compressed(shape, pixels)}) {
        BufferedImage image = ImageIO.read(new ByteArrayInputStream(png));
        assertEquals(7, image.getWidth());
        for (int i = 0; i < pixels.length; i++) {
          assertEquals(pixels[i] & 0xFF, image.getRaster().getSample(i % 7, i / 7 % 5, i / 35));
        }
        ImageDecoder.Decoded decoded = decode(png, 0);
        assertEquals(shape, decoded.shape());
        assertArrayEquals(pixels, decoded.pixels());
      }
    }
  }

  @Test
  void plainEncodingIsTheSameOnEveryMachine() {
    CRC32 crc = new CRC32();
    crc.update(PngEncoder.plain(RGB, new byte[RGB.size()]));
    assertEquals(
        8 + 25 + (12 + 2 + 5 + 5 * 22 + 4) + 12,
        PngEncoder.plain(RGB, new byte[RGB.size()]).length);
    assertEquals("322d15b8", Long.toHexString(crc.getValue()));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void undoesEveryRowFilter(int filter) throws IOException {
    byte[] pixels = noise(RGB);
    // The rows are filtered here by the definition, sample by sample, channels interleaved.
    byte[] rows = new byte[5 * 22];
    for (int y = 0; y < 5; y++) {
      rows[y * 22] = (byte) filter;
      for (int x = 0; x < 7; x++) {
        for (int c = 0; c < 3; c++) {
          int a = sample(pixels, c, y, x - 1);
          int b = sample(pixels, c, y - 1, x);
          int corner = sample(pixels, c, y - 1, x - 1);
          int p = a + b - corner;
          int nearest = Math.min(Math.abs(p - a), Math.min(Math.abs(p - b), Math.abs(p - corner)));
          int paeth = Math.abs(p - a) == nearest ? a : Math.abs(p - b) == nearest ? b : corner;
          int prediction = new int[] {0, a, b, (a + b) / 2, paeth}[filter];
          rows[y * 22 + 1 + x * 3 + c] = (byte) (sample(pixels, c, y, x) - prediction);
        }
      }
    }
    byte[] png = png(7, 5, 8, 2, rows);
    assertArrayEquals(pixels, decode(png, 0).pixels());
    assertEquals(
        pixels[0] & 0xFF,
        ImageIO.read(new ByteArrayInputStream(png)).getRaster().getSample(0, 0, 0));
  }

  @Test
  void readsJpegs() throws IOException {
    for (int type : new int[] {BufferedImage.TYPE_INT_RGB, BufferedImage.TYPE_BYTE_GRAY}) {
      BufferedImage image = new BufferedImage(16, 8, type);
      for (int i = 0; i < 128; i++) {
        image
            .getRaster()
            .setPixel(
                i % 16,
                i / 16,
                type == BufferedImage.TYPE_INT_RGB ? new int[] {200, 100, 50} : new int[] {90});
      }
      ImageDecoder.Decoded decoded = decode(encode(image, "jpg"), 0);
      int[] expected =
          type == BufferedImage.TYPE_INT_RGB ? new int[] {200, 100, 50} : new int[] {90};
      assertEquals(new ImageShape(expected.length, 8, 16), decoded.shape());
      for (int i = 0; i < decoded.pixels().length; i++) {
        assertEquals(expected[i / 128], decoded.pixels()[i] & 0xFF, 3);
      }
    }
  }

  @Test
  void resolvesPalettes() throws IOException {
    byte[] red = {10, (byte) 200};
    byte[] blue = {30, 40};
    IndexColorModel colours = new IndexColorModel(8, 2, red, red, blue);
    BufferedImage image = new BufferedImage(2, 1, BufferedImage.TYPE_BYTE_INDEXED, colours);
    image.getRaster().setSample(0, 0, 0, 1);
    ImageDecoder.Decoded decoded = decode(encode(image, "png"), 0);
    assertArrayEquals(new byte[] {(byte) 200, 10, (byte) 200, 10, 40, 30}, decoded.pixels());

    BufferedImage bits = new BufferedImage(2, 1, BufferedImage.TYPE_BYTE_BINARY);
    bits.getRaster().setSample(1, 0, 0, 1);
    assertArrayEquals(new byte[] {0, -1}, decode(encode(bits, "png"), 0).pixels());
    assertArrayEquals(new byte[] {0, -1, 0, -1, 0, -1}, decode(encode(bits, "png"), 3).pixels());
  }

  @Test
  void roundsSixteenBitsToEight() throws IOException {
    BufferedImage image = new BufferedImage(4, 1, BufferedImage.TYPE_USHORT_GRAY);
    int[] samples = {0, 65535, 0x80FF, 128};
    image.getRaster().setSamples(0, 0, 4, 1, 0, samples);
    assertArrayEquals(new byte[] {0, -1, (byte) 128, 0}, decode(encode(image, "png"), 0).pixels());
  }

  @Test
  void dropsOpaqueAlphaAndRefusesTransparency() throws IOException {
    BufferedImage image = new BufferedImage(2, 1, BufferedImage.TYPE_INT_ARGB);
    image.setRGB(0, 0, 0xFF010203);
    image.setRGB(1, 0, 0xFF040506);
    assertArrayEquals(new byte[] {1, 4, 2, 5, 3, 6}, decode(encode(image, "png"), 0).pixels());
    image.setRGB(1, 0, 0xFE040506);
    assertBad(
        "has transparent pixels; expected an opaque image: flatten it onto a background",
        encode(image, "png"));
  }

  @Test
  void refusesEveryDamagedByteAndEveryCut() {
    byte[] png = PngEncoder.plain(GREY, noise(GREY));
    for (int i = 0; i < png.length; i++) {
      byte[] damaged = png.clone();
      damaged[i] ^= 0x10;
      assertThrows(BadFileException.class, () -> decode(damaged, 0), "byte " + i);
      byte[] cut = Arrays.copyOf(png, i);
      assertThrows(BadFileException.class, () -> decode(cut, 0), "cut at " + i);
    }
  }

  @Test
  void describesDamage() {
    byte[] png = PngEncoder.plain(GREY, noise(GREY));
    assertBad("is a damaged PNG: it ends in the middle", Arrays.copyOf(png, png.length - 1));
    byte[] changed = png.clone();
    changed[50]++;
    assertBad("is a damaged PNG: a checksum does not match", changed);
    assertBad(
        "is a damaged PNG: it holds 8 bytes of pixels; expected 40", png(7, 5, 8, 0, new byte[8]));
    assertBad("is a damaged PNG: row filter 9 does not exist", png(1, 1, 8, 0, new byte[] {9, 0}));
    assertBad(
        "is not an image of a known kind; expected PNG or JPEG",
        new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9});
  }

  @Test
  void readsInterlacedAndWideKindsThroughImageIo() throws IOException {
    BufferedImage image = new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB);
    WritableRaster raster = image.getRaster();
    for (int i = 0; i < 64; i++) {
      raster.setPixel(i % 8, i / 8, new int[] {i, 2 * i, 3 * i});
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    javax.imageio.ImageWriter writer = ImageIO.getImageWritersByFormatName("png").next();
    javax.imageio.ImageWriteParam parameters = writer.getDefaultWriteParam();
    parameters.setProgressiveMode(javax.imageio.ImageWriteParam.MODE_DEFAULT);
    try (javax.imageio.stream.ImageOutputStream stream = ImageIO.createImageOutputStream(out)) {
      writer.setOutput(stream);
      writer.write(null, new javax.imageio.IIOImage(image, null, null), parameters);
    }
    writer.dispose();
    byte[] png = out.toByteArray();
    assertEquals(1, png[28], "interlaced");
    ImageDecoder.Decoded decoded = decode(png, 0);
    for (int i = 0; i < 64; i++) {
      assertEquals(3 * i, decoded.pixels()[128 + i] & 0xFF);
    }
    assertTrue(decoded.shape().equals(ImageShape.square(3, 8)));
  }

  private static int sample(byte[] pixels, int channel, int y, int x) {
    return y < 0 || x < 0 ? 0 : pixels[channel * 35 + y * 7 + x] & 0xFF;
  }

  private static byte[] png(int width, int height, int depth, int colour, byte[] rows) {
    Deflater deflater = new Deflater();
    deflater.setInput(rows);
    deflater.finish();
    byte[] packed = new byte[rows.length + 100];
    int length = deflater.deflate(packed);
    deflater.end();
    ByteBuffer out = ByteBuffer.allocate(length + 8 + 25 + 24).putLong(0x89504E470D0A1A0AL);
    chunk(
        out,
        0x49484452,
        ByteBuffer.allocate(13)
            .putInt(width)
            .putInt(height)
            .put((byte) depth)
            .put((byte) colour)
            .array());
    chunk(out, 0x49444154, Arrays.copyOf(packed, length));
    chunk(out, 0x49454E44, new byte[0]);
    return out.array();
  }

  private static void chunk(ByteBuffer out, int type, byte[] data) {
    out.putInt(data.length);
    int start = out.position();
    out.putInt(type).put(data);
    CRC32 crc = new CRC32();
    crc.update(out.slice(start, data.length + 4));
    out.putInt((int) crc.getValue());
  }

  private static byte[] noise(ImageShape shape) {
    Philox random = new Philox(1, Purpose.SYNTHESIS, 0, 0);
    byte[] pixels = new byte[shape.size()];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (byte) random.nextInt();
    }
    return pixels;
  }

  private static byte[] encode(BufferedImage image, String format) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    assertTrue(ImageIO.write(image, format, out));
    return out.toByteArray();
  }

  private static ImageDecoder.Decoded decode(byte[] encoded, int channels) throws IOException {
    return ImageDecoder.decode("x.png", encoded, channels);
  }

  private static void assertBad(String problem, byte[] encoded) {
    assertEquals(
        "x.png: " + problem,
        assertThrows(BadFileException.class, () -> decode(encoded, 0)).getMessage());
  }
}
