package dev.ect.model.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.ect.model.io.BadFileException;
import dev.ect.model.io.LocalStore;
import dev.ect.model.io.Store;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsTest {
  @TempDir Path folder;

  private final Store store = new LocalStore();
  private String path;

  @BeforeEach
  void choosePath() {
    path = folder + "/x.safetensors";
  }

  @Test
  void writesTheDocumentedBytes() throws IOException {
    new SafetensorsWriter()
        .metadata("k", "v\"")
        .bytes("b", new byte[] {1, -1}, 2)
        .floats("a", new float[] {1.5f}, 1, 1)
        .write(store, path);
    String header =
        "{\"__metadata__\":{\"k\":\"v\\\"\"},\"a\":{\"dtype\":\"F32\",\"shape\":[1,1],\"data_offsets\":[0,4]},"
            + "\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[4,6]}}";
    int padded = (header.length() + 7) / 8 * 8;
    String expected =
        HexFormat.of()
                .formatHex(
                    ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(padded).array())
            + HexFormat.of()
                .formatHex(
                    (header + " ".repeat(padded - header.length()))
                        .getBytes(StandardCharsets.UTF_8))
            + "0000c03f"
            + "01ff";
    assertEquals(expected, HexFormat.of().formatHex(Files.readAllBytes(Path.of(path))));
  }

  @Test
  void readsBackEveryKindItWrites() throws IOException {
    float[] floats = {0, -1.25f, Float.MIN_VALUE, Float.NaN, Float.NEGATIVE_INFINITY, 3e38f};
    new SafetensorsWriter()
        .metadata("config", "{\"a\": \"ü\"}")
        .floats("floats", floats, 2, 3)
        .bytes("bytes", new byte[] {0, 127, -128}, 3)
        .ints("ints", new int[] {Integer.MIN_VALUE, 7}, 2, 1)
        .longs("longs", new long[] {Long.MIN_VALUE, 1L << 40}, 2)
        .doubles("doubles", new double[] {Math.PI}, new long[0])
        .floats("empty", new float[0], 0, 5)
        .write(store, path);
    try (SafetensorsFile file = SafetensorsFile.open(store, path)) {
      assertEquals(Map.of("config", "{\"a\": \"ü\"}"), file.metadata());
      assertEquals(
          Set.of("longs", "doubles", "floats", "ints", "empty", "bytes"), file.tensors().keySet());
      assertArrayEquals(floats, file.floats("floats"));
      assertArrayEquals(new long[] {2, 3}, file.tensors().get("floats").shape());
      assertArrayEquals(new byte[] {0, 127, -128}, file.bytes("bytes"));
      assertArrayEquals(new long[] {0, 127, 128}, file.longs("bytes"));
      assertArrayEquals(new long[] {Integer.MIN_VALUE, 7}, file.longs("ints"));
      assertArrayEquals(new long[] {Long.MIN_VALUE, 1L << 40}, file.longs("longs"));
      assertArrayEquals(new double[] {Math.PI}, file.doubles("doubles"));
      assertArrayEquals(new float[] {(float) Math.PI}, file.floats("doubles"));
      assertArrayEquals(new long[0], file.tensors().get("doubles").shape());
      assertArrayEquals(new float[0], file.floats("empty"));
      for (TensorInfo info : file.tensors().values()) {
        assertEquals(0, info.position() % info.dtype().bytes(), info.name());
      }
    }
  }

  @Test
  void widensHalfPrecisionExactly() throws IOException {
    // One, minus two, largest, smallest normal, largest subnormal, smallest subnormal, minus zero,
    // infinity, NaN.
    short[] halves = {
      0x3C00, (short) 0xC000, 0x7BFF, 0x0400, 0x03FF, 0x0001, (short) 0x8000, 0x7C00, 0x7E00
    };
    float[] expected = {
      1, -2, 65504, 0x1p-14f, 0x1.ff8p-15f, 0x1p-24f, -0f, Float.POSITIVE_INFINITY, Float.NaN
    };
    ByteBuffer data = ByteBuffer.allocate(2 * halves.length + 4).order(ByteOrder.LITTLE_ENDIAN);
    for (short half : halves) {
      data.putShort(half);
    }
    data.putShort((short) 0x3FC0).putShort((short) 0xFF80);
    raw(
        "{\"h\":{\"dtype\":\"F16\",\"shape\":[9],\"data_offsets\":[0,18]},\"b\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[18,22]}}",
        data.array());
    try (SafetensorsFile file = SafetensorsFile.open(store, path)) {
      assertArrayEquals(expected, file.floats("h"));
      assertArrayEquals(new float[] {1.5f, Float.NEGATIVE_INFINITY}, file.floats("b"));
    }
  }

  @Test
  void streamsLargeTensorsInPieces() throws IOException {
    int count = 200_003;
    List<Long> offsets = new ArrayList<>();
    new SafetensorsWriter()
        .floats(
            "large",
            (offset, into) -> {
              offsets.add(offset);
              for (int i = (int) offset; into.hasRemaining(); i++) {
                into.put(i);
              }
            },
            count)
        .write(store, path);
    assertEquals(List.of(0L, 65536L, 131072L, 196608L), offsets);
    FloatBuffer part = FloatBuffer.allocate(150_000);
    part.position(1000);
    try (SafetensorsFile file = SafetensorsFile.open(store, path)) {
      file.read("large", 50_000, part);
      assertEquals(150_000, part.position());
      for (int i = 1000; i < 150_000; i++) {
        assertEquals(49_000 + i, part.get(i));
      }
      part.position(0);
      assertEquals(
          path + ": tensor large F32[200003] has no 150000 elements from number 50004",
          assertThrows(BadFileException.class, () -> file.read("large", 50_004, part))
              .getMessage());
    }
  }

  @Test
  void readsABufferFromItsPosition() throws IOException {
    FloatBuffer flat = FloatBuffer.wrap(new float[] {9, 1, 2, 9}).position(1).limit(3);
    new SafetensorsWriter().floats("x", FloatSource.of(flat), 2).write(store, path);
    try (SafetensorsFile file = SafetensorsFile.open(store, path)) {
      assertArrayEquals(new float[] {1, 2}, file.floats("x"));
    }
    assertEquals(1, flat.position());
  }

  @Test
  void namesEveryTensorThatDoesNotFit() throws IOException {
    new SafetensorsWriter()
        .floats("ema.a", new float[2], 2)
        .floats("ema.b", new float[2], 1, 2)
        .floats("ema.extra", new float[1], 1)
        .floats("other", new float[1], 1)
        .write(store, path);
    Map<String, long[]> expected = new LinkedHashMap<>();
    expected.put("a", new long[] {2});
    expected.put("b", new long[] {2, 1});
    expected.put("c", new long[] {3});
    try (SafetensorsFile file = SafetensorsFile.open(store, path)) {
      BadFileException thrown =
          assertThrows(BadFileException.class, () -> file.requireShapes("ema.", expected));
      assertEquals(
          path
              + ": does not fit the network, 3 problems: ema.b has shape [1, 2], expected [2, 1]; missing ema.c [3];"
              + " unexpected ema.extra [1]",
          thrown.getMessage());
      file.requireShapes(
          "ema.", Map.of("a", new long[] {2}, "b", new long[] {1, 2}, "extra", new long[] {1}));
    }
  }

  @Test
  void refusesTensorsOfAnotherKindOrName() throws IOException {
    new SafetensorsWriter()
        .ints("i", new int[1], 1)
        .floats("f", new float[1], 1)
        .write(store, path);
    try (SafetensorsFile file = SafetensorsFile.open(store, path)) {
      assertEquals(
          path + ": has no tensor g",
          assertThrows(BadFileException.class, () -> file.floats("g")).getMessage());
      assertThrows(BadFileException.class, () -> file.floats("i"));
      assertThrows(BadFileException.class, () -> file.longs("f"));
      assertThrows(BadFileException.class, () -> file.bytes("f"));
    }
  }

  @Test
  void refusesToWriteWhatCannotBeRead() {
    SafetensorsWriter writer = new SafetensorsWriter().floats("a", new float[2], 2);
    assertThrows(IllegalArgumentException.class, () -> writer.ints("a", new int[1], 1));
    assertThrows(IllegalArgumentException.class, () -> writer.ints("b", new int[1], 2));
    assertThrows(IllegalArgumentException.class, () -> writer.ints("__metadata__", new int[1], 1));
    SafetensorsWriter lazy = new SafetensorsWriter().floats("lazy", (offset, into) -> {}, 2);
    assertThrows(IllegalStateException.class, () -> lazy.write(store, path));
  }

  @Test
  void describesWhatIsWrongWithAFile() throws IOException {
    Files.write(Path.of(path), new byte[3]);
    assertBad("has 3 bytes; expected a safetensors file");
    Files.write(Path.of(path), "PK\3\4 this is a zip".getBytes(StandardCharsets.US_ASCII));
    assertBad(
        "is not a safetensors file: its first eight bytes give a header of 7595448452415441744"
            + " bytes; expected 2 to 16777216");
    try (RandomAccessFile sparse = new RandomAccessFile(path, "rw")) {
      sparse.setLength(1 << 25);
      sparse.write(
          ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong((1 << 24) + 1).array());
    }
    assertBad(
        "is not a safetensors file: its first eight bytes give a header of 16777217 bytes;"
            + " expected 2 to 16777216");
    Files.write(
        Path.of(path), ByteBuffer.allocate(20).order(ByteOrder.LITTLE_ENDIAN).putLong(13).array());
    assertBad("is cut short: it has 20 bytes, its header alone should have 13");
    raw("{\"a\":", new byte[0]);
    assertBad(
        "its safetensors header is not valid JSON: Unexpected end-of-input within/between Object entries");
    raw("{\"a\":" + "[".repeat(5000), new byte[0]);
    assertBad(
        "its safetensors header is not valid JSON: Depth (1001) exceeds the maximum allowed nesting"
            + " depth (1000)");
    raw("[]", new byte[0]);
    assertBad("its safetensors header is not a JSON object");
    raw("{\"a\":1}", new byte[0]);
    assertBad("header entry a is 1; expected an object");
    raw("{\"__metadata__\":{\"k\":1}}", new byte[0]);
    assertBad("metadata k is 1; expected a string");
    raw(tensor("a", "F31", "[1]", 0, 4), new byte[4]);
    assertBad(
        "tensor a has dtype \"F31\"; expected one of [F64, I64, U64, F32, I32, U32, F16, BF16, I16, U16, I8, U8, BOOL]");
    raw(tensor("a", "F32", "[-1]", 0, 4), new byte[4]);
    assertBad("tensor a has shape [-1]; expected an array of whole numbers from 0");
    raw(tensor("a", "F32", "[4611686018427387904,4]", 0, 4), new byte[4]);
    assertBad("tensor a has the impossible shape [4611686018427387904, 4]");
    raw(tensor("a", "F32", "[2]", 0, 4), new byte[4]);
    assertBad("tensor a lies at [0, 4]; expected the two ends of the 8 bytes of a F32[2]");
  }

  @Test
  void refusesTensorsThatOverlapLeaveGapsOrRunOver() throws IOException {
    String a = tensor("a", "F32", "[1]", 0, 4);
    String head = a.substring(0, a.length() - 1) + ",";
    raw(head + tensor("b", "F32", "[1]", 2, 6).substring(1), new byte[6]);
    assertBad("tensor b starts at byte 117; expected 119, where the one before it ends");
    raw(head + tensor("b", "F32", "[1]", 8, 12).substring(1), new byte[12]);
    assertBad("tensor b starts at byte 124; expected 120, where the one before it ends");
    raw(a, new byte[3]);
    assertBad("is cut short: it has 65 bytes; its header describes 66");
    raw(a, new byte[5]);
    assertBad("has 67 bytes; its header describes 66");
    raw(head + a.substring(1), new byte[4]);
    assertBad("its safetensors header is not valid JSON: Duplicate field 'a'");
  }

  private static String tensor(String name, String dtype, String shape, long begin, long end) {
    return "{\""
        + name
        + "\":{\"dtype\":\""
        + dtype
        + "\",\"shape\":"
        + shape
        + ",\"data_offsets\":["
        + begin
        + ","
        + end
        + "]}}";
  }

  private void raw(String header, byte[] data) throws IOException {
    byte[] text = header.getBytes(StandardCharsets.UTF_8);
    try (OutputStream out = Files.newOutputStream(Path.of(path))) {
      out.write(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(text.length).array());
      out.write(text);
      out.write(data);
    }
  }

  private void assertBad(String problem) {
    BadFileException thrown =
        assertThrows(BadFileException.class, () -> SafetensorsFile.open(store, path));
    assertEquals(path + ": " + problem, thrown.getMessage());
  }
}
