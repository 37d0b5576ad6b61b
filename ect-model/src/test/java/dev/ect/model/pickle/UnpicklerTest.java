package dev.ect.model.pickle;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.model.Goldens;
import dev.ect.model.io.BadFileException;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The files in test resources pickles/ were written by Python 3.11. */
class UnpicklerTest {
  static byte[] protocol(int protocol) throws IOException {
    return Files.readAllBytes(Goldens.resource("pickles/protocol" + protocol + ".pkl"));
  }

  static Map<?, ?> values(int protocol) throws IOException {
    return assertInstanceOf(Map.class, Pickles.read(protocol(protocol)).root());
  }

  private static PickledCall call(Object value, String module, String name) {
    PickledCall call = assertInstanceOf(PickledCall.class, value);
    assertEquals(module + "." + name, call.callee().toString().replace("__builtin__", "builtins"));
    return call;
  }

  private static List<Object> items(Object tuple) {
    return assertInstanceOf(PickledTuple.class, tuple).items();
  }

  private static byte[] bytes(Object value) throws IOException {
    return PickledBytes.of("x", value).orElseThrow().toArray();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5})
  void readsNumbersAndTextsOfEveryProtocol(int protocol) throws IOException {
    Map<?, ?> values = values(protocol);
    assertTrue(values.containsKey("none"));
    assertNull(values.get("none"));
    assertEquals(List.of(true, false), values.get("bools"));
    assertEquals(
        List.of(
            0L,
            1L,
            255L,
            256L,
            65535L,
            65536L,
            -1L,
            -(1L << 31),
            1L << 31,
            Long.MAX_VALUE,
            Long.MIN_VALUE),
        values.get("ints"));
    BigInteger beyond = BigInteger.ONE.shiftLeft(63);
    assertEquals(
        List.of(beyond, beyond.negate().subtract(BigInteger.ONE), BigInteger.ONE.shiftLeft(500)),
        values.get("big"));
    assertEquals(
        List.of(
            0.0,
            -0.0,
            1.5,
            1e300,
            Double.MIN_VALUE,
            Double.POSITIVE_INFINITY,
            Double.NEGATIVE_INFINITY,
            Double.NaN),
        values.get("floats"));
    assertEquals(
        List.of("", "plain", "caf\u00e9", "\u4e2d\u6587", "\ud83d\ude00", "a\nb\\u0041'\"\r\u0000"),
        values.get("texts"));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5})
  void readsBytesOfEveryProtocol(int protocol) throws IOException {
    List<?> found = assertInstanceOf(ArrayList.class, values(protocol).get("bytes"));
    byte[][] expected = {{}, {0, -1, -128, 'a'}, {}, {1, -2}};
    assertEquals(expected.length, found.size());
    for (int i = 0; i < expected.length; i++) {
      assertArrayEquals(expected[i], bytes(found.get(i)));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5})
  void readsContainersOfEveryProtocol(int protocol) throws IOException {
    Map<?, ?> values = values(protocol);
    List<?> tuples = assertInstanceOf(ArrayList.class, values.get("tuples"));
    for (int i = 0; i < 5; i++) {
      assertEquals(List.of(1L, 2L, 3L, 4L).subList(0, i), items(tuples.get(i)));
    }
    Map<?, ?> keys = assertInstanceOf(Map.class, values.get("keys"));
    assertEquals(List.of(0L, 1L, 2L, 3L, 4L, 5L, 6L), List.copyOf(keys.values()));
    assertEquals(0L, keys.get(null));
    assertEquals(1L, keys.get(true));
    assertEquals(2L, keys.get(7L));
    assertEquals(3L, keys.get(0.5));
    List<?> sets = assertInstanceOf(ArrayList.class, values.get("sets"));
    if (protocol < 4) {
      assertEquals(List.of(1L), call(sets.get(0), "builtins", "set").arguments().get(0));
      assertEquals(List.of("x"), call(sets.get(1), "builtins", "frozenset").arguments().get(0));
    } else {
      PickledSet set = assertInstanceOf(PickledSet.class, sets.get(0));
      assertEquals(Set.of(1L), set.items());
      assertEquals(false, set.frozen());
      PickledSet frozen = assertInstanceOf(PickledSet.class, sets.get(1));
      assertEquals(Set.of("x"), frozen.items());
      assertEquals(true, frozen.frozen());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5})
  void keepsWhoHoldsWhom(int protocol) throws IOException {
    Map<?, ?> values = values(protocol);
    List<?> itself = assertInstanceOf(ArrayList.class, values.get("itself"));
    assertEquals(1L, itself.get(0));
    assertSame(itself, itself.get(1));
    Object knot = values.get("knot");
    List<?> inner = assertInstanceOf(ArrayList.class, items(knot).get(0));
    assertSame(knot, inner.get(0));
    List<?> shared = assertInstanceOf(ArrayList.class, values.get("shared"));
    assertSame(shared.get(0), shared.get(1));
    assertEquals(List.of("shared"), shared.get(0));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5})
  void describesObjectsOfEveryProtocol(int protocol) throws IOException {
    Map<?, ?> values = values(protocol);
    assertEquals(new PickledName("collections", "OrderedDict"), values.get("class"));
    call(values.get("ordered"), "collections", "OrderedDict");
    Map<Object, Object> ordered = PickledDict.of(values.get("ordered")).orElseThrow();
    assertEquals(List.of("z", "a"), List.copyOf(ordered.keySet()));
    assertEquals(List.of(1L, 2L), List.copyOf(ordered.values()));
    PickledCall standard = call(values.get("default"), "collections", "defaultdict");
    assertEquals("list", assertInstanceOf(PickledName.class, standard.arguments().get(0)).name());
    assertEquals(Map.of("a", List.of(1L)), PickledDict.of(standard).orElseThrow());
    assertEquals(Map.of("n", 3L), PickledDict.of(values.get("counter")).orElseThrow());
    PickledCall deque = call(values.get("deque"), "collections", "deque");
    assertEquals(List.of(1L, 2L), deque.items());
    assertEquals(List.of(1.0, 2.0), call(values.get("complex"), "builtins", "complex").arguments());
    assertEquals("storage-7", assertInstanceOf(PersistentId.class, values.get("outside")).id());
    assertEquals(false, PickledDict.of(deque).isPresent());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5})
  void endsWhereTheNextPickleStarts(int protocol) throws IOException {
    byte[] both = protocol(protocol);
    Pickle first = Pickles.read(both);
    assertEquals(Set.of(), first.unknownNames());
    first.requireKnown("x.pkl");
    Pickle second = Unpickler.read("x", new BytesInput(both), first.end(), both.length);
    assertEquals("the next one", second.root());
    assertEquals(both.length, second.end());
  }

  @Test
  void readsLongTexts() throws IOException {
    for (String text :
        List.of(
            "x".repeat(1 << 16),
            "0123456\u00e9".repeat(20_000),
            "0123456\u4e2d".repeat(20_000),
            "0\ud83d\ude00".repeat(30_000))) {
      assertEquals(text, new Pickles().text(text).read());
      byte[] utf8 = new Pickles().text(text).bytes();
      assertEquals(
          text,
          new Pickles()
              .put("\u008d")
              .i8(utf8.length - 5)
              .put(new String(utf8, 5, utf8.length - 5, StandardCharsets.ISO_8859_1))
              .read());
    }
    String line = "caf\u00e9 ".repeat(40_000);
    assertEquals(line, new Pickles().put("V" + line + "\n").read());
    assertEquals(line + "\u4e2d", new Pickles().put("V" + line + "\\u4e2d\n").read());
    assertEquals(line, new Pickles().put("S'" + line + "'\n").read());
  }

  @Test
  void readsStringsOfPython2() throws IOException {
    assertEquals("a\u00ff", new Pickles().put("U\u0002a\u00ff").read());
    assertEquals("a\u00ff", new Pickles().put("T").u4(2).put("a\u00ff").read());
    assertEquals(
        "a'\"\\\n\u00fe\u0001q", new Pickles().put("S'a\\'\\\"\\\\\\n\\xfe\\001q'\n").read());
    assertEquals("it's", new Pickles().put("S\"it's\"\n").read());
    // Too long for a text: data that stays where it is.
    String data = "\u0000\u00ff".repeat(40_000);
    PickledBytes bytes =
        assertInstanceOf(
            PickledBytes.class, new Pickles().put("T").u4(data.length()).put(data).read());
    assertEquals(5, bytes.position());
    assertEquals(data.length(), bytes.length());
    assertEquals((byte) -1, bytes.toArray()[data.length() - 1]);
  }

  @Test
  void leavesBytesWhereTheyAre() throws IOException {
    byte[] file = new Pickles().put("N0B").u4(3).put("abc.").bytes();
    BytesInput input = new BytesInput(file);
    PickledBytes bytes =
        assertInstanceOf(PickledBytes.class, Unpickler.read("x", input, 0, file.length).root());
    assertSame(input, bytes.input());
    assertEquals(7, bytes.position());
    assertEquals(3, bytes.length());
    assertArrayEquals(new byte[] {'a', 'b', 'c'}, bytes.toArray());
  }

  @Test
  void takesTextForBytesOnlyWhereItIsLatin1() throws IOException {
    assertArrayEquals(new byte[] {'a', -1}, bytes(new Pickles().text("a\u00ff").read()));
    assertTrue(PickledBytes.of("x", new Pickles().text("a\u0100").read()).isEmpty());
    Pickles encode = new Pickles().put("c_codecs\nencode\n").text("\u00ff");
    byte[] latin1 = new Pickles().put(latin1(encode)).text("latin1").put("\u0086R").bytes();
    assertArrayEquals(new byte[] {-1}, bytes(new Pickles().put(latin1(latin1)).read()));
    byte[] utf8 = new Pickles().put(latin1(encode)).text("utf8").put("\u0086R").bytes();
    assertTrue(PickledBytes.of("x", new Pickles().put(latin1(utf8)).read()).isEmpty());
  }

  private static String latin1(Pickles pickles) {
    return latin1(pickles.bytes());
  }

  private static String latin1(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  @Test
  void describesEveryWayToMakeAnObject() throws IOException {
    // INST, OBJ, NEWOBJ, NEWOBJ_EX, and a state for each.
    for (String made :
        List.of(
            "(I1\nI2\nim\nC\n",
            "(cm\nC\nI1\nI2\no",
            "cm\nC\nI1\nI2\n\u0086\u0081",
            "cm\nC\nI1\nI2\n\u0086R")) {
      PickledCall call = call(new Pickles().put(made + "}b").read(), "m", "C");
      assertEquals(List.of(1L, 2L), call.arguments());
      assertEquals(Map.of(), call.keywordArguments());
      assertEquals(Map.of(), call.state());
    }
    PickledCall call =
        call(new Pickles().put("cm\nC\n)}").text("k").put("I3\ns\u0092").read(), "m", "C");
    assertEquals(List.of(), call.arguments());
    assertEquals(Map.of("k", 3L), call.keywordArguments());
    assertNull(call.state());
  }

  @Test
  void callsWhatACallReturned() throws IOException {
    String getattr = "cbuiltins\ngetattr\ncm\nC\n" + "U\u0001f" + "\u0086R";
    PickledCall call = call(new Pickles().put(getattr + "I5\n\u0085R").read(), "operator", "call");
    call(call.arguments().get(0), "builtins", "getattr");
    assertEquals(5L, call.arguments().get(1));
  }

  @Test
  void countsTheMemoAsPicklersDo() throws IOException {
    // Python 2's C pickler counts from 1; MEMOIZE counts what was put by any opcode.
    assertEquals(List.of(7L, 7L), new Pickles().put("]I7\nq\u0001ah\u0001a").read());
    assertEquals(
        List.of("a", "b", "b", "a"),
        new Pickles().put("](U\u0001aq\u0000U\u0001b\u0094h\u0001h\u0000e").read());
  }

  @Test
  void popsValuesAndMarks() throws IOException {
    assertEquals(1L, new Pickles().put("I1\nI2\n0").read());
    assertEquals(1L, new Pickles().put("I1\n(0").read());
    assertEquals(1L, new Pickles().put("I1\n(I2\nI3\n1").read());
    assertEquals(2, items(new Pickles().put("I1\n2\u0086").read()).size());
  }

  @Test
  void namesEveryUnknownName() throws IOException {
    Pickle pickle =
        new Pickles()
            .put("(cos\nsystem\n")
            .put("ccollections\nOrderedDict\n")
            .put("cposix\nsystem\nct\nz\u001b[31m\nl")
            .pickle();
    assertEquals(Set.of("os.system", "posix.system", "t.z?[31m"), pickle.unknownNames());
    String message =
        assertThrows(BadFileException.class, () -> pickle.requireKnown("x.pkl")).getMessage();
    assertEquals(
        "x.pkl: refers to os.system, posix.system, t.z?[31m, which are not known as data; nothing"
            + " in a pickle is executed, so save plain tensors instead",
        message);
  }

  @Test
  void knowsTheNamesOfCheckpoints() throws IOException {
    Pickles all = new Pickles().put("(");
    for (String name :
        List.of(
            "torch BFloat16Storage",
            "torch.cuda HalfStorage",
            "torch Size",
            "torch float16",
            "torch.storage _load_from_bytes",
            "torch.storage UntypedStorage",
            "torch._utils _rebuild_tensor_v2",
            "torch._utils _rebuild_parameter",
            "torch.nn.modules.container ModuleDict",
            "dnnlib.util EasyDict",
            "numpy._core.multiarray scalar",
            "numpy.core.numeric _frombuffer",
            "torch_utils.persistence _reconstruct_persistent_obj",
            "copy_reg _reconstructor",
            "__builtin__ getattr",
            "builtins set",
            "_codecs encode",
            "numpy dtype")) {
      all.put("c" + name.replace(' ', '\n') + "\n");
    }
    assertEquals(Set.of(), all.put("l").pickle().unknownNames());
    assertEquals(
        Set.of("builtins.eval"), new Pickles().put("cbuiltins\neval\n").pickle().unknownNames());
  }

  @Test
  void readsOnlyBetweenItsBounds() throws IOException {
    byte[] file = new Pickles().put("xxI1\n.yy").bytes();
    Pickle pickle = Unpickler.read("x", new BytesInput(file), 2, file.length - 2);
    assertEquals(1L, pickle.root());
    assertEquals(6, pickle.end());
    assertNotEquals(file.length, pickle.end());
    assertEquals(Arrays.asList((Object) null), new Pickles().put("(Nl").read());
  }
}
