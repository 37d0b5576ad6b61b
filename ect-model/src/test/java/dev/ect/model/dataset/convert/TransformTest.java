package dev.ect.model.dataset.convert;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.ect.model.Goldens;
import dev.ect.model.dataset.ImageDecoder;
import dev.ect.model.dataset.ImageDecoder.Decoded;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class TransformTest {
  private static final Path FOLDER = Goldens.resource("convert");

  static List<String> cases() throws IOException {
    try (Stream<String> lines = Files.lines(FOLDER.resolve("transforms.txt"))) {
      return lines.filter(line -> !line.startsWith("#")).toList();
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void pixelsAreThoseOfPillow(String line) throws IOException, NoSuchAlgorithmException {
    String[] part = line.split(" ", -1);
    Decoded source = ImageDecoder.decode(part[0], Files.readAllBytes(FOLDER.resolve(part[0])), 0);
    byte[] before = source.pixels().clone();
    Decoded result = Transform.of(part[1]).apply(source, Resolution.parse(part[2]));
    assertEquals(HexFormat.of().formatHex(before), HexFormat.of().formatHex(source.pixels()));
    if (part[3].equals("skipped")) {
      assertNull(result);
      return;
    }
    assertNotNull(result);
    assertEquals(Integer.parseInt(part[3]), result.shape().width());
    assertEquals(Integer.parseInt(part[4]), result.shape().height());
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(result.pixels());
    assertEquals(part[5], HexFormat.of().formatHex(digest));
  }

  @Test
  void resolutionsThatDoNotSuitAreNamed() {
    assertEquals("", Transform.NONE.problemWith(null));
    assertEquals("", Transform.CENTER_CROP_WIDE.problemWith(new Resolution(64, 48)));
    assertEquals(
        "center-crop needs a resolution: WxH, such as 64x64",
        Transform.CENTER_CROP.problemWith(null));
    assertEquals(
        "64x48 is no square of a power of two, as datasets are made of; expected WxH such as 64x64",
        Transform.NONE.problemWith(new Resolution(64, 48)));
    assertEquals(
        "48x64 does not suit center-crop-wide; expected a width that is a power of two and a"
            + " height of at most that",
        Transform.CENTER_CROP_WIDE.problemWith(new Resolution(48, 64)));
  }

  @Test
  void namesAndResolutionsAreRead() {
    assertEquals(new Resolution(512, 384), Resolution.parse("512x384"));
    assertEquals(new Resolution(512, 384), Resolution.parse("512,384"));
    assertEquals(
        "0x64 is no resolution; expected WxH, such as 64x64",
        assertThrows(IllegalArgumentException.class, () -> Resolution.parse("0x64")).getMessage());
    assertEquals(
        "no transform is called crop; expected none, center-crop, center-crop-wide,"
            + " center-crop-dhariwal",
        assertThrows(IllegalArgumentException.class, () -> Transform.of("crop")).getMessage());
  }
}
