package dev.ect.model.dataset.convert;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.model.Goldens;
import dev.ect.model.dataset.DatasetOptions;
import dev.ect.model.dataset.EdmDataset;
import dev.ect.model.dataset.EdmDatasetWriter;
import dev.ect.model.dataset.ImageShape;
import dev.ect.model.dataset.Label;
import dev.ect.model.dataset.PngEncoder;
import dev.ect.model.dataset.SyntheticDataset;
import dev.ect.model.io.BadFileException;
import dev.ect.model.io.LocalStore;
import dev.ect.model.io.Store;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConversionTest {
  private static final int ALL = Integer.MAX_VALUE;
  private static final Path FIXTURES = Goldens.resource("convert");
  private static final SyntheticDataset IMAGES = new SyntheticDataset(ImageShape.square(3, 8), 1);

  @TempDir Path folder;

  private final Store store = new LocalStore();

  // Goldens

  static List<Path> zips() {
    return Goldens.files("dataset-", ".zip");
  }

  /** Zips that the EDM tool made of the folder beside them; the name says with which transform. */
  @ParameterizedTest
  @MethodSource("zips")
  void theResultIsThatOfTheEdmTool(Path zip) throws IOException {
    String name = String.valueOf(zip.getFileName());
    String id = name.substring("dataset-".length(), name.length() - ".zip".length());
    try (EdmDataset expected = open(zip)) {
      Resolution resolution = new Resolution(expected.shape().width(), expected.shape().height());
      Path source = zip.resolveSibling("dataset-source");
      String dest =
          convert(
              source.toString(), ALL, Transform.of(id.equals("resize") ? "none" : id), resolution);
      try (EdmDataset found = open(Path.of(dest))) {
        assertEquals(expected.size(), found.size());
        assertEquals(expected.shape(), found.shape());
        assertEquals(expected.index().labelDim(), found.index().labelDim());
        for (int i = 0; i < expected.size(); i++) {
          assertEquals(expected.index().imageName(i), found.index().imageName(i));
          assertEquals(expected.index().classOf(i), found.index().classOf(i));
          assertArrayEquals(expected.image(i), found.image(i), name + ", image " + i);
        }
      }
    }
  }

  // Folders and zips

  @Test
  void aFolderIsSortedByPartsAndLabelledByItsTopLevelFolders() throws IOException {
    List<String> sorted =
        List.of(
            "a/z.png",
            "a-b/c.png",
            "b/d/e.png",
            "b/f.png",
            "b.png",
            "\uFFFD/g.png",
            "\uD83D\uDE00/h.png");
    for (int i = 0; i < sorted.size(); i++) {
      put("set/" + sorted.get(i), png(i));
    }
    put("set/notes.txt", new byte[1]);
    put("set/.hidden.png", new byte[1]);
    String dest = convert("set");
    // Groups: "" (b.png), a, a-b, b, and two beyond ASCII, the second outside the basic plane.
    assertLabels(dest, 1, 2, 3, 3, 0, 4, 5);
    assertImages(dest, 0, 1, 2, 3, 4, 5, 6);
  }

  @Test
  void foldersOfImagesBeyondTheFirstStillCountAsClasses() throws IOException {
    put("set/a.png", png(0));
    put("set/b/b.png", png(1));
    put("set/c/c.png", png(2));
    assertEquals(3, ImageSources.find(store, folder + "/set", ALL).count());
    String dest = convert(folder + "/set", 2, Transform.NONE, null);
    assertLabels(dest, 0, 1);
    put("other/c/c.png", png(2));
    put("other/a/a.png", png(0));
    assertLabels(convert(folder + "/other", 1, Transform.NONE, null), 0);
  }

  @Test
  void aSingleGroupGivesNoLabels() throws IOException {
    put("set/a/1.png", png(0));
    put("set/a/2.png", png(1));
    assertUnlabelled(convert("set"));
    put("root/1.png", png(0));
    assertUnlabelled(convert("root"));
  }

  @Test
  void datasetJsonDecidesTheLabelsUnlessItHasNone() throws IOException {
    put("set/x/1.png", png(0));
    put("set/y/2.png", png(1));
    for (String empty : List.of("null", "[]")) {
      put("set/dataset.json", bytes("{\"labels\": " + empty + "}"));
      assertLabels(convert("set"), 0, 1);
    }
    put("set/dataset.json", bytes("{\"labels\": [[\"y/2.png\", 3], [\"x/1.png\", 7]]}"));
    assertLabels(convert("set"), 7, 3);
    put("set/dataset.json", bytes("{\"labels\": [[\"y/2.png\", 3]]}"));
    assertUnlabelled(convert("set"));
    put(
        "set/dataset.json",
        bytes("{\"labels\": [[\"y/2.png\", [1, 0.1]], [\"x/1.png\", [2, 3]]]}"));
    try (EdmDataset dataset = open(Path.of(convert("set")))) {
      assertArrayEquals(new float[] {2, 3}, dataset.label(0));
      assertArrayEquals(new float[] {1, 0.1f}, dataset.label(1));
    }
  }

  @Test
  void anImageThatIsNotUsedNeedsNoLabel() throws IOException {
    put("set/1.png", png(0));
    put("set/2.png", png(1));
    put("set/dataset.json", bytes("{\"labels\": [[\"1.png\", 3]]}"));
    assertLabels(convert(folder + "/set", 1, Transform.NONE, null), 3);
  }

  @Test
  void aZipIsSortedByWholeNamesAndLabelledByDatasetJsonAlone() throws IOException {
    zip("set.zip", "a/z.png", png(1), "b.png", png(2), "a-b/c.png", png(0));
    String dest = convert("set.zip");
    assertUnlabelled(dest);
    assertImages(dest, 0, 1, 2);
    zip(
        "labels.zip",
        "b.png",
        png(1),
        "a/1.png",
        png(0),
        "dataset.json",
        bytes("{\"labels\": [[\"a/1.png\", 4], [\"b.png\", 0]]}"));
    assertLabels(convert("labels.zip"), 4, 0);
  }

  @Test
  void aDatasetIsConvertedToItselfByteByByte() throws IOException {
    for (String name : List.of("set.zip", "set")) {
      EdmDatasetWriter.write(
          store,
          folder + "/" + name,
          writer -> {
            for (int i = 0; i < 30; i++) {
              writer.add(i, ImageShape.square(3, 8), IMAGES.image(i), i % 10);
            }
          });
      assertArrayEquals(store.readAll(folder + "/set.zip"), store.readAll(convert(name)));
    }
  }

  // Archives

  @ParameterizedTest
  @ValueSource(strings = {"cifar-10-python.tar.gz", "cifar-10-python3.tar.gz"})
  void cifarIsReadInTheOrderOfItsBatches(String archive) throws IOException {
    String path = FIXTURES.resolve(archive).toString();
    int[] counts = {2, 1, 3, 2, 2};
    int image = 0;
    try (EdmDataset dataset = open(Path.of(convert(path, ALL, Transform.NONE, null)))) {
      assertEquals(10, dataset.size());
      for (int batch = 1; batch <= 5; batch++) {
        for (int i = 0; i < counts[batch - 1]; i++, image++) {
          byte[] expected = new byte[3072];
          for (int k = 0; k < expected.length; k++) {
            expected[k] = (byte) (batch * 50 + i * 11 + k * (batch + 3));
          }
          assertArrayEquals(expected, dataset.image(image));
          assertEquals((batch * 3 + i) % 10, dataset.index().classOf(image));
        }
      }
    }
    assertLabels(convert(path, 4, Transform.NONE, null), 3, 4, 6, 9);
    ImageSource part = ImageSources.find(store, path, ALL).slice(2, 8).slice(1, 3);
    try (ImageSource.Images images = part.open(store)) {
      assertEquals(3, images.next().number());
      assertEquals(4, images.next().number());
      assertEquals(null, images.next());
    }
  }

  @Test
  void mnistGetsAMargin() throws IOException {
    mnist(3, 3, 28);
    String path = folder + "/train-images-idx3-ubyte.gz";
    String dest = convert(path, ALL, Transform.NONE, null);
    assertLabels(dest, 5, 6, 7);
    try (EdmDataset dataset = open(Path.of(dest))) {
      assertEquals(ImageShape.square(1, 32), dataset.shape());
      for (int i = 0; i < 3; i++) {
        byte[] image = dataset.image(i);
        for (int y = 0; y < 32; y++) {
          for (int x = 0; x < 32; x++) {
            boolean inside = Math.min(x, y) >= 2 && Math.max(x, y) < 30;
            assertEquals(
                inside ? (byte) (i + (y - 2) * 28 + x - 2) : 0, image[y * 32 + x], y + " " + x);
          }
        }
      }
    }
    assertLabels(convert(path, 2, Transform.NONE, null), 5, 6);
    ImageSource part = ImageSources.find(store, path, ALL).slice(1, 3);
    try (ImageSource.Images images = part.open(store)) {
      assertEquals(1, images.next().number());
    }
  }

  @Test
  void mnistMustHoldWhatItSays() throws IOException {
    String path = folder + "/train-images-idx3-ubyte.gz";
    mnist(3, 2, 28);
    assertBad(
        folder + "/train-labels-idx1-ubyte.gz: holds 2 labels; expected 3, as many as images",
        path);
    mnist(3, 3, 27);
    assertBad(path + ": holds 3 images of 27x27; expected 28x28", path);
    Files.delete(folder.resolve("train-labels-idx1-ubyte.gz"));
    assertBad(
        folder
            + "/train-labels-idx1-ubyte.gz: is missing; expected the labels of train-images-idx3-ubyte.gz",
        path);
    mnist(3, 3, 28);
    byte[] whole = Files.readAllBytes(Path.of(path));
    Files.write(Path.of(path), java.util.Arrays.copyOf(whole, whole.length / 2));
    assertBad(path + ": is damaged or cut short", path);
    Files.write(Path.of(path), new byte[100]);
    assertBad(path + ": is no gzip file", path);
  }

  @Test
  void lsunGivesItsValuesInTheOrderOfTheKeysAsRgb() throws IOException, NoSuchAlgorithmException {
    List<String> lines = Files.readAllLines(FIXTURES.resolve("lmdb.txt"));
    ImageSource source = ImageSources.find(store, FIXTURES.resolve("images_lmdb").toString(), ALL);
    assertEquals(lines.size() - 1, source.count());
    int[] from = {0, 2};
    for (int start : from) {
      try (ImageSource.Images images = source.slice(start, source.count()).open(store)) {
        for (int i = start; i < source.count(); i++) {
          ImageSource.Image image = images.next();
          assertEquals(i, image.number());
          assertEquals(null, image.label());
          var decoded = image.content().read();
          byte[] digest = MessageDigest.getInstance("SHA-256").digest(decoded.pixels());
          assertEquals(
              lines.get(i + 1),
              decoded.shape().width()
                  + " "
                  + decoded.shape().height()
                  + " "
                  + HexFormat.of().formatHex(digest));
        }
      }
    }
    String dest =
        convert(
            FIXTURES.resolve("images_lmdb").toString(),
            3,
            Transform.CENTER_CROP,
            new Resolution(16, 16));
    assertUnlabelled(dest);
    try (EdmDataset dataset = open(Path.of(dest))) {
      assertEquals(3, dataset.size());
    }
  }

  // Numbers and shapes

  @Test
  void skippedImagesLeaveTheirNumbersUnused() throws IOException {
    String dest =
        convert(
            FIXTURES.resolve("images").toString(),
            ALL,
            Transform.CENTER_CROP_WIDE,
            new Resolution(32, 24));
    try (ZipFile zip = new ZipFile(dest)) {
      List<String> names = zip.stream().map(ZipEntry::getName).toList();
      assertEquals(
          List.of(0, 1, 4, 5, 6).stream().map(EdmDatasetWriter::imageName).toList(),
          names.subList(0, names.size() - 1));
    }
    Path only = folder.resolve("narrow");
    Files.createDirectory(only);
    Files.copy(FIXTURES.resolve("images/7-21x29.png"), only.resolve("1.png"));
    assertEquals(
        only + "/1.png: is skipped as too small for 32x24, as all images; expected larger ones",
        assertThrows(
                BadFileException.class,
                () ->
                    convert(
                        only.toString(), ALL, Transform.CENTER_CROP_WIDE, new Resolution(32, 24)))
            .getMessage());
  }

  @Test
  void theImageOfAnotherShapeIsNamedAndNothingIsLeft() throws IOException {
    for (int i = 0; i < 40; i++) {
      put(String.format("set/%02d.png", i), png(i));
    }
    put("set/20.png", PngEncoder.plain(ImageShape.square(1, 8), new byte[64]));
    put("set/31.png", new byte[9]);
    assertBad(
        folder + "/set/20.png: is 8x8 grey; expected 8x8 RGB as the first image: give a resolution",
        folder + "/set");
    assertEquals(
        folder + "/set/20.png: becomes 16x16 grey; expected 16x16 RGB as the first image",
        assertThrows(
                BadFileException.class,
                () -> convert(folder + "/set", ALL, Transform.NONE, new Resolution(16, 16)))
            .getMessage());
    put("set/20.png", png(20));
    assertBad(
        folder + "/set/31.png: is not an image of a known kind; expected PNG or JPEG",
        folder + "/set");
    put("set/00.png", PngEncoder.plain(new ImageShape(3, 8, 4), new byte[96]));
    assertBad(
        folder
            + "/set/00.png: would become 8x4 RGB; expected a square image of a power of two"
            + " pixels: give a resolution",
        folder + "/set");
    try (Stream<Path> left = Files.list(folder)) {
      assertEquals(List.of(folder.resolve("set")), left.toList());
    }
  }

  @Test
  void oneThatIsStoppedHalfWayLeavesNothing() throws IOException {
    for (int i = 0; i < 40; i++) {
      put(String.format("set/%02d.png", i), png(i));
    }
    Conversion conversion =
        Conversion.plan(
            store, ImageSources.find(store, folder + "/set", ALL), Transform.NONE, null);
    for (String dest : List.of("a/dest.zip", "b")) {
      AtomicInteger done = new AtomicInteger();
      assertThrows(
          IllegalStateException.class,
          () ->
              EdmDatasetWriter.write(
                  store,
                  folder + "/" + dest,
                  writer ->
                      conversion.addTo(
                          writer,
                          store,
                          2,
                          () -> {
                            if (done.incrementAndGet() == 20) {
                              throw new IllegalStateException("stop");
                            }
                          })));
      assertEquals(20, done.get());
    }
    try (Stream<Path> left = Files.list(folder.resolve("a"))) {
      assertEquals(0, left.count());
    }
    assertTrue(Files.notExists(folder.resolve("b")));
  }

  @Test
  void theResultDependsNeitherOnThreadsNorOnParts() throws IOException {
    Path source = FIXTURES.resolve("images");
    Resolution resolution = new Resolution(16, 16);
    Conversion conversion =
        Conversion.plan(
            store,
            ImageSources.find(store, source.toString(), ALL),
            Transform.CENTER_CROP_WIDE,
            resolution);
    byte[] expected = null;
    for (int threads : new int[] {1, 3}) {
      String dest = folder + "/threads-" + threads + ".zip";
      EdmDatasetWriter.write(
          store, dest, writer -> conversion.addTo(writer, store, threads, () -> {}));
      expected = expected == null ? store.readAll(dest) : expected;
      assertArrayEquals(expected, store.readAll(dest));
    }
    List<String> parts = new ArrayList<>();
    for (int i = 0; i < conversion.source().count(); i++) {
      Conversion part = conversion.slice(i, i + 1);
      parts.add(folder + "/part-" + i + ".zip");
      EdmDatasetWriter.write(store, parts.get(i), writer -> part.addTo(writer, store, 1, () -> {}));
    }
    String joined = folder + "/joined.zip";
    EdmDatasetWriter.write(
        store,
        joined,
        writer -> {
          for (String part : parts) {
            writer.addAll(store, part);
          }
        });
    assertArrayEquals(expected, store.readAll(joined));
  }

  @Test
  void moreThan65535ImagesFromPartsMakeAZip64() throws IOException {
    byte[] png = PngEncoder.plain(ImageShape.square(1, 1), new byte[] {9});
    int each = 33_000;
    List<String> parts = List.of(folder + "/0.zip", folder + "/1.zip");
    for (int k = 0; k < 2; k++) {
      int first = k * each;
      EdmDatasetWriter.write(
          store,
          parts.get(k),
          writer -> {
            for (int i = first; i < first + each; i++) {
              writer.addPng(i, png, new Label.OfClass(i % 7));
            }
          });
    }
    String joined = folder + "/joined.zip";
    EdmDatasetWriter.Written written =
        EdmDatasetWriter.write(
            store,
            joined,
            writer -> {
              for (String part : parts) {
                writer.addAll(store, part);
              }
            });
    assertEquals(new EdmDatasetWriter.Written(2 * each, 0, 7), written);
    try (EdmDataset dataset = open(Path.of(joined))) {
      assertEquals(2 * each, dataset.size());
      assertEquals("00065/img00065999.png", dataset.index().imageName(2 * each - 1));
      assertEquals((2 * each - 1) % 7, dataset.index().classOf(2 * each - 1));
      assertArrayEquals(new byte[] {9}, dataset.image(2 * each - 1));
    }
  }

  @Test
  void whatCannotBeConvertedIsToldWithWhatCan() throws IOException {
    String kinds =
        "expected a folder of images, a .zip, CIFAR-10's cifar-10-python.tar.gz, MNIST's"
            + " train-images-idx3-ubyte.gz, or an LSUN folder *_lmdb";
    put("notes.txt", new byte[1]);
    assertBad(
        folder + "/notes.txt: is of no kind that can be converted; " + kinds,
        folder + "/notes.txt");
    assertEquals(
        folder + "/none: does not exist; " + kinds,
        assertThrows(
                FileNotFoundException.class,
                () -> ImageSources.requireKnown(store, folder + "/none"))
            .getMessage());
    put("empty/notes.txt", new byte[1]);
    assertBad(
        folder + "/empty: has no images among its 1 files; expected PNG or JPEG files",
        folder + "/empty");
    put("cifar.tar.gz", new byte[20]);
    assertBad(
        folder + "/cifar.tar.gz: is damaged, or no gzipped tar archive: Not in GZIP format",
        folder + "/cifar.tar.gz");
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (OutputStream gzip = new GZIPOutputStream(packed)) {
      gzip.write(new byte[1024]);
    }
    put("cifar.tar.gz", packed.toByteArray());
    assertBad(
        folder
            + "/cifar.tar.gz: lacks data_batch_1, data_batch_2, data_batch_3, data_batch_4,"
            + " data_batch_5; expected the Python version of CIFAR-10, cifar-10-python.tar.gz",
        folder + "/cifar.tar.gz");
  }

  /** A member of no interest that unpacks to a gigabyte, from a megabyte. */
  @Test
  void anArchiveThatUnpacksToFarTooMuchIsGivenUp() throws IOException {
    TarArchiveEntry entry = new TarArchiveEntry("readme.html");
    entry.setSize(1L << 30);
    byte[] header = new byte[TarConstants.DEFAULT_RCDSIZE];
    entry.writeEntryHeader(header);
    byte[] zeros = gzip(new byte[1 << 25]);
    ByteArrayOutputStream bomb = new ByteArrayOutputStream();
    bomb.writeBytes(gzip(header));
    for (int i = 0; i < 32; i++) {
      bomb.writeBytes(zeros);
    }
    put("bomb.tar.gz", bomb.toByteArray());
    assertBad(
        folder + "/bomb.tar.gz: unpacks to more than 536870912 bytes; expected CIFAR-10's archive",
        folder + "/bomb.tar.gz");
  }

  private static byte[] gzip(byte[] content) throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
      gzip.write(content);
    }
    return packed.toByteArray();
  }

  private void mnist(int images, int labels, int side) throws IOException {
    ByteArrayOutputStream pixels = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(new GZIPOutputStream(pixels))) {
      out.writeInt(0x803);
      out.writeInt(images);
      out.writeInt(side);
      out.writeInt(side);
      for (int i = 0; i < images; i++) {
        for (int k = 0; k < side * side; k++) {
          out.writeByte(i + k);
        }
      }
    }
    put("train-images-idx3-ubyte.gz", pixels.toByteArray());
    ByteArrayOutputStream classes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(new GZIPOutputStream(classes))) {
      out.writeInt(0x801);
      out.writeInt(labels);
      for (int i = 0; i < labels; i++) {
        out.writeByte(i + 5);
      }
    }
    put("train-labels-idx1-ubyte.gz", classes.toByteArray());
  }

  private String convert(String name) throws IOException {
    return convert(folder + "/" + name, ALL, Transform.NONE, null);
  }

  /** Returns the path of the dataset, which is a zip. */
  private String convert(String source, int most, Transform transform, Resolution resolution)
      throws IOException {
    String dest = folder + "/converted.zip";
    store.delete(dest);
    Conversion conversion =
        Conversion.plan(store, ImageSources.find(store, source, most), transform, resolution);
    EdmDatasetWriter.write(store, dest, writer -> conversion.addTo(writer, store, 2, () -> {}));
    return dest;
  }

  private void assertBad(String message, String source) {
    assertEquals(
        message,
        assertThrows(BadFileException.class, () -> convert(source, ALL, Transform.NONE, null))
            .getMessage());
  }

  private EdmDataset open(Path path) throws IOException {
    return EdmDataset.open(store, path.toString(), DatasetOptions.ALL);
  }

  private void assertLabels(String path, int... labels) throws IOException {
    try (EdmDataset dataset = open(Path.of(path))) {
      int[] found = new int[dataset.size()];
      for (int i = 0; i < found.length; i++) {
        found[i] = dataset.index().classOf(i);
      }
      assertArrayEquals(labels, found);
    }
  }

  private void assertUnlabelled(String path) throws IOException {
    try (ZipFile zip = new ZipFile(path)) {
      assertEquals(
          "{\"labels\":null}",
          new String(
              zip.getInputStream(zip.getEntry("dataset.json")).readAllBytes(),
              StandardCharsets.UTF_8));
    }
  }

  private void assertImages(String path, int... numbers) throws IOException {
    try (EdmDataset dataset = open(Path.of(path))) {
      assertEquals(numbers.length, dataset.size());
      for (int i = 0; i < numbers.length; i++) {
        assertArrayEquals(IMAGES.image(numbers[i]), dataset.image(i));
      }
    }
  }

  private static byte[] png(int image) {
    return PngEncoder.plain(ImageShape.square(3, 8), IMAGES.image(image));
  }

  private void put(String name, byte[] content) throws IOException {
    Path path = folder.resolve(name);
    Files.createDirectories(path.getParent());
    Files.write(path, content);
  }

  private void zip(String name, Object... namesAndContents) throws IOException {
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(folder.resolve(name)))) {
      for (int i = 0; i < namesAndContents.length; i += 2) {
        zip.putNextEntry(new ZipEntry((String) namesAndContents[i]));
        zip.write((byte[]) namesAndContents[i + 1]);
        zip.closeEntry();
      }
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
