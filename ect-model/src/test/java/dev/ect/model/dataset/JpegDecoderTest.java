package dev.ect.model.dataset;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.model.Goldens;
import dev.ect.model.io.BadFileException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** JPEGs are decoded to Pillow's pixels, whatever their subsampling, colours and metadata. */
class JpegDecoderTest {
  private static final Path FOLDER = Goldens.resource("convert");

  static List<String> cases() throws IOException {
    try (Stream<String> lines = Files.lines(FOLDER.resolve("jpegs.txt"))) {
      return lines.filter(line -> !line.startsWith("#")).toList();
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void pixelsAreThoseOfPillow(String line) throws IOException, NoSuchAlgorithmException {
    String[] part = line.split(" ", -1);
    ImageDecoder.Decoded image =
        ImageDecoder.decode(part[0], Files.readAllBytes(FOLDER.resolve(part[0])), 0);
    assertEquals(Integer.parseInt(part[1]), image.shape().width());
    assertEquals(Integer.parseInt(part[2]), image.shape().height());
    assertEquals(part[0].contains("grey") ? 1 : 3, image.shape().channels());
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(image.pixels());
    assertEquals(part[3], HexFormat.of().formatHex(digest));
  }

  @Test
  void oneCutBeforeItsPixelsOrWithoutEndIsRefusedInOneLine() throws IOException {
    byte[] whole = Files.readAllBytes(FOLDER.resolve("jpegs/grey.jpg"));
    for (int length = 4; length < 300; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      String message =
          assertThrows(BadFileException.class, () -> ImageDecoder.decode("a.jpg", cut, 0))
              .getMessage();
      assertTrue(message.startsWith("a.jpg: is a damaged JPEG: "), message);
      assertEquals(1, message.lines().count(), message);
    }
  }

  @Test
  void oneThatClaimsMorePixelsThanAnyImageHasIsRefusedBeforeTheyAreAllocated() throws IOException {
    byte[] image = Files.readAllBytes(FOLDER.resolve("jpegs/grey.jpg"));
    for (int i = 0; ; i++) {
      if (image[i] == (byte) 0xFF && image[i + 1] == (byte) 0xC0) {
        Arrays.fill(image, i + 5, i + 9, (byte) 0xFF);
        break;
      }
    }
    assertEquals(
        "a.jpg: has 65535x65535 pixels; expected at most 134217728",
        assertThrows(BadFileException.class, () -> ImageDecoder.decode("a.jpg", image, 0))
            .getMessage());
  }
}
