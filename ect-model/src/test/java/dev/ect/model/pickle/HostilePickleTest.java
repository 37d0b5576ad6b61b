package dev.ect.model.pickle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.ect.model.io.BadFileException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HostilePickleTest {
  private static final int MEGABYTE = 1 << 20;
  private static final int SIZE = 1 << 19;
  private static final long FLOOR = 5 * MEGABYTE;

  private static String failure(byte[] pickle) {
    BadFileException e = assertThrows(BadFileException.class, () -> Pickles.read(pickle));
    assertTrue(e.getMessage().startsWith("x.pkl: its pickle cannot be read at byte "));
    assertTrue(e.getMessage().lines().count() == 1, e.getMessage());
    return e.getMessage().substring(e.getMessage().indexOf(": ", 7) + 2);
  }

  private static String failure(String pickle) {
    return failure(pickle.getBytes(StandardCharsets.ISO_8859_1));
  }

  /** Reads or refuses, and returns the bytes allocated meanwhile. */
  private static long allocated(byte[] pickle) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    try {
      Pickles.read(pickle);
    } catch (IOException e) {
      assertInstanceOf(BadFileException.class, e);
      assertTrue(e.getMessage().startsWith("x.pkl: "), e.getMessage());
    }
    return threads.getCurrentThreadAllocatedBytes() - before;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "]",
        "}",
        "(",
        "\u008f",
        "]q\u0000",
        "]\u0094",
        "2",
        "(l",
        "(t",
        "(\u0091",
        "K\u00ff",
        "J\u0001\u0002\u0003\u0004",
        "h\u0000(e",
        "]a",
        "}s",
        "N\u0085",
        "NQ",
        "cos\nx\n",
        "coss\n\u0100\n",
        "C\u0000",
        "\u008c\u0001\u0100",
        "V\n",
        "S''\n",
        "I1\n",
        "F1\n",
        "\u008a\u0001\u0001",
        "G01234567",
        "h\u0000)R",
        "h\u0000)}\u0092",
        "h\u0000}b",
        "](h\u0000e",
        "}(NNu0",
        "Px\n",
        "g0\n",
        "ccollections\nOrderedDict\n)R}b",
        "ccollections\nOrderedDict\n)R(NNu",
        "ccollections\ndeque\n)R(Ne"
      })
  void allocatesAFewTimesTheFileWhateverItSays(String unit) {
    String pickle = "Nq\u0000" + unit.replace('\u0100', '\u0007').repeat(SIZE / unit.length());
    long bytes = allocated((pickle + ".").getBytes(StandardCharsets.ISO_8859_1));
    assertTrue(bytes < FLOOR + 4 * SIZE, bytes + " bytes for repeated " + unit);
  }

  @Test
  void allocatesAFewTimesTheFileForDistinctKeysAndNames() {
    StringBuilder names = new StringBuilder("}");
    StringBuilder texts = new StringBuilder("}");
    for (int i = 0; names.length() < MEGABYTE; i++) {
      names.append("cm\n").append(i).append('\n').append("Ns");
      texts.append("I").append(i).append('\n').append("Ns");
    }
    for (StringBuilder pickle : List.of(names, texts)) {
      long bytes = allocated(pickle.append('.').toString().getBytes(StandardCharsets.ISO_8859_1));
      assertTrue(bytes < FLOOR + 5 * MEGABYTE, bytes + " bytes");
    }
  }

  @Test
  void checksClaimedLengthsBeforeItAllocates() {
    for (String claim :
        List.of(
            "X\u00ff\u00ff\u00ff\u007f",
            "T\u00ff\u00ff\u00ff\u007f",
            "B\u00ff\u00ff\u00ff\u00ff",
            "\u008d\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u007f",
            "\u008e\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u007f",
            "\u0096\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff",
            "\u0095\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff",
            "\u008b\u00ff\u00ff\u00ff\u007f",
            "\u008b\u00ff\u00ff\u00ff\u00ff",
            "U\u00ff",
            "C\u00ff",
            "\u008c\u00ff",
            "\u008a ",
            "Nr\u00ff\u00ff\u00ff\u007f",
            "Nr\u00ff\u00ff\u00ff\u00ff",
            "Np99999999999\n",
            "Np-1\n",
            "j\u00ff\u00ff\u00ff\u00ff")) {
      failure(claim + "N.");
      assertTrue(allocated((claim + "N.").getBytes(StandardCharsets.ISO_8859_1)) < 1 << 18, claim);
    }
    assertEquals(
        "it claims 2147483647 bytes where 2 are left; the file is damaged or cut short",
        failure("X\u00ff\u00ff\u00ff\u007fN."));
  }

  @Test
  void readsANestingOfAnyDepth() throws IOException {
    int depth = 20_000;
    Object list = new Pickles().put("]", depth).put("a", depth - 1).read();
    for (int i = 1; i < depth; i++) {
      list = assertInstanceOf(List.class, list).get(0);
    }
    assertEquals(List.of(), list);
    Object tuple = new Pickles().put(")").put("\u0085", depth).read();
    for (int i = 0; i < depth; i++) {
      tuple = assertInstanceOf(PickledTuple.class, tuple).items().get(0);
    }
    assertEquals(List.of(), assertInstanceOf(PickledTuple.class, tuple).items());
    Object call =
        new Pickles()
            .put("cm\nf\nq\u0000)")
            .put("h\u0000", depth)
            .put("N")
            .put("\u0085R", depth)
            .read();
    for (int i = 0; i < depth; i++) {
      call = assertInstanceOf(PickledCall.class, call).arguments().get(0);
    }
    assertEquals(null, call);
    Object deep = new Pickles().put("(", depth).put("t", depth).read();
    assertInstanceOf(PickledTuple.class, deep);
    // As keys, which a map hashes.
    assertEquals(
        1,
        assertInstanceOf(Map.class, new Pickles().put("})").put("\u0085", depth).put("Ns").read())
            .size());
    // Called again and again.
    new Pickles().put("cm\nf\n").put(")R", depth).read();
    new Pickles().put("N").put("Q", depth).read();
  }

  @Test
  void sharesWhatIsSharedAMillionFold() throws IOException {
    Pickles laughs = new Pickles().put("]q\u0000");
    for (int i = 1; i < 150; i++) {
      String before = "h" + (char) (i - 1);
      laughs.put("](" + before + before + "eq" + (char) i);
    }
    Object top = laughs.read();
    for (int i = 1; i < 150; i++) {
      List<?> two = assertInstanceOf(List.class, top);
      assertTrue(two.get(0) == two.get(1));
      top = two.get(0);
    }
  }

  @Test
  void refusesWhatItCannotRead() {
    assertEquals(
        "an unknown opcode, 255; the file is damaged or of a newer protocol", failure("\u00ff"));
    assertEquals("it ends in the middle; the file is cut short", failure("N"));
    assertEquals("it ends in the middle; the file is cut short", failure(""));
    assertEquals("its last line has no end; the file is cut short", failure("I123"));
    assertEquals("protocol 6; expected 0 to 5", failure("\u0080\u0006N."));
    assertEquals("a value is needed, but the stack is empty", failure("."));
    assertEquals("a value is needed, but the stack is empty", failure("N(\u0085."));
    assertEquals("a mark is needed, but there is none", failure("Nt."));
    assertEquals("number 3 of the memo, where nothing was put", failure("h\u0003."));
    assertEquals(
        "an extension code, whose meaning only the program that wrote it knows",
        failure("\u0082\u0001."));
    assertEquals(
        "a buffer outside the pickle; expected one saved without a buffer_callback",
        failure("\u0097."));
    assertEquals("an integer of 65 bytes; expected at most 64", failure("\u008aA."));
    assertEquals("\"12x\" where an integer is expected", failure("I12x\n."));
    assertEquals("\"0x1p3\" where a number is expected", failure("F0x1p3\n."));
    assertEquals(
        "a number of 200 characters; expected at most 170", failure("I" + "1".repeat(200) + "\n."));
    assertEquals("a list as a key; expected something that does not change", failure("}]Ns."));
    assertEquals("a set as a key; expected something that does not change", failure("}\u008fNs."));
    assertEquals("a key of a dict without a value", failure("(Nd."));
    assertEquals("a list where a tuple of arguments is expected", failure("cm\nf\n]R."));
    assertEquals("an int is called", failure("K\u0001)R."));
    assertEquals("a list is given a state", failure("]Nb."));
    assertEquals("a tuple is appended to", failure(")Na."));
    assertEquals("None is given entries", failure("NNNs."));
    assertEquals(
        "an int where a name of at most 1000 characters is expected",
        failure("K\u0001K\u0001\u0093."));
    assertEquals(
        "it holds text that is not UTF-8", failure("U\u0001aX\u0001\u0000\u0000\u0000\u00ff."));
  }

  @Test
  void refusesLongTextThatIsNotUtf8() {
    byte[] text = new Pickles().text("x".repeat(200_000)).put(".").bytes();
    text[150_000] = (byte) 0xC3;
    assertEquals("it holds text that is not UTF-8", failure(text));
  }

  @Test
  void refusesLargeDictsOfMixedKeys() {
    Pickles mixed = new Pickles().put("}");
    for (int i = 0; i < 5000; i++) {
      mixed.put("I" + i + "\nNs");
    }
    assertEquals(
        "a str beside 5000 keys of another type, such as an int",
        failure(mixed.put("U\u0001xNs.").bytes()));
  }

  @Test
  void failsInOneWayWhateverIsDamaged() throws IOException {
    Random random = new Random(1);
    for (int protocol = 0; protocol < 6; protocol++) {
      byte[] whole = UnpicklerTest.protocol(protocol);
      for (int i = 0; i < 150; i++) {
        byte[] damaged = whole.clone();
        for (int flips = random.nextInt(4); flips >= 0; flips--) {
          damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
        }
        allocated(damaged);
        allocated(java.util.Arrays.copyOf(whole, random.nextInt(whole.length)));
      }
    }
  }
}
