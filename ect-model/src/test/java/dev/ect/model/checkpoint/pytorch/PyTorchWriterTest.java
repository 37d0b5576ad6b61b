package dev.ect.model.checkpoint.pytorch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.model.checkpoint.FloatSource;
import dev.ect.model.io.LocalStore;
import dev.ect.model.io.RandomInput;
import dev.ect.model.io.Store;
import dev.ect.model.io.ZipDirectory;
import dev.ect.model.pickle.PickledCall;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PyTorchWriterTest {
  @TempDir Path folder;

  private final Store store = new LocalStore();
  private String path;

  @BeforeEach
  void choosePath() {
    path = folder + "/x.pt";
  }

  /** Larger than a piece. */
  static float[] values() {
    float[] values = new float[70_000];
    for (int i = 0; i < values.length; i++) {
      values[i] = i * 0.5f - 3;
    }
    return values;
  }

  static Map<String, Object> object() {
    Map<String, Object> net = new LinkedHashMap<>();
    net.put("weight", PyTorchWriter.floats(FloatSource.of(values()), 2, 35_000));
    net.put("bias", PyTorchWriter.floats(FloatSource.of(new float[] {1.5f}), 1));
    net.put("scalar", PyTorchWriter.floats(FloatSource.of(new float[] {-7}), new long[0]));
    net.put("empty", PyTorchWriter.floats(FloatSource.of(new float[0]), 0, 3));
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("net", net);
    root.put(
        "state", Map.of(0L, Map.of("step", PyTorchWriter.longs(new long[] {1L << 40, -1}, 2))));
    root.put("numbers", Arrays.asList(0L, 255, 256L, -1L, 1L << 40, Long.MIN_VALUE, 0.1, 1.5f));
    root.put("others", Arrays.asList(null, true, false, "caf\u00e9", List.of(), Map.of()));
    return root;
  }

  @Test
  void readsBackWhatItWrites() throws IOException {
    PyTorchWriter.write(store, path, object());
    try (PyTorchFile file = PyTorchFile.open(store, path)) {
      file.requireKnownNames();
      Map<?, ?> root = assertInstanceOf(LinkedHashMap.class, file.root());
      assertEquals(List.of("net", "state", "numbers", "others"), List.copyOf(root.keySet()));
      assertTrue(
          assertInstanceOf(PickledCall.class, root.get("net"))
              .isCallOf("collections", "OrderedDict"));
      Map<String, PyTorchTensor> net = file.stateDict(root.get("net"));
      assertEquals(List.of("weight", "bias", "scalar", "empty"), List.copyOf(net.keySet()));
      assertArrayEquals(values(), net.get("weight").floats());
      assertArrayEquals(new long[] {2, 35_000}, net.get("weight").shape());
      assertArrayEquals(new long[] {}, net.get("scalar").shape());
      assertEquals(-7, net.get("scalar").item());
      assertEquals(0, net.get("empty").floats().length);
      Map<?, ?> state = assertInstanceOf(LinkedHashMap.class, root.get("state"));
      assertArrayEquals(
          new long[] {1L << 40, -1}, file.stateDict(state.get(0L)).get("step").longs());
      assertEquals(
          List.of(0L, 255L, 256L, -1L, 1L << 40, Long.MIN_VALUE, 0.1, 1.5), root.get("numbers"));
      List<?> others = assertInstanceOf(List.class, root.get("others"));
      assertNull(others.get(0));
      assertEquals(List.of(true, false, "caf\u00e9", List.of(), Map.of()), others.subList(1, 6));
    }
  }

  @Test
  void writesTheSameBytesForTheSameObject() throws IOException {
    PyTorchWriter.write(store, path, List.of(object().get("net"), "x"));
    byte[] first = Files.readAllBytes(Path.of(path));
    PyTorchWriter.write(store, path, List.of(object().get("net"), "x"));
    assertArrayEquals(first, Files.readAllBytes(Path.of(path)));
  }

  @Test
  void alignsItsEntriesAndGetsTheirChecksumsRight() throws IOException {
    PyTorchWriter.write(store, path, object());
    try (RandomInput input = store.openRandom(path);
        ZipFile zip = new ZipFile(path)) {
      List<ZipDirectory.Entry> entries = ZipDirectory.read(path, input);
      assertEquals(
          List.of(
              "archive/data.pkl",
              "archive/byteorder",
              "archive/data/0",
              "archive/data/1",
              "archive/data/2",
              "archive/data/3",
              "archive/data/4",
              "archive/version"),
          entries.stream().map(ZipDirectory.Entry::name).toList());
      for (ZipDirectory.Entry entry : entries) {
        assertEquals(0, ZipDirectory.dataStart(path, input, entry) % 64);
        try (InputStream in = zip.getInputStream(zip.getEntry(entry.name()))) {
          byte[] content = in.readAllBytes();
          assertEquals(entry.size(), content.length);
          CRC32 crc = new CRC32();
          crc.update(content);
          assertEquals(entry.crc(), (int) crc.getValue());
        }
      }
    }
  }

  /** Keeps the first and the last bytes of a file that is too large for a test. */
  private static final class Ends extends OutputStream implements RandomInput {
    private static final int KEPT = 1 << 17;
    private final byte[] first = new byte[KEPT];
    private final byte[] last = new byte[KEPT];
    private long length;

    @Override
    public void write(int b) {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int count) {
      for (int i = 0; i < count; ) {
        int at = (int) (length % KEPT);
        int some = Math.min(count - i, KEPT - at);
        System.arraycopy(bytes, offset + i, last, at, some);
        if (length < KEPT) {
          System.arraycopy(bytes, offset + i, first, at, some);
        }
        length += some;
        i += some;
      }
    }

    @Override
    public long length() {
      return length;
    }

    @Override
    public void readFully(long position, byte[] buffer, int offset, int count) {
      for (int i = 0; i < count; i++) {
        long at = position + i;
        assertTrue(at < KEPT || at >= length - KEPT, "byte " + at);
        buffer[offset + i] = at < KEPT ? first[(int) at] : last[(int) (at % KEPT)];
      }
    }
  }

  @Test
  void writesEntriesBeyondFourGigabytes() throws IOException {
    long size = (1L << 32) + 5;
    Ends file = new Ends();
    byte[] piece = new byte[1 << 16];
    StoredZip zip = new StoredZip(file, 64);
    zip.add(
        "archive/large",
        size,
        out -> {
          for (long left = size; left > 0; left -= piece.length) {
            out.write(piece, 0, (int) Math.min(piece.length, left));
          }
        });
    zip.add("archive/after", new byte[] {1, 2, 3});
    zip.finish();
    List<ZipDirectory.Entry> entries = ZipDirectory.read("x", file);
    assertEquals(2, entries.size());
    assertEquals(size, entries.get(0).size());
    assertEquals(0, ZipDirectory.dataStart("x", file, entries.get(0)) % 64);
    long after = ZipDirectory.dataStart("x", file, entries.get(1));
    assertTrue(after > size && after % 64 == 0);
    byte[] content = new byte[3];
    file.readFully(after, content, 0, 3);
    assertArrayEquals(new byte[] {1, 2, 3}, content);
  }

  @Test
  void writesMoreThan65535Entries() throws IOException {
    try (OutputStream out = Files.newOutputStream(Path.of(path));
        BufferedOutputStream buffered = new BufferedOutputStream(out)) {
      StoredZip zip = new StoredZip(buffered, 1);
      for (int i = 0; i < 65_536; i++) {
        zip.add("" + i, new byte[0]);
      }
      zip.finish();
    }
    try (RandomInput input = store.openRandom(path)) {
      assertEquals(65_536, ZipDirectory.read(path, input).size());
    }
  }

  @Test
  void refusesWhatItCannotWrite() {
    assertThrows(
        IllegalArgumentException.class, () -> PyTorchWriter.write(store, path, new Object()));
    assertThrows(
        IllegalArgumentException.class, () -> PyTorchWriter.write(store, path, Map.of(0.5, "x")));
    assertThrows(IllegalArgumentException.class, () -> PyTorchWriter.longs(new long[] {1, 2}, 3));
    assertTrue(Files.notExists(Path.of(path)));
  }

  @Test
  void leavesNoFileWhereASourceFails() {
    FloatSource lazy = (offset, into) -> into.put(1);
    assertThrows(
        IllegalStateException.class,
        () -> PyTorchWriter.write(store, path, PyTorchWriter.floats(lazy, 3)));
    assertTrue(Files.notExists(Path.of(path)));
  }
}
