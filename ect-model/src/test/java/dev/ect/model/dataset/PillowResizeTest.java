package dev.ect.model.dataset;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.model.Goldens;
import dev.ect.model.io.LocalStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Resized images are Pillow's, bit by bit. */
class PillowResizeTest {
  private static final Path FOLDER = Goldens.resource("resize");

  private static ImageDecoder.Decoded decode(Path file) throws IOException {
    return ImageDecoder.decode(file.toString(), Files.readAllBytes(file), 0);
  }

  /** The lines that make_resize.py wrote. */
  static List<String> cases() throws IOException {
    try (Stream<String> lines = Files.lines(FOLDER.resolve("expected.txt"))) {
      return lines.filter(line -> !line.startsWith("#")).toList();
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void bytesAreThoseOfPillow(String line) throws IOException, NoSuchAlgorithmException {
    String[] part = line.split(" ", -1);
    ImageDecoder.Decoded source = decode(FOLDER.resolve(part[0] + ".png"));
    byte[] before = source.pixels().clone();
    PillowResize resize =
        new PillowResize(
            source.shape(),
            Integer.parseInt(part[2]),
            Integer.parseInt(part[1]),
            ResizeFilter.valueOf(part[3].toUpperCase(Locale.ROOT)));
    byte[] found = resize.resize(source.pixels());
    assertArrayEquals(before, source.pixels(), "the source stays");
    assertNotSame(source.pixels(), found);
    if (part.length > 5) {
      ImageDecoder.Decoded expected = decode(FOLDER.resolve(part[5]));
      assertEquals(expected.shape(), resize.shape());
      assertArrayEquals(expected.pixels(), found);
    }
    assertEquals(resize.shape().size(), found.length);
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(found);
    assertEquals(part[4], HexFormat.of().formatHex(digest));
  }

  static List<Path> zips() {
    return Goldens.files("dataset-resize", ".zip");
  }

  @ParameterizedTest
  @MethodSource("zips")
  void imagesAreThoseOfTheDatasetTool(Path zip) throws IOException {
    List<Path> sources;
    try (Stream<Path> files = Files.walk(zip.resolveSibling("dataset-source"))) {
      sources = files.filter(file -> file.toString().endsWith(".png")).sorted().toList();
    }
    try (EdmDataset dataset =
        EdmDataset.open(new LocalStore(), zip.toString(), DatasetOptions.ALL)) {
      assertEquals(sources.size(), dataset.size());
      assertTrue(dataset.size() > 0);
      for (int i = 0; i < dataset.size(); i++) {
        ImageDecoder.Decoded source = decode(sources.get(i));
        PillowResize resize =
            new PillowResize(
                source.shape(),
                dataset.shape().height(),
                dataset.shape().width(),
                ResizeFilter.LANCZOS);
        assertEquals(dataset.shape(), resize.shape());
        assertArrayEquals(
            dataset.image(i), resize.resize(source.pixels()), sources.get(i).toString());
      }
    }
  }

  @Test
  void wrongSizesAreRefused() {
    ImageShape shape = ImageShape.square(3, 8);
    assertThrows(
        IllegalArgumentException.class, () -> new PillowResize(shape, 0, 8, ResizeFilter.BOX));
    PillowResize resize = new PillowResize(shape, 4, 4, ResizeFilter.BOX);
    assertEquals(
        "image of 64 bytes; expected 192 for 8x8 RGB",
        assertThrows(IllegalArgumentException.class, () -> resize.resize(new byte[64]))
            .getMessage());
  }
}
