package dev.ect.model.dataset;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.ect.model.io.BadFileException;
import dev.ect.model.io.LocalStore;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** Datasets that claim much more than they are: each gives a line, and costs no memory. */
class HostileDatasetTest {
  private static final ImageShape SHAPE = ImageShape.square(1, 8);
  private static final byte[] IMAGE = PngEncoder.plain(SHAPE, new byte[SHAPE.size()]);
  private static final int HUGE = 8_000;

  @TempDir Path folder;

  private final LocalStore store = new LocalStore();

  /** An image with another size in its header. */
  private static byte[] claiming(int height, int width) {
    ByteBuffer png = ByteBuffer.wrap(IMAGE.clone());
    png.putInt(16, width).putInt(20, height);
    CRC32 crc = new CRC32();
    crc.update(png.array(), 12, 17);
    return png.putInt(29, (int) crc.getValue()).array();
  }

  private String zip(Object... namesAndContents) throws IOException {
    Path path = folder.resolve("set.zip");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(path))) {
      for (int i = 0; i < namesAndContents.length; i += 2) {
        zip.putNextEntry(new ZipEntry((String) namesAndContents[i]));
        if (namesAndContents[i + 1] instanceof byte[] content) {
          zip.write(content);
        } else {
          zeros(zip, (int) namesAndContents[i + 1]);
        }
        zip.closeEntry();
      }
    }
    return path.toString();
  }

  private static void zeros(OutputStream out, int count) throws IOException {
    byte[] piece = new byte[1 << 16];
    for (int left = count; left > 0; left -= piece.length) {
      out.write(piece, 0, Math.min(left, piece.length));
    }
  }

  private static void assertBad(String message, Executable call) {
    assertEquals(message, assertThrows(BadFileException.class, call).getMessage());
  }

  private DatasetIndex index(String path) throws IOException {
    return DatasetIndexer.index(store, path, DatasetOptions.ALL);
  }

  private void assertBadImage(String message, String path) throws IOException {
    try (ImageReader reader = new ImageReader(store, index(path))) {
      assertBad(message, () -> reader.read(1));
    }
  }

  @Test
  void sizesInHeadersAreCheckedBeforeMemoryIsTaken() throws IOException {
    String path = zip("0.png", IMAGE, "1.png", claiming(HUGE, HUGE));
    assertBadImage(
        path + "/1.png: is 8000x8000 grey; expected 8x8 grey as the dataset's first image", path);
    String first = zip("0.png", claiming(HUGE, HUGE));
    assertBad(
        first
            + "/0.png: is a damaged PNG: 83 packed bytes cannot unpack to the 64008000 of its"
            + " pixels",
        () -> index(first));
    byte[] jpeg = {
      (byte) 0xFF,
      (byte) 0xD8,
      (byte) 0xFF,
      (byte) 0xC0,
      0,
      11,
      8,
      42,
      42,
      42,
      42,
      1,
      1,
      17,
      0,
      (byte) 0xFF,
      (byte) 0xDA,
      0,
      0
    };
    String other = zip("0.png", IMAGE, "1.jpg", jpeg);
    assertBadImage(
        other + "/1.jpg: is 10794x10794; expected 8x8 grey as the dataset's first image", other);
  }

  @Test
  void filesThatUnpackToFarMoreThanAnImageAreNotUnpacked() throws IOException {
    String path = zip("0.png", IMAGE, "1.png", 64 << 20);
    assertBadImage(
        path + "/1.png: has 67108864 bytes; expected at most 4194816 for 8x8 grey", path);
    String labels = zip("0.png", IMAGE, "dataset.json", 64 << 20);
    assertBad(
        labels
            + "/dataset.json: has 67108864 bytes; expected at most 1114112 for the labels of 2"
            + " files",
        () -> index(labels));
  }

  @Test
  void labelsNestedWithoutEndAreNoLabels() throws IOException {
    byte[] deep = ("{\"x\": " + "[".repeat(1 << 19)).getBytes(StandardCharsets.UTF_8);
    String path = zip("0.png", IMAGE, "dataset.json", deep);
    assertBad(
        path
            + "/dataset.json: is not valid JSON: Depth (1001) exceeds the maximum allowed nesting"
            + " depth (1000)",
        () -> index(path));
  }

  /** Both entries are the same bytes. */
  @Test
  void entriesThatOverlapAreRefused() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      zip.putNextEntry(new ZipEntry("0.png"));
      zip.write(IMAGE);
    }
    byte[] once = bytes.toByteArray();
    ByteBuffer whole = ByteBuffer.wrap(once).order(ByteOrder.LITTLE_ENDIAN);
    int end = once.length - 22;
    int directory = whole.getInt(end + 16);
    ByteBuffer twice =
        ByteBuffer.allocate(once.length + end - directory).order(ByteOrder.LITTLE_ENDIAN);
    twice.put(once, 0, end).put(once, directory, once.length - directory);
    int second = end + 46;
    twice.put(second, (byte) '1');
    int newEnd = twice.capacity() - 22;
    twice.putShort(newEnd + 8, (short) 2).putShort(newEnd + 10, (short) 2);
    twice.putInt(newEnd + 12, 2 * (end - directory));
    Path path = Files.write(folder.resolve("overlap.zip"), twice.array());
    assertBad(
        path + ": is a damaged zip: entries 0.png and 1.png overlap", () -> index(path.toString()));
  }

  /** Names in a zip are looked up among its own, and never become paths. */
  @Test
  void namesThatLeaveTheZipAreNamesOnly() throws IOException {
    Path outside = Files.write(folder.resolve("secret.png"), new byte[] {1});
    String path = zip(outside.toString(), IMAGE, "../secret.png", IMAGE, "a/../../b.png", IMAGE);
    try (ImageReader reader = new ImageReader(store, index(path))) {
      assertEquals(1, index(path).size());
      assertArrayEquals(IMAGE, reader.encoded(0));
    }
  }
}
