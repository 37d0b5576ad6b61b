package dev.ect.model.dataset;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.model.Goldens;
import dev.ect.model.io.BadFileException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** WebPs are decoded to Pillow's pixels, and damaged ones are refused. */
class WebpDecoderTest {
  private static final Path FOLDER = Goldens.resource("convert");

  static List<String> cases() throws IOException {
    try (Stream<String> lines = Files.lines(FOLDER.resolve("webps.txt"))) {
      return lines.filter(line -> !line.startsWith("#")).toList();
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void pixelsAreThoseOfPillow(String line) throws IOException, NoSuchAlgorithmException {
    String[] part = line.split(" ", -1);
    byte[] encoded = Files.readAllBytes(FOLDER.resolve(part[0]));
    if (part[1].equals("transparent")) {
      assertEquals(
          "a.webp: has transparent pixels; expected an opaque image: flatten it onto a background",
          refusal(encoded));
      return;
    }
    ImageDecoder.Decoded image = ImageDecoder.decode(part[0], encoded, 0);
    assertEquals(
        new ImageShape(3, Integer.parseInt(part[2]), Integer.parseInt(part[1])), image.shape());
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(image.pixels());
    assertEquals(part[3], HexFormat.of().formatHex(digest));
  }

  @Test
  void oneCutShortIsRefused() throws IOException {
    for (String name : List.of("quality-30", "lossless", "opaque", "icc")) {
      byte[] whole = image(name);
      for (int length = 12; length < whole.length - 1; length++) {
        String message = refusal(Arrays.copyOf(whole, length));
        assertTrue(message.startsWith("a.webp: is a damaged WebP: "), message);
        assertEquals(1, message.lines().count(), message);
      }
    }
  }

  @Test
  void flippedBitsGiveAnImageOrARefusalInOneLine() throws IOException {
    Random random = new Random(7);
    int refused = 0;
    for (String name : List.of("quality-100", "lossless", "lossless-palette", "transparent")) {
      byte[] whole = image(name);
      for (int copy = 0; copy < 300; copy++) {
        byte[] damaged = whole.clone();
        for (int i = 0; i <= copy % 4; i++) {
          // half of them in the headers
          int most = copy % 2 == 0 ? whole.length : Math.min(whole.length, 64);
          damaged[12 + random.nextInt(most - 12)] ^= (byte) (1 << random.nextInt(8));
        }
        try {
          ImageDecoder.Decoded image = ImageDecoder.decode("a.webp", damaged, 0);
          assertEquals(image.shape().size(), image.pixels().length);
        } catch (BadFileException e) {
          refused++;
          assertTrue(e.getMessage().startsWith("a.webp: "), e.getMessage());
          assertEquals(1, e.getMessage().lines().count(), e.getMessage());
        }
      }
    }
    assertTrue(refused > 300, "only " + refused + " refused");
  }

  @Test
  void aDamagedAlphaChannelIsNoLackOfMemory() throws IOException {
    byte[] damaged = image("opaque");
    int alpha = new String(damaged, StandardCharsets.ISO_8859_1).indexOf("ALPH") + 8;
    damaged[alpha] = 3; // of no known compression
    assertEquals(
        "a.webp: is a damaged WebP, or there is no memory left to decode it", refusal(damaged));
  }

  @Test
  void oneThatClaimsMorePixelsThanAnyImageHasIsRefusedBeforeTheyAreAllocated() throws IOException {
    byte[] image = image("lossless");
    Arrays.fill(image, 21, 24, (byte) 0xFF);
    image[24] = 0x0F;
    assertEquals("a.webp: has 16384x16384 pixels; expected at most 134217728", refusal(image));
  }

  @Test
  void animatedOnesAreRefused() throws IOException {
    byte[] image = image("opaque");
    image[20] |= 2;
    assertEquals("a.webp: is an animated WebP; expected a still image", refusal(image));
  }

  @Test
  void withoutLibwebpOtherImagesAreReadAndWebpsRefusedInOneLine() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Dos.arch=unheard-of",
                "-cp",
                System.getProperty("java.class.path"),
                Reader.class.getName(),
                FOLDER.resolve("webps/grey.webp").toString(),
                FOLDER.resolve("jpegs/grey.jpg").toString(),
                FOLDER.resolve("webps/pixel.webp").toString())
            .redirectErrorStream(true)
            .start();
    List<String> lines;
    try (InputStream stream = process.getInputStream()) {
      lines = new String(stream.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    }
    assertTrue(process.waitFor(1, TimeUnit.MINUTES));
    assertEquals(0, process.exitValue(), lines.toString());
    assertEquals(3, lines.size(), lines.toString());
    assertEquals("35x21", lines.get(1));
    for (int i = 0; i < 3; i += 2) {
      String line = lines.get(i);
      String start = ".webp: is a WebP, and libwebp cannot be loaded here (No native library found";
      assertTrue(line.contains(start) && line.contains("unheard"), line);
      assertTrue(line.endsWith("); convert it to PNG elsewhere"), line);
    }
  }

  /** Prints the size of every image, or why it cannot be read. */
  static final class Reader {
    private Reader() {}

    public static void main(String[] files) throws IOException {
      for (String file : files) {
        try {
          ImageShape shape =
              ImageDecoder.decode(file, Files.readAllBytes(Path.of(file)), 0).shape();
          System.out.println(shape.width() + "x" + shape.height());
        } catch (BadFileException e) {
          System.out.println(e.getMessage());
        }
      }
    }
  }

  private static byte[] image(String name) throws IOException {
    return Files.readAllBytes(FOLDER.resolve("webps/" + name + ".webp"));
  }

  private static String refusal(byte[] encoded) {
    return assertThrows(BadFileException.class, () -> ImageDecoder.decode("a.webp", encoded, 0))
        .getMessage();
  }
}
