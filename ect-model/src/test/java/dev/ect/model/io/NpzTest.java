package dev.ect.model.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.LongStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The files in test resources npz/ were written by NumPy 2.4. */
class NpzTest {
  private static final double[] MU = {0.5, -1.25, 3e-7};
  private static final double[] SIGMA = {2, 0.5, -0.25, 0.5, 1, 0.125, -0.25, 0.125, 3};

  @TempDir Path folder;

  private final Store store = new LocalStore();
  private String path;

  @BeforeEach
  void choosePath() {
    path = folder + "/x.npz";
  }

  @Test
  void readsWhatNumpySaves() throws IOException {
    copy("savez.npz");
    try (Npz npz = Npz.open(store, path)) {
      assertEquals(List.of("mu", "sigma", "count", "divisor"), List.copyOf(npz.names()));
      assertDoubles(npz, "mu", List.of(3), MU);
      assertDoubles(npz, "sigma", List.of(3, 3), SIGMA);
      assertLongs(npz, "count", List.of(), 50000);
      assertEquals(Optional.of("n-1"), npz.text("divisor"));
      assertEquals(Optional.empty(), npz.text("mu"));
      assertEquals(Optional.empty(), npz.text("nothing"));
    }
  }

  @Test
  void readsWhatNumpySavesCompressed() throws IOException {
    copy("savez-compressed.npz");
    try (Npz npz = Npz.open(store, path)) {
      assertDoubles(npz, "mu", List.of(3), MU);
      assertDoubles(npz, "sigma", List.of(3, 3), SIGMA);
    }
  }

  @Test
  void readsEitherByteOrderAndEitherOrderOfAxes() throws IOException {
    copy("kinds.npz");
    try (Npz npz = Npz.open(store, path)) {
      assertDoubles(npz, "f4_big", List.of(2, 3), 0, 0.25, 0.5, 0.75, 1, 1.25);
      assertDoubles(npz, "f8_fortran", List.of(2, 3), 0, 0.125, 0.25, 0.375, 0.5, 0.625);
      assertLongs(npz, "i8_fortran", List.of(2, 3, 4), LongStream.range(-5, 19).toArray());
      assertDoubles(npz, "empty", List.of(0, 3));
      assertEquals(Optional.of("ü𝄞 x"), npz.text("text"));
      assertEquals(Optional.of(""), npz.text("no_text"));
      for (String name : List.of("texts_big", "texts_fortran")) {
        NpyArray.Texts texts = (NpyArray.Texts) npz.array(name);
        assertEquals(List.of(2, 2), texts.shape());
        assertEquals(List.of("a", "bcd", "", "e"), texts.values());
        assertEquals(Optional.empty(), npz.text(name));
      }
      assertBad(
          "array f2 has the type <f2; expected float64, float32, int64 or unicode (objects are"
              + " pickles, which are not read)",
          () -> npz.array("f2"));
      assertBad(
          "array record has the type [('x', '<f8'), ('y', '<i4')]; expected float64, float32,"
              + " int64 or unicode (objects are pickles, which are not read)",
          () -> npz.array("record"));
    }
  }

  @Test
  void readsEveryVersionOfTheFormat() throws IOException {
    copy("versions.npz");
    try (Npz npz = Npz.open(store, path)) {
      for (int version = 1; version <= 3; version++) {
        int factor = version;
        assertDoubles(
            npz, "v" + version, List.of(3), Arrays.stream(MU).map(x -> x * factor).toArray());
      }
      assertDoubles(npz, "python2", List.of(3), MU);
    }
  }

  @Test
  void refusesPickles() throws IOException {
    copy("objects.npz");
    try (Npz npz = Npz.open(store, path)) {
      assertBad(
          "array mu has the type |O; expected float64, float32, int64 or unicode (objects are"
              + " pickles, which are not read)",
          () -> npz.array("mu"));
      assertDoubles(npz, "sigma", List.of(3, 3), SIGMA);
    }
  }

  @Test
  void writesTheBytesThatNumpyWrites() throws IOException {
    Npz.write(store, path, ours());
    Map<String, byte[]> written = unzip(Files.readAllBytes(Path.of(path)));
    copy("savez.npz");
    Map<String, byte[]> numpys = unzip(Files.readAllBytes(Path.of(path)));
    assertEquals(numpys.keySet(), written.keySet());
    numpys.forEach((name, bytes) -> assertArrayEquals(bytes, written.get(name), name));
  }

  @Test
  void equalArraysMakeEqualFiles() throws IOException {
    Npz.write(store, path, ours());
    byte[] first = Files.readAllBytes(Path.of(path));
    Npz.write(store, path, ours());
    assertArrayEquals(first, Files.readAllBytes(Path.of(path)));
  }

  @Test
  void readsBackWhatItWrites() throws IOException {
    double[] many = new double[40_000];
    Arrays.setAll(many, i -> 1 / (i + 1.0));
    many[5] = Double.NaN;
    Map<String, NpyArray> arrays = new LinkedHashMap<>();
    arrays.put("many", NpyArray.of(many, 8, 5000));
    arrays.put("none", NpyArray.of(new double[0], 3, 0, 2));
    arrays.put("number", NpyArray.of(Long.MIN_VALUE));
    arrays.put("text", NpyArray.of("{\"ü\": 𝄞}\n"));
    arrays.put("nothing", NpyArray.of(""));
    arrays.put("texts", new NpyArray.Texts(List.of(3), List.of("", "ab", "c")));
    arrays.put("longs", new NpyArray.Longs(List.of(2, 1), new long[] {1, -1}));
    Npz.write(store, path, arrays);
    try (Npz npz = Npz.open(store, path)) {
      assertEquals(List.copyOf(arrays.keySet()), List.copyOf(npz.names()));
      assertDoubles(npz, "many", List.of(8, 5000), many);
      assertDoubles(npz, "none", List.of(3, 0, 2));
      assertLongs(npz, "number", List.of(), Long.MIN_VALUE);
      assertEquals(Optional.of("{\"ü\": 𝄞}\n"), npz.text("text"));
      assertEquals(Optional.of(""), npz.text("nothing"));
      assertEquals(List.of("", "ab", "c"), ((NpyArray.Texts) npz.array("texts")).values());
      assertLongs(npz, "longs", List.of(2, 1), 1, -1);
    }
  }

  @Test
  void saysWhichArraysThereAre() throws IOException {
    copy("savez.npz");
    try (Npz npz = Npz.open(store, path)) {
      assertBad("has no array nu; it holds mu, sigma, count, divisor", () -> npz.array("nu"));
    }
  }

  @Test
  void refusesWhatIsNoZip() throws IOException {
    Files.write(Path.of(path), header("{'descr': '<f8', 'fortran_order': False, 'shape': (), }"));
    assertBad(
        "is not a zip, or is cut short: it has no zip directory at its end",
        () -> Npz.open(store, path));
    Files.write(Path.of(path), new byte[0]);
    assertBad(
        "is not a zip, or is cut short: it has no zip directory at its end",
        () -> Npz.open(store, path));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "}",
        "{}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': ()",
        "{'descr': '<f8', 'fortran_order': False}",
        "{'descr': '<f8', 'fortran_order': 'no', 'shape': ()}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': '()'}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': ()} x",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (), 'more': True}",
        "{'descr': '<f8' 'fortran_order': False, 'shape': ()}",
        "{'descr': __import__('os'), 'fortran_order': False, 'shape': ()}",
      })
  void refusesHeadersThatAreNoSuchDictionary(String dictionary) throws IOException {
    zip(header(dictionary), new byte[8]);
    try (Npz npz = Npz.open(store, path)) {
      assertBad(
          "array a has a header that is no dictionary of descr, fortran_order and shape",
          () -> npz.array("a"));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "<f8| 2|  array a has 8 bytes of elements; its shape [2] and type <f8 take another number",
        "<f8| | ",
        "<U3| |  array a has 8 bytes of elements; its shape [] and type <U3 take another number",
        "<f8| 0,|  array a has 8 bytes of elements; its shape [0] and type <f8 take another number",
        "<U0| 900000000| array a has 8 bytes of elements; its shape [900000000] and type <U0 take another number",
        "<f8| 65536, 65536, 65536, 65536, 2| array a has 8 bytes of elements; its shape [65536, 65536, 65536, 65536, 2] and type <f8 take another number",
        "<f8| 99999999999| array a has the shape (99999999999); expected sizes of axes",
        "<f8| 3000000000| array a has the shape (3000000000); expected sizes of axes",
        "<f8| 1,,1| array a has the shape (1,,1); expected sizes of axes",
        "<f8| L| array a has the shape (L); expected sizes of axes",
        "<U2| | array a has the character 4294967295, which is not unicode",
      })
  void refusesShapesThatTheFileDoesNotHold(String type, String shape, String message)
      throws IOException {
    byte[] content = new byte[8];
    if (type.equals("<U2")) {
      Arrays.fill(content, (byte) -1);
    }
    zip(
        header(
            String.format(
                "{'descr': '%s', 'fortran_order': False, 'shape': (%s)}",
                type, shape == null ? "" : shape)),
        content);
    try (Npz npz = Npz.open(store, path)) {
      if (message == null) {
        assertDoubles(npz, "a", List.of(), 0);
      } else {
        assertBad(message, () -> npz.array("a"));
      }
    }
  }

  @Test
  void refusesOtherFilesInTheZip() throws IOException {
    zip("no array".getBytes(StandardCharsets.UTF_8));
    try (Npz npz = Npz.open(store, path)) {
      assertBad(
          "array a is no .npy file: it does not start with the magic \\x93NUMPY",
          () -> npz.array("a"));
    }
    zip("short".getBytes(StandardCharsets.UTF_8));
    try (Npz npz = Npz.open(store, path)) {
      assertBad("array a is cut short: it has 5 bytes", () -> npz.array("a"));
    }
    byte[] later = header("{}");
    later[6] = 4;
    zip(later);
    try (Npz npz = Npz.open(store, path)) {
      assertBad("array a is a .npy file of version 4; expected 1, 2 or 3", () -> npz.array("a"));
    }
    zip(
        NpyHeader.MAGIC,
        new byte[] {2, 0},
        ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(-1).array());
    try (Npz npz = Npz.open(store, path)) {
      assertBad(
          "array a has a header of 4294967295 bytes; expected at most 65536", () -> npz.array("a"));
    }
  }

  @Test
  void refusesTheSameNameTwice() throws IOException {
    Map<String, NpyArray> arrays = new LinkedHashMap<>();
    arrays.put("aa", NpyArray.of(1));
    arrays.put("ab", NpyArray.of(2));
    Npz.write(store, path, arrays);
    byte[] bytes = Files.readAllBytes(Path.of(path));
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    Files.writeString(Path.of(path), text.replace("ab.npy", "aa.npy"), StandardCharsets.ISO_8859_1);
    assertBad("holds two arrays called aa", () -> Npz.open(store, path));
  }

  @Test
  void refusesSizesThatNoPackingReaches() throws IOException {
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(Path.of(path)))) {
      zip.putNextEntry(new ZipEntry("a.npy"));
      zip.write(header("{'descr': '<f8', 'fortran_order': False, 'shape': (1000,)}"));
      zip.write(new byte[8000]);
      zip.closeEntry();
    }
    try (Npz npz = Npz.open(store, path)) {
      assertDoubles(npz, "a", List.of(1000), new double[1000]);
    }
    byte[] bytes = Files.readAllBytes(Path.of(path));
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int directory = buffer.getInt(bytes.length - 6);
    int stored = buffer.getInt(directory + 20);
    buffer.putInt(directory + 24, 2_000_000_000);
    Files.write(Path.of(path), bytes);
    try (Npz npz = Npz.open(store, path)) {
      assertBad(
          "array a of 2000000000 bytes cannot come from " + stored + " packed ones",
          () -> npz.array("a"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"savez.npz", "savez-compressed.npz"})
  void damagedFilesAreBadFilesOrAsBefore(String name) throws IOException {
    copy(name);
    byte[] bytes = Files.readAllBytes(Path.of(path));
    Map<String, Object> before = content();
    for (int cut = 0; cut < bytes.length; cut++) {
      Files.write(Path.of(path), Arrays.copyOf(bytes, cut));
      assertThrows(BadFileException.class, this::content);
    }
    int bad = 0;
    for (int at = 0; at < bytes.length; at++) {
      for (int mask : new int[] {1 << at % 8, 0xFF}) {
        byte[] flipped = bytes.clone();
        flipped[at] ^= (byte) mask;
        Files.write(Path.of(path), flipped);
        try {
          assertEquals(before, content(), "byte " + at + " flipped by " + mask);
        } catch (BadFileException e) {
          bad++;
        }
      }
    }
    assertTrue(bad > bytes.length, bad + " of " + 2 * bytes.length + " flips were noticed");
    assertNotEquals(0, before.size());
  }

  /** Every array that can be read, in a form that can be compared. */
  private Map<String, Object> content() throws IOException {
    Map<String, Object> content = new LinkedHashMap<>();
    try (Npz npz = Npz.open(store, path)) {
      for (String name : npz.names()) {
        if (Set.of("f2", "record").contains(name)) {
          content.put(name, assertThrows(BadFileException.class, () -> npz.array(name)).getClass());
          continue;
        }
        NpyArray array = npz.array(name);
        content.put(name + ".shape", array.shape());
        if (array instanceof NpyArray.Doubles doubles) {
          content.put(name, Arrays.stream(doubles.values()).boxed().toList());
        } else if (array instanceof NpyArray.Longs longs) {
          content.put(name, Arrays.stream(longs.values()).boxed().toList());
        } else if (array instanceof NpyArray.Texts texts) {
          content.put(name, texts.values());
        }
      }
    }
    return content;
  }

  private static Map<String, NpyArray> ours() {
    Map<String, NpyArray> arrays = new LinkedHashMap<>();
    arrays.put("mu", NpyArray.of(MU, 3));
    arrays.put("sigma", NpyArray.of(SIGMA, 3, 3));
    arrays.put("count", NpyArray.of(50000));
    arrays.put("divisor", NpyArray.of("n-1"));
    return arrays;
  }

  private static void assertDoubles(Npz npz, String name, List<Integer> shape, double... expected)
      throws IOException {
    NpyArray.Doubles array = (NpyArray.Doubles) npz.array(name);
    assertEquals(shape, array.shape(), name);
    assertArrayEquals(expected, array.values(), name);
  }

  private static void assertLongs(Npz npz, String name, List<Integer> shape, long... expected)
      throws IOException {
    NpyArray.Longs array = (NpyArray.Longs) npz.array(name);
    assertEquals(shape, array.shape(), name);
    assertArrayEquals(expected, array.values(), name);
  }

  private interface Call {
    Object run() throws IOException;
  }

  private void assertBad(String problem, Call call) {
    assertEquals(
        path + ": " + problem, assertThrows(BadFileException.class, call::run).getMessage());
  }

  private void copy(String resource) throws IOException {
    try (InputStream in = NpzTest.class.getResourceAsStream("/npz/" + resource)) {
      Assertions.assertNotNull(in, resource);
      Files.write(Path.of(path), in.readAllBytes());
    }
  }

  private static byte[] header(String dictionary) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(NpyHeader.MAGIC);
    out.writeBytes(new byte[] {1, 0, (byte) dictionary.length(), 0});
    out.writeBytes(dictionary.getBytes(StandardCharsets.ISO_8859_1));
    return out.toByteArray();
  }

  private void zip(byte[]... content) throws IOException {
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(Path.of(path)))) {
      zip.putNextEntry(new ZipEntry("a.npy"));
      for (byte[] part : content) {
        zip.write(part);
      }
      zip.closeEntry();
    }
  }

  private static Map<String, byte[]> unzip(byte[] file) throws IOException {
    Map<String, byte[]> content = new LinkedHashMap<>();
    try (ZipInputStream zip = new ZipInputStream(new ByteArrayInputStream(file))) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        content.put(entry.getName(), zip.readAllBytes());
      }
    }
    return content;
  }
}
