package dev.ect.model.dataset.convert;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.model.Goldens;
import dev.ect.model.io.BadFileException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Databases that liblmdb wrote, and damaged ones. */
class LmdbReaderTest {
  private static final int PAGE = 4096;

  private static byte[] file(String folder) throws IOException {
    return Files.readAllBytes(Goldens.resource("convert").resolve(folder).resolve("data.mdb"));
  }

  private static List<String> values(byte[] file) throws IOException {
    MemoryInput input = new MemoryInput("data.mdb", file);
    LmdbReader reader = new LmdbReader("data.mdb", input);
    List<String> values = new ArrayList<>();
    reader.forEach(
        (position, size) -> {
          byte[] value = new byte[size];
          input.readFully(position, value, 0, size);
          values.add(new String(value, StandardCharsets.ISO_8859_1));
          return true;
        });
    assertEquals(reader.entries(), values.size());
    return values;
  }

  private static String refusal(byte[] file) {
    return assertThrows(BadFileException.class, () -> values(file)).getMessage();
  }

  @Test
  void findsTheValuesOfADeepTreeInTheOrderOfTheirKeys() throws IOException {
    List<String> expected =
        IntStream.range(0, 61).filter(i -> i % 10 != 0).mapToObj(i -> "value " + i).toList();
    assertEquals(expected, values(file("deep_lmdb")));
  }

  @Test
  void stopsWhenTheReceiverHasEnough() throws IOException {
    byte[] file = file("deep_lmdb");
    int[] count = {0};
    new LmdbReader("data.mdb", new MemoryInput("data.mdb", file))
        .forEach((position, size) -> ++count[0] < 3);
    assertEquals(3, count[0]);
  }

  @ParameterizedTest
  @ValueSource(ints = {512, 4096, 16384, 32768})
  void readsPagesOfAnySizeAndTheNewerDescription(int size) throws IOException {
    byte[] file = database(size, 7, 8);
    assertEquals(List.of("value"), values(file));
    // The other description, which is older, leads nowhere.
    ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putLong(16 + 128, 9);
    assertEquals(
        "data.mdb: is a damaged or truncated LMDB database: it refers to page 99 of 3",
        refusal(file));
  }

  /** One leaf with one value; the first description refers to a page that is not there. */
  private static byte[] database(int size, long firstVersion, long secondVersion) {
    ByteBuffer file = ByteBuffer.allocate(3 * size).order(ByteOrder.LITTLE_ENDIAN);
    for (int meta = 0; meta < 2; meta++) {
      int at = meta * size;
      file.putLong(at, meta).putShort(at + 10, (short) 8);
      file.putInt(at + 16, 0xBEEFC0DE).putInt(at + 20, 1).putInt(at + 16 + 24, size);
      int main = at + 16 + 72;
      file.putShort(main + 6, (short) 1).putLong(main + 32, 1);
      file.putLong(main + 40, meta == 0 ? 99 : 2);
      file.putLong(at + 16 + 128, meta == 0 ? firstVersion : secondVersion);
    }
    int leaf = 2 * size;
    int node = size - 14;
    file.putLong(leaf, 2).putShort(leaf + 10, (short) 2).putShort(leaf + 12, (short) 18);
    file.putShort(leaf + 14, (short) node).putShort(leaf + 16, (short) node);
    file.putInt(leaf + node, 5).putShort(leaf + node + 6, (short) 1);
    file.put(leaf + node + 8, "kvalue".getBytes(StandardCharsets.US_ASCII));
    return file.array();
  }

  @Test
  void refusesATreeThatRunsInACircle() throws IOException {
    byte[] file = file("deep_lmdb");
    ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    int meta = bytes.getLong(16 + 128) > bytes.getLong(PAGE + 16 + 128) ? 0 : PAGE;
    int root = (int) bytes.getLong(meta + 16 + 72 + 40);
    int node = bytes.getShort(root * PAGE + 16);
    bytes.putInt(root * PAGE + node, root);
    assertEquals(
        "data.mdb: is a damaged or truncated LMDB database: page "
            + root
            + " is of kind 1 at level 3",
        refusal(file));
    bytes.putShort(meta + 16 + 72 + 6, (short) 0);
    assertEquals(
        "data.mdb: is a damaged or truncated LMDB database: its tree is deeper than the 0 levels it"
            + " claims",
        refusal(file));
  }

  @Test
  void refusesWhatIsNoDatabaseAndOneCutAnywhere() throws IOException {
    byte[] whole = file("images_lmdb");
    assertEquals(
        "data.mdb: is no LMDB database of format 1 for 64-bit little-endian machines",
        refusal(new byte[100]));
    List<String> all = values(whole);
    int refused = 0;
    for (int length = 0; length < whole.length; length += 512) {
      byte[] cut = Arrays.copyOf(whole, length);
      try {
        // The last pages are free ones.
        assertEquals(all, values(cut));
      } catch (BadFileException e) {
        refused++;
        assertTrue(e.getMessage().startsWith("data.mdb: is "), e.getMessage());
      }
    }
    assertTrue(refused > whole.length / 512 / 2, refused + " refused");
  }

  @Test
  void damageAnywhereIsAnErrorOrWithoutConsequence() throws IOException {
    byte[] whole = file("deep_lmdb");
    Random random = new Random(0);
    int refused = 0;
    for (int i = 0; i < 2000; i++) {
      byte[] damaged = whole.clone();
      for (int k = 0; k < 4; k++) {
        int page = random.nextInt(whole.length / PAGE);
        damaged[page * PAGE + random.nextInt(i % 2 == 0 ? 200 : PAGE)] = (byte) random.nextInt(256);
      }
      try {
        values(damaged);
      } catch (BadFileException e) {
        refused++;
        assertTrue(e.getMessage().startsWith("data.mdb: "), e.getMessage());
      }
    }
    assertTrue(refused > 200, refused + " refused");
  }
}
