package dev.ect.model.dataset;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.model.io.BadFileException;
import dev.ect.model.io.LocalStore;
import dev.ect.model.io.Store;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EdmDatasetTest {
  private static final ImageShape SHAPE = ImageShape.square(3, 8);
  private static final SyntheticDataset SOURCE = new SyntheticDataset(SHAPE, 1);
  private static final DatasetOptions LABELLED = new DatasetOptions(LabelUse.REQUIRE, false, 0, 0);
  private static final DatasetOptions UNLABELLED = new DatasetOptions(LabelUse.IGNORE, false, 0, 0);

  @TempDir Path folder;

  private final Store store = new LocalStore();

  @ParameterizedTest
  @ValueSource(strings = {"set.zip", "set"})
  void readsWhatTheWriterWrote(String name) throws IOException {
    String path = write(name, 25);
    try (EdmDataset dataset = EdmDataset.open(store, path, LABELLED)) {
      assertEquals(25, dataset.size());
      assertEquals(SHAPE, dataset.shape());
      assertEquals(10, dataset.index().labelDim());
      assertEquals("set", dataset.index().name());
      for (int i = 0; i < 25; i++) {
        assertArrayEquals(SOURCE.image(i), dataset.image(i));
        float[] label = new float[10];
        label[i % 10] = 1;
        assertArrayEquals(label, dataset.label(i));
        assertEquals(i % 10, dataset.index().classOf(i));
        assertEquals(String.format("00000/img%08d.png", i), dataset.index().imageName(i));
      }
    }
  }

  @Test
  void writesTheFilesOfTheFormatAndTheSameBytesTwice() throws IOException {
    String path = write("set.zip", 2);
    List<String> names = new ArrayList<>();
    try (ZipFile zip = new ZipFile(path)) {
      zip.stream()
          .forEach(
              entry -> {
                names.add(entry.getName());
                assertEquals(ZipEntry.STORED, entry.getMethod());
              });
      try (InputStream json = zip.getInputStream(zip.getEntry("dataset.json"))) {
        assertEquals(
            "{\"labels\":[[\"00000/img00000000.png\",0],[\"00000/img00000001.png\",1]]}",
            new String(json.readAllBytes(), StandardCharsets.UTF_8));
      }
    }
    assertEquals(List.of("00000/img00000000.png", "00000/img00000001.png", "dataset.json"), names);
    assertArrayEquals(store.readAll(path), store.readAll(write("again.zip", 2)));
    assertEquals("00012/img00012345.png", EdmDatasetWriter.imageName(12345));
  }

  @Test
  void oneImageWithoutALabelMakesAllLabelsNull() throws IOException {
    String path = folder + "/set";
    EdmDatasetWriter.write(
        store,
        path,
        writer -> {
          writer.add(0, SHAPE, SOURCE.image(0), 4);
          writer.add(3, SHAPE, SOURCE.image(1));
        });
    assertEquals("{\"labels\":null}", Files.readString(Path.of(path, "dataset.json")));
    DatasetIndex index = DatasetIndexer.index(store, path, DatasetOptions.ALL);
    assertEquals(0, index.labelDim());
    assertEquals(-1, index.classOf(1));
    assertArrayEquals(new float[0], index.label(1));
    assertEquals("00000/img00000003.png", index.imageName(1));
    assertBad(
        path
            + "/dataset.json: has no labels; expected a label for every image, or training without labels",
        path,
        LABELLED);
  }

  @Test
  void keepsLabelVectors() throws IOException {
    String path = folder + "/set.zip";
    EdmDatasetWriter.write(
        store,
        path,
        writer -> {
          writer.add(0, SHAPE, SOURCE.image(0), new float[] {0.1f, -2, 3e-9f});
          writer.add(1, SHAPE, SOURCE.image(1), new float[] {1, 0, 0});
        });
    DatasetIndex index =
        DatasetIndexer.index(store, path, new DatasetOptions(LabelUse.REQUIRE, true, 0, 0));
    assertEquals(3, index.labelDim());
    assertArrayEquals(new float[] {0.1f, -2, 3e-9f}, index.label(2));
    assertEquals(-1, index.classOf(0));
  }

  @ParameterizedTest
  @ValueSource(strings = {"set.zip", "set"})
  void leavesNothingBehindWhenWritingFails(String name) throws IOException {
    String path = folder + "/" + name;
    assertThrows(
        IllegalArgumentException.class,
        () ->
            EdmDatasetWriter.write(
                store,
                path,
                writer -> {
                  writer.add(5, SHAPE, SOURCE.image(0), 1);
                  writer.add(5, SHAPE, SOURCE.image(1), 1);
                }));
    assertEquals(List.of(), store.list(folder.toString(), true));
    assertFalse(store.exists(path));
  }

  @ParameterizedTest
  @ValueSource(strings = {"set.zip", "set"})
  void refusesToWriteOverSomething(String name) throws IOException {
    String path = write(name, 1);
    BadFileException thrown = assertThrows(BadFileException.class, () -> write(name, 1));
    assertEquals(
        path + ": exists already; expected a new name, or an empty folder", thrown.getMessage());
    Files.createDirectory(folder.resolve("empty"));
    write("empty", 1);
  }

  @Test
  void mirroredCopiesFollowTheOriginals() throws IOException {
    String path = write("set.zip", 6);
    try (EdmDataset dataset =
        EdmDataset.open(store, path, new DatasetOptions(LabelUse.REQUIRE, true, 0, 0))) {
      assertEquals(12, dataset.size());
      assertEquals(6, dataset.index().originals());
      byte[] original = dataset.image(3);
      byte[] mirrored = dataset.image(9);
      assertFalse(Arrays.equals(original, mirrored));
      for (int i = 0; i < original.length; i++) {
        assertEquals(original[i], mirrored[i / 8 * 8 + 7 - i % 8]);
      }
      assertArrayEquals(dataset.label(3), dataset.label(9));
      assertFalse(dataset.index().mirrored(5));
      assertTrue(dataset.index().mirrored(6));
      assertThrows(IndexOutOfBoundsException.class, () -> dataset.image(12));
    }
  }

  @Test
  void maxSizeTakesASortedSubsetBySeed() throws IOException {
    String path = write("set.zip", 40);
    Set<List<String>> subsets = new HashSet<>();
    for (long seed = 0; seed < 3; seed++) {
      DatasetOptions options = new DatasetOptions(LabelUse.REQUIRE, false, 8, seed);
      List<String> names = names(DatasetIndexer.index(store, path, options));
      assertEquals(8, names.size());
      assertEquals(names.stream().sorted().distinct().toList(), names);
      assertEquals(names, names(DatasetIndexer.index(store, path, options)));
      subsets.add(names);
      try (EdmDataset dataset = EdmDataset.open(store, path, options)) {
        int number = Integer.parseInt(names.get(5).substring(9, 17));
        assertArrayEquals(SOURCE.image(number), dataset.image(5));
        assertEquals(number % 10, dataset.index().classOf(5));
        assertEquals(10, dataset.index().labelDim());
      }
    }
    assertEquals(3, subsets.size());
    assertEquals(
        40,
        DatasetIndexer.index(store, path, new DatasetOptions(LabelUse.REQUIRE, false, 41, 0))
            .size());
  }

  @Test
  void readsDeflatedEntriesOtherOrdersOtherKindsAndIgnoresTheRest() throws IOException {
    Path path = folder.resolve("set.zip");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(path))) {
      put(zip, "b/", new byte[0]);
      put(zip, "b/two.PNG", PngEncoder.compressed(SHAPE, SOURCE.image(2)));
      put(zip, "notes.txt", new byte[3]);
      put(zip, "__MACOSX/a/._one.png", new byte[3]);
      put(
          zip,
          "dataset.json",
          "{\"x\": [1, {\"labels\": 3}], \"labels\": [[\"a\\\\one.png\", 1], [\"b/two.PNG\", 0]]}"
              .getBytes(StandardCharsets.UTF_8));
      put(zip, "a/one.png", PngEncoder.plain(SHAPE, SOURCE.image(1)));
      zip.setComment("a comment at the end");
    }
    try (EdmDataset dataset = EdmDataset.open(store, path.toString(), LABELLED)) {
      assertEquals(List.of("a/one.png", "b/two.PNG"), names(dataset.index()));
      assertArrayEquals(SOURCE.image(1), dataset.image(0));
      assertArrayEquals(SOURCE.image(2), dataset.image(1));
      assertEquals(1, dataset.index().classOf(0));
      assertEquals(0, dataset.index().classOf(1));
    }
  }

  @Test
  void anIndexTravelsByJavaSerialisation() throws IOException, ClassNotFoundException {
    String path = write("set.zip", 12);
    DatasetIndex index = DatasetIndexer.index(store, path, LABELLED);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(index);
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      DatasetIndex copy = (DatasetIndex) in.readObject();
      assertEquals(index.contentKey(), copy.contentKey());
      try (ImageReader reader = new ImageReader(store, copy)) {
        assertArrayEquals(SOURCE.image(11), reader.read(11));
      }
    }
  }

  @Test
  void theContentKeyFollowsTheContentNotThePlace() throws IOException {
    String path = write("set.zip", 4);
    String moved = folder + "/moved.zip";
    Files.copy(Path.of(path), Path.of(moved));
    String key = DatasetIndexer.index(store, path, LABELLED).contentKey();
    assertEquals(64, key.length());
    assertEquals(key, DatasetIndexer.index(store, moved, LABELLED).contentKey());
    assertNotEquals(key, DatasetIndexer.index(store, path, UNLABELLED).contentKey());
    assertNotEquals(
        key,
        DatasetIndexer.index(store, path, new DatasetOptions(LabelUse.REQUIRE, true, 0, 0))
            .contentKey());
    assertNotEquals(
        key,
        DatasetIndexer.index(store, path, new DatasetOptions(LabelUse.REQUIRE, false, 3, 0))
            .contentKey());
    String other = folder + "/other.zip";
    EdmDatasetWriter.write(
        store,
        other,
        writer -> {
          for (int i = 0; i < 4; i++) {
            writer.add(i, SHAPE, SOURCE.image(i + 10), i);
          }
        });
    assertNotEquals(key, DatasetIndexer.index(store, other, LABELLED).contentKey());
  }

  @Test
  void namesWhatIsWrongWithLabels() throws IOException {
    String path = write("set", 3);
    String json = path + "/dataset.json";
    Object[][] cases = {
      {
        "{\"labels\": [[\"00000/img00000001.png\", 1]]}",
        "has no label for 2 of 3 images, the first being 00000/img00000000.png"
      },
      {"{\"labels\": [[\"a\", 1],\n", "is not valid JSON at line 2, column 1"},
      {
        "{\"label\": []}",
        "has no key labels; expected {\"labels\": [[name, label], ...]} or {\"labels\": null}"
      },
      {"[]", "is malformed at line 1: found [; expected an object"},
      {
        "{\"labels\": {}}",
        "is malformed at line 1: found {; expected null or an array after labels"
      },
      {
        "{\"labels\": [[\"a\", \"b\"]]}",
        "is malformed at line 1: found b; expected a class or a vector for a"
      },
      {
        "{\"labels\": [[\"a\", -1]]}",
        "is malformed at line 1: found -1; expected a class from 0 to 999999 for a"
      },
      {
        "{\"labels\": [[\"a\", [1, 2]], [\"b\", [1]]]}",
        "is malformed at line 1: found ]; expected a vector of 2 numbers for b, as long as those before"
      },
      {
        "{\"labels\": [[\"a\", [1, 2]], [\"b\", 1]]}",
        "mixes classes and label vectors; expected one kind"
      },
      {
        "{\"labels\": []}",
        "has no labels; expected a label for every image, or training without labels"
      },
    };
    for (Object[] each : cases) {
      Files.writeString(Path.of(json), (String) each[0]);
      assertBad(json + ": " + each[1], path, LABELLED);
      assertEquals(3, DatasetIndexer.index(store, path, UNLABELLED).size());
    }
    Files.delete(Path.of(json));
    assertBad(
        json + ": is missing; expected a label for every image, or training without labels",
        path,
        LABELLED);
    assertEquals(0, DatasetIndexer.index(store, path, DatasetOptions.ALL).labelDim());
  }

  @Test
  void namesWhatIsWrongWithImages() throws IOException {
    String path = write("set", 3);
    Path second = Path.of(path, "00000/img00000001.png");
    byte[] image = Files.readAllBytes(second);
    image[60]++;
    Files.write(second, image);
    assertBadImage(second + ": is a damaged PNG: a checksum does not match", path);
    Files.write(second, PngEncoder.plain(ImageShape.square(1, 8), new byte[64]));
    assertBadImage(second + ": is 8x8 grey; expected 8x8 RGB as the dataset's first image", path);
    Files.write(second, PngEncoder.plain(ImageShape.square(3, 16), new byte[768]));
    assertBadImage(second + ": is 16x16 RGB; expected 8x8 RGB as the dataset's first image", path);
    Path first = Path.of(path, "00000/img00000000.png");
    String square =
        "; expected a square image of a power of two pixels: convert the dataset with a resolution";
    Files.write(first, PngEncoder.plain(new ImageShape(1, 8, 4), new byte[32]));
    assertBad(first + ": is 8x4 grey" + square, path, UNLABELLED);
    Files.write(first, PngEncoder.plain(ImageShape.square(1, 12), new byte[144]));
    assertBad(first + ": is 12x12 grey" + square, path, UNLABELLED);
  }

  @Test
  void namesWhatIsMissing() throws IOException {
    String path = folder + "/none.zip";
    FileNotFoundException thrown =
        assertThrows(
            FileNotFoundException.class, () -> DatasetIndexer.index(store, path, LABELLED));
    assertEquals(path + ": no such dataset; expected a folder or a .zip", thrown.getMessage());
    Files.writeString(folder.resolve("notes.txt"), "");
    assertBad(
        folder + ": has no images among its 1 files; expected PNG or JPEG files",
        folder.toString(),
        UNLABELLED);
  }

  @Test
  void refusesAZipCutAnywhere() throws IOException {
    byte[] whole = store.readAll(write("set.zip", 2));
    Path path = folder.resolve("cut.zip");
    for (int length = 0; length < whole.length; length++) {
      Files.write(path, Arrays.copyOf(whole, length));
      assertBad(
          path + ": is not a zip, or is cut short: it has no zip directory at its end",
          path.toString(),
          LABELLED);
    }
  }

  @Test
  void refusesAZipWithAPieceMissing() throws IOException {
    byte[] whole = store.readAll(write("set.zip", 2));
    Path path = folder.resolve("cut.zip");
    Files.write(path, Arrays.copyOfRange(whole, 10, whole.length));
    BadFileException thrown =
        assertThrows(
            BadFileException.class, () -> DatasetIndexer.index(store, path.toString(), LABELLED));
    assertTrue(
        thrown.getMessage().startsWith(path + ": is a damaged zip: its directory of 3 entries, "),
        thrown.getMessage());
  }

  @Test
  void verifiesTheChecksumsOfAZip() throws IOException {
    String path = write("set.zip", 2);
    byte[] bytes = store.readAll(path);
    int png = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("img00000001.png") + 15;
    bytes[png + 60] ^= 1;
    Files.write(Path.of(path), bytes);
    try (EdmDataset dataset = EdmDataset.open(store, path, LABELLED)) {
      dataset.image(0);
      String message = assertThrows(BadFileException.class, () -> dataset.image(1)).getMessage();
      assertTrue(
          message.startsWith(path + "/00000/img00000001.png: is damaged: its checksum is "),
          message);
    }
    Arrays.fill(bytes, png - 50, png - 40, (byte) 0);
    Files.write(Path.of(path), bytes);
    try (EdmDataset dataset = EdmDataset.open(store, path, LABELLED)) {
      String message = assertThrows(BadFileException.class, () -> dataset.image(1)).getMessage();
      assertEquals(
          path
              + "/00000/img00000001.png: is not where the zip's directory says; the zip is damaged or was replaced",
          message);
    }
  }

  @Test
  void readsZip64() throws IOException {
    Path path = folder.resolve("large.zip");
    int count = 66_000;
    byte[] png = PngEncoder.plain(ImageShape.square(1, 1), new byte[] {9});
    try (OutputStream file = Files.newOutputStream(path);
        ZipOutputStream zip = new ZipOutputStream(new java.io.BufferedOutputStream(file))) {
      zip.setLevel(1);
      for (int i = 0; i < count; i++) {
        put(zip, EdmDatasetWriter.imageName(i), png);
      }
    }
    try (EdmDataset dataset = EdmDataset.open(store, path.toString(), UNLABELLED)) {
      assertEquals(count, dataset.size());
      assertEquals("00065/img00065999.png", dataset.index().imageName(count - 1));
      assertArrayEquals(new byte[] {9}, dataset.image(count - 1));
    }
  }

  @Test
  void readsEntriesBeyondFourGigabytes() throws IOException {
    byte[] png = PngEncoder.plain(ImageShape.square(1, 1), new byte[] {9});
    CRC32 crc = new CRC32();
    crc.update(png);
    long position = 5L << 30;
    ByteBuffer zip = ByteBuffer.allocate(1000).order(ByteOrder.LITTLE_ENDIAN);
    // Local header: its sizes stand in the extra field, which is longer here than in the directory.
    zip.putInt(0x04034b50)
        .putShort((short) 45)
        .put(new byte[8])
        .putInt((int) crc.getValue())
        .putInt(-1)
        .putInt(-1);
    zip.putShort((short) 5)
        .putShort((short) 120)
        .put("1.png".getBytes(StandardCharsets.US_ASCII))
        .put(new byte[120])
        .put(png);
    int directory = zip.position();
    zip.putInt(0x02014b50)
        .putShort((short) 45)
        .putShort((short) 45)
        .put(new byte[8])
        .putInt((int) crc.getValue());
    zip.putInt(-1).putInt(-1).putShort((short) 5).putShort((short) 33).put(new byte[10]).putInt(-1);
    zip.put("1.png".getBytes(StandardCharsets.US_ASCII));
    zip.putShort((short) 0x5455).putShort((short) 1).put((byte) 0);
    zip.putShort((short) 1)
        .putShort((short) 24)
        .putLong(png.length)
        .putLong(png.length)
        .putLong(position);
    int end = zip.position();
    zip.putInt(0x06064b50).putLong(44).putInt(45).put(new byte[8]).putLong(1).putLong(1);
    zip.putLong(end - directory).putLong(position + directory);
    zip.putInt(0x07064b50).putInt(0).putLong(position + end).putInt(1);
    zip.putInt(0x06054b50).putInt(0).putInt(-1).putInt(-1).putInt(-1).putShort((short) 0);
    Path path = folder.resolve("sparse.zip");
    try (FileChannel channel =
        FileChannel.open(
            path,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.WRITE,
            StandardOpenOption.SPARSE)) {
      channel.write(zip.flip(), position);
    }
    try (EdmDataset dataset = EdmDataset.open(store, path.toString(), UNLABELLED)) {
      assertEquals("1.png", dataset.index().imageName(0));
      assertArrayEquals(new byte[] {9}, dataset.image(0));
    }
  }

  @Test
  void noticesThatAZipWasReplaced() throws IOException {
    String path = write("set.zip", 9);
    DatasetIndex index = DatasetIndexer.index(store, path, LABELLED);
    Files.delete(Path.of(path));
    write("set.zip", 2);
    try (ImageReader reader = new ImageReader(store, index)) {
      for (int i = 3; i < 9; i++) {
        int image = i;
        assertTrue(
            assertThrows(BadFileException.class, () -> reader.read(image))
                .getMessage()
                .endsWith("the zip is damaged or was replaced"));
      }
    }
  }

  private String write(String name, int count) throws IOException {
    String path = folder + "/" + name;
    EdmDatasetWriter.write(
        store,
        path,
        writer -> {
          for (int i = 0; i < count; i++) {
            writer.add(i, SHAPE, SOURCE.image(i), SyntheticDataset.classOf(i));
          }
        });
    return path;
  }

  private static void put(ZipOutputStream zip, String name, byte[] content) throws IOException {
    zip.putNextEntry(new ZipEntry(name));
    zip.write(content);
    zip.closeEntry();
  }

  private static List<String> names(DatasetIndex index) {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < index.size(); i++) {
      names.add(index.imageName(i));
    }
    return names;
  }

  private void assertBad(String message, String path, DatasetOptions options) {
    assertEquals(
        message,
        assertThrows(BadFileException.class, () -> DatasetIndexer.index(store, path, options))
            .getMessage());
  }

  private void assertBadImage(String message, String path) throws IOException {
    try (EdmDataset dataset = EdmDataset.open(store, path, LABELLED)) {
      assertEquals(
          message, assertThrows(BadFileException.class, () -> dataset.image(1)).getMessage());
    }
  }
}
