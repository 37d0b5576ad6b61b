package dev.ect.model.dataset;

import com.luciad.imageio.webp.WebPImageReaderSpi;
import com.luciad.imageio.webp.WebPReadParam;
import com.luciad.imageio.webp.internal.NativeLoader;
import dev.ect.model.io.BadFileException;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * Decodes WebPs with libwebp, as Pillow does: how the chroma of a lossy one is interpolated and
 * rounded is up to the decoder. Colour profiles are not applied. Source: RFC 9649.
 *
 * <p>libwebp is native; without it WebPs are refused, and nothing else.
 */
final class WebpDecoder {
  private static final byte[] RIFF = "RIFF".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] WEBP = "WEBP".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] EXTENDED = "VP8X".getBytes(StandardCharsets.US_ASCII);
  private static final int FLAGS = 20;
  private static final int ANIMATION = 2;

  private WebpDecoder() {}

  static boolean isWebp(byte[] encoded) {
    return holds(encoded, 0, RIFF) && holds(encoded, 8, WEBP);
  }

  /** The image in RGB, with alpha if it has such a channel, not premultiplied. */
  static BufferedImage decode(String file, byte[] encoded, ImageDecoder.Size size)
      throws IOException {
    if (Library.PROBLEM != null) {
      throw new BadFileException(
          file,
          "is a WebP, and libwebp cannot be loaded here ("
              + Library.PROBLEM
              + "); convert it to PNG elsewhere");
    }
    if (holds(encoded, 12, EXTENDED)
        && encoded.length > FLAGS
        && (encoded[FLAGS] & ANIMATION) != 0) {
      throw new BadFileException(file, "is an animated WebP; expected a still image");
    }
    javax.imageio.ImageReader reader = new WebPImageReaderSpi().createReaderInstance(null);
    try (ImageInputStream stream = new Bytes(encoded)) {
      reader.setInput(stream, true, true);
      size.require(file, reader.getHeight(0), reader.getWidth(0));
      return reader.read(0, Library.OPTIONS);
    } catch (BadFileException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      throw new BadFileException(file, "is a damaged WebP: " + e.getMessage(), e);
    } catch (OutOfMemoryError e) {
      // libwebp also reports damaged alpha channels so; the JVM's own errors have messages.
      if (e.getMessage() != null) {
        throw e;
      }
      throw new BadFileException(
          file, "is a damaged WebP, or there is no memory left to decode it", e);
    } finally {
      reader.dispose();
    }
  }

  private static boolean holds(byte[] encoded, int at, byte[] name) {
    return encoded.length >= at + name.length
        && Arrays.equals(encoded, at, at + name.length, name, 0, name.length);
  }

  /** Of known length, without which the reader copies it piece by piece. */
  private static final class Bytes extends MemoryCacheImageInputStream {
    private final int length;

    Bytes(byte[] bytes) {
      super(new ByteArrayInputStream(bytes));
      length = bytes.length;
    }

    @Override
    public long length() {
      return length;
    }
  }

  /** Loaded when the first WebP comes. */
  private static final class Library {
    /** Why it cannot be loaded, or null. */
    static final String PROBLEM = load();

    /** The defaults; one for all images, since the binding never frees any. */
    static final WebPReadParam OPTIONS = PROBLEM == null ? new WebPReadParam() : null;

    private Library() {}

    /** Asked for by itself: the binding would print a stack trace and go on without. */
    private static String load() {
      try {
        NativeLoader.initialize();
        return null;
      } catch (RuntimeException | LinkageError e) {
        return Objects.requireNonNullElse(e.getMessage(), e.toString());
      }
    }
  }
}
