package dev.ect.model.dataset;

import dev.ect.model.io.BadFileException;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Iterator;
import javax.imageio.ImageIO;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * Decodes image files to bytes, the same as Pillow's. Plain PNGs, JPEGs and WebPs go ways of their
 * own; everything else goes through ImageIO. Palettes are resolved, 16-bit samples are rounded to 8
 * bits, an alpha channel is dropped where it is opaque and refused where it is not.
 */
public final class ImageDecoder {
  private static final int OPAQUE = 255;

  /** Pixels of an image; a few bytes can claim many more than that. */
  private static final int MOST_PIXELS = 1 << 27;

  /**
   * An image.
   *
   * @param pixels bytes [C,H,W]
   */
  public record Decoded(ImageShape shape, byte[] pixels) {}

  private ImageDecoder() {}

  /**
   * Decodes one image.
   *
   * @param file its name for messages
   * @param channels what a palette image is to become: 1, 3, or 0 for whichever its kind suggests
   */
  public static Decoded decode(String file, byte[] encoded, int channels) throws IOException {
    return decode(file, encoded, channels, new Size(null));
  }

  /**
   * Decodes one image of a dataset; one that claims to be larger costs no memory.
   *
   * @param expected the shape that it must have
   * @throws BadFileException if it has another shape, or is damaged
   */
  static Decoded decode(String file, byte[] encoded, ImageShape expected) throws IOException {
    Decoded image = decode(file, encoded, expected.channels(), new Size(expected));
    if (!image.shape().equals(expected)) {
      throw misfit(file, image.shape().toString(), expected);
    }
    return image;
  }

  private static Decoded decode(String file, byte[] encoded, int channels, Size size)
      throws IOException {
    Decoded plain = PngDecoder.decode(file, encoded, size);
    if (plain != null) {
      return plain;
    }
    if (JpegDecoder.isJpeg(encoded)) {
      return JpegDecoder.decode(file, encoded, size);
    }
    if (WebpDecoder.isWebp(encoded)) {
      return samples(file, WebpDecoder.decode(file, encoded, size));
    }
    BufferedImage image;
    try {
      image = read(file, encoded, size);
    } catch (BadFileException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      throw new BadFileException(
          file, "is a damaged image, or of a kind that cannot be read: " + e.getMessage(), e);
    }
    if (image == null) {
      throw new BadFileException(file, "is not an image of a known kind; expected PNG or JPEG");
    }
    if (image.getColorModel() instanceof IndexColorModel palette) {
      return resolve(file, image, palette, channels);
    }
    return samples(file, image);
  }

  private static BufferedImage read(String file, byte[] encoded, Size size) throws IOException {
    try (ImageInputStream stream =
        new MemoryCacheImageInputStream(new ByteArrayInputStream(encoded))) {
      Iterator<javax.imageio.ImageReader> readers = ImageIO.getImageReaders(stream);
      if (!readers.hasNext()) {
        return null;
      }
      javax.imageio.ImageReader reader = readers.next();
      try {
        reader.setInput(stream, true, true);
        size.require(file, reader.getHeight(0), reader.getWidth(0));
        return reader.read(0);
      } finally {
        reader.dispose();
      }
    }
  }

  /** The JDK's own reader of a format: others may be registered, with other rules. */
  static javax.imageio.ImageReader reader(String format) {
    Iterator<javax.imageio.ImageReader> readers = ImageIO.getImageReadersByFormatName(format);
    while (readers.hasNext()) {
      javax.imageio.ImageReader reader = readers.next();
      if (reader.getClass().getModule() == ImageIO.class.getModule()) {
        return reader;
      }
    }
    throw new IllegalStateException("the JDK has no reader of " + format);
  }

  /**
   * How large images may be: checked by what their headers say, before memory is taken for them.
   *
   * @param expected the shape that is expected; null for any up to {@link #MOST_PIXELS}
   */
  record Size(ImageShape expected) {
    void require(String file, ImageShape found) throws BadFileException {
      if (expected != null && !found.equals(expected)) {
        throw misfit(file, found.toString(), expected);
      }
    }

    void require(String file, int height, int width) throws BadFileException {
      if (expected != null && (height != expected.height() || width != expected.width())) {
        throw misfit(file, height + "x" + width, expected);
      }
      if ((long) height * width > MOST_PIXELS) {
        throw new BadFileException(
            file, "has " + height + "x" + width + " pixels; expected at most " + MOST_PIXELS);
      }
    }
  }

  private static BadFileException misfit(String file, String found, ImageShape expected) {
    return new BadFileException(
        file, "is " + found + "; expected " + expected + " as the dataset's first image");
  }

  private static Decoded resolve(
      String file, BufferedImage image, IndexColorModel palette, int channels) throws IOException {
    int width = image.getWidth();
    int height = image.getHeight();
    int[] places = image.getRaster().getSamples(0, 0, width, height, 0, (int[]) null);
    boolean grey = true;
    for (int place : places) {
      int colour = palette.getRGB(place);
      if (colour >>> 24 != OPAQUE) {
        throw transparent(file);
      }
      grey &= (colour >> 16 & 0xFF) == (colour & 0xFF) && (colour >> 8 & 0xFF) == (colour & 0xFF);
    }
    // Grey PNGs of fewer than 8 bits arrive as packed palette images.
    boolean suggestsGrey = image.getType() == BufferedImage.TYPE_BYTE_BINARY;
    ImageShape shape =
        new ImageShape(
            grey && (channels == 1 || (channels == 0 && suggestsGrey)) ? 1 : 3, height, width);
    byte[] pixels = new byte[shape.size()];
    for (int i = 0; i < places.length; i++) {
      int colour = palette.getRGB(places[i]);
      for (int channel = 0; channel < shape.channels(); channel++) {
        pixels[channel * places.length + i] = (byte) (colour >> (16 - 8 * channel));
      }
    }
    return new Decoded(shape, pixels);
  }

  private static Decoded samples(String file, BufferedImage image) throws IOException {
    Raster raster = image.getRaster();
    ColorModel model = image.getColorModel();
    int channels = model.getNumColorComponents();
    int type = raster.getTransferType();
    if ((channels != 1 && channels != 3)
        || type == DataBuffer.TYPE_FLOAT
        || type == DataBuffer.TYPE_DOUBLE
        || model.getComponentSize(0) > 16) {
      throw new BadFileException(
          file,
          "has "
              + channels
              + " colour channels of "
              + model.getComponentSize(0)
              + " bits; expected grey or RGB of 8 bits");
    }
    ImageShape shape = new ImageShape(channels, image.getHeight(), image.getWidth());
    int plane = shape.height() * shape.width();
    byte[] pixels = new byte[shape.size()];
    int[] samples = new int[plane];
    for (int band = 0; band < raster.getNumBands(); band++) {
      raster.getSamples(0, 0, shape.width(), shape.height(), band, samples);
      int largest = (1 << model.getComponentSize(band)) - 1;
      for (int i = 0; i < plane; i++) {
        if (band < channels) {
          pixels[band * plane + i] = (byte) ((samples[i] * OPAQUE + largest / 2) / largest);
        } else if (samples[i] != largest) {
          throw transparent(file);
        }
      }
    }
    return new Decoded(shape, pixels);
  }

  private static BadFileException transparent(String file) {
    return new BadFileException(
        file, "has transparent pixels; expected an opaque image: flatten it onto a background");
  }
}
