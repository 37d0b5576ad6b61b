package dev.ect.model.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.ect.model.io.BadFileException;
import dev.ect.model.io.LocalStore;
import dev.ect.model.io.Store;
import dev.ect.model.network.Architecture;
import dev.ect.model.network.NetworkSpec;
import dev.ect.model.network.Preconditioning;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Files made to crash, hang or fill the memory of whoever opens, imports or only looks into them:
 * each is refused in one line.
 */
class HostileCheckpointTest {
  private static final long FLOOR = 6 << 20;

  @TempDir private Path folder;
  private final Store store = new LocalStore();

  private static String text(String text) {
    int length = text.getBytes(StandardCharsets.UTF_8).length;
    return "X"
        + (char) (length & 255)
        + (char) (length >> 8 & 255)
        + (char) (length >> 16 & 255)
        + "\u0000"
        + new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
  }

  /** A dict of names and pickled values. */
  private static String dict(String... entries) {
    StringBuilder dict = new StringBuilder("}(");
    for (int i = 0; i < entries.length; i += 2) {
      dict.append(text(entries[i])).append(entries[i + 1]);
    }
    return dict.append('u').toString();
  }

  private static final String PERSISTENT =
      "ctorch_utils.persistence\n_reconstruct_persistent_obj\n";

  private static String module(String className, String state) {
    return PERSISTENT + dict("class_name", text(className), "state", state) + "\u0085R";
  }

  private static String network(String parameters, String... arguments) {
    return module("EDMPrecond", dict("_init_kwargs", dict(arguments), "_parameters", parameters));
  }

  private static final String[] PLAIN = {
    "img_resolution", "K\u0008", "img_channels", "K\u0003", "model_type", text("SongUNet")
  };

  private static String[] with(String name, String value) {
    return Stream.concat(Stream.of(PLAIN), Stream.of(name, value)).toArray(String[]::new);
  }

  private static byte[] pickle(String content) {
    return ("\u0080\u0002" + content + ".").getBytes(StandardCharsets.ISO_8859_1);
  }

  private static byte[] snapshot(String... arguments) {
    return pickle(dict("ema", network("}", arguments)));
  }

  /** A file of torch.save of before PyTorch 1.6 that holds one number. */
  private static String storage(String before) {
    return "\u008a\nl\u00fc\u009cF\u00f9 j\u00a8P\u0019."
        + "M\u00e9\u0003."
        + before
        + dict("little_endian", "\u0088")
        + "."
        + "("
        + text("storage")
        + "ctorch\nFloatStorage\n"
        + text("0")
        + text("cpu")
        + "K\u0001NtQ."
        + "]"
        + text("0")
        + "a."
        + "\u0001\u0000\u0000\u0000\u0000\u0000\u0000\u0000"
        + "\u0000\u0000\u0080?";
  }

  private static final String TENSOR = "ctorch._utils\n_rebuild_tensor_v2\n(";

  /** A tensor of one number; its storage is the memo's number 5. */
  private static String tensor(String content) {
    return TENSOR
        + "ctorch.storage\n_load_from_bytes\n"
        + content
        + "\u0085Rq\u0005K\u0000K\u0001\u0085K\u0001\u0085\u0089}tR";
  }

  private static String encoded(String content) {
    return "c_codecs\nencode\n" + content + text("latin1") + "\u0086R";
  }

  private static byte[] safetensors(String header) {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(Long.BYTES + json.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(json.length)
        .put(json)
        .array();
  }

  private static String spec(String arch, String more) {
    return "{'arch':'"
        + arch
        + "','img_resolution':8,'img_channels':3,'label_dim':0,'augment_dim':0,"
        + "'channel_mult':[1],'channel_mult_emb':4,'attn_resolutions':[],'dropout':0,"
        + "'label_dropout':0,"
        + more
        + "}";
  }

  /** A file of this project with an empty tensor. */
  private static byte[] own(String network, String kind, String more) {
    String metadata =
        "'kind':'"
            + kind
            + "','network':'"
            + network.replace("'", "\\'")
            + "','preconditioning':'{\\'sigmaData\\':0.5,\\'sigmaMin\\':0}'"
            + more;
    return safetensors(
        ("{'__metadata__':{" + metadata + "}," + empty("t", "[0]") + "}").replace("'", "\""));
  }

  /** A tensor of a safetensors header without data. */
  private static String empty(String name, String shape) {
    return "'" + name + "':{'dtype':'F32','shape':" + shape + ",'data_offsets':[0,0]}";
  }

  private static Arguments named(String message, byte[] bytes) {
    return Arguments.of(message, bytes);
  }

  static Stream<Arguments> files() {
    String loop = "]q\u0001]q\u0002h\u0001aa";
    StringBuilder laughs = new StringBuilder("]q\u0000");
    for (int i = 1; i < 45; i++) {
      String before = "h" + (char) (i - 1);
      laughs.append("0](" + before + before + "eq" + (char) i);
    }
    String self = "]q\u0001h\u0001a";
    String weight = dict("w", tensor(encoded(text(storage("")))));
    return Stream.of(
        named("channel_mult is a list; expected", snapshot(with("channel_mult", loop))),
        named(
            "channel_mult is a list; expected", snapshot(with("channel_mult", laughs.toString()))),
        named("unknown x = a list", snapshot(with("x", loop))),
        named("model_type is a list; expected", snapshot("model_type", loop)),
        named("unknown x = a?b", snapshot(with("x", text("a\nb")))),
        named("its network is a a?b; expected", pickle(dict("ema", module("a\nb", "}")))),
        named(
            "numbers a parameter by a list; expected",
            pickle(
                dict(
                    "net",
                    network(weight, PLAIN) + "q\u0003",
                    "ema",
                    "h\u0003",
                    "optimizer_state",
                    dict(
                        "state",
                        dict("0", "}"),
                        "param_groups",
                        "]" + dict("params", "]" + self + "a") + "a")))),
        named(
            "num_blocks is 2000000000; expected", snapshot(with("num_blocks", "J\u0000\u00945w"))),
        named("blocks, but holds 0 tensors", snapshot(with("num_blocks", "M\u0000\u0002"))),
        named(
            "num_blocks is 2000000000; expected",
            own(
                spec("ddpmpp", "'model_channels':8,'num_blocks':2000000000"),
                "network-snapshot",
                "")),
        named(
            "blocks, but holds 1 tensors",
            own(spec("ddpmpp", "'model_channels':8,'num_blocks':1000"), "network-snapshot", "")),
        named(
            "its tensors are not those of",
            safetensors(
                ("{"
                        + empty("model.enc.0x0_conv.weight", "[0,0,0,0]")
                        + ","
                        + empty("model.enc.0x0_block0.conv1.weight", "[0,4,3,3]")
                        + ","
                        + empty("model.map_layer0.weight", "[0,4]")
                        + "}")
                    .replace("'", "\""))),
        named(
            "divide into 32 groups; choose",
            own(spec("adm", "'model_channels':100,'num_blocks':1"), "network-snapshot", "")),
        named(
            "arch",
            own(
                spec("ddpmpp", "'model_channels':8,'num_blocks':1").replace("'ddpmpp'", "null"),
                "network-snapshot",
                "")),
        named("null; expected an object", own("null", "network-snapshot", "")));
  }

  static Stream<Arguments> demanding() {
    String filled = storage("]0".repeat(20_000));
    StringBuilder shared = new StringBuilder(text("text") + text(filled) + "q\u0001");
    StringBuilder distinct = new StringBuilder();
    for (int i = 0; i < 400; i++) {
      shared.append(text("t" + i)).append(tensor(encoded("h\u0001")));
    }
    for (int i = 0; i < 16; i++) {
      distinct.append(text("t" + i)).append(tensor(encoded(text(filled))));
    }
    StringBuilder many = new StringBuilder("}(");
    String one = tensor(encoded(text(storage(""))));
    for (int i = 0; i < 200; i++) {
      // A tensor of its own each, of one storage.
      many.append(text("w" + i))
          .append(i == 0 ? one : TENSOR + "h\u0005K\u0000K\u0001\u0085K\u0001\u0085\u0089}tR");
    }
    many.append('u');
    String meta =
        dict("class_name", text("EDMPrecond"), "state", dict("_parameters", many.toString()));
    String calls =
        meta
            + "q\u00020"
            + PERSISTENT
            + "q\u00030"
            + "]("
            + "h\u0003h\u0002\u0085R".repeat(2000)
            + "e";
    return Stream.of(
        named("its tensors are not those of", pickle("}(" + shared + "u")),
        named("more than 4 times the memory", pickle("}(" + distinct + "u")),
        named(
            "img_resolution is missing",
            pickle(dict("all", calls, "ema", "h\u0003h\u0002\u0085R"))),
        named(
            "its tensors are not those of",
            pickle(
                dict(
                    "name",
                    text("n".repeat(60_000)) + "q\u0001",
                    "all",
                    "](" + "}h\u0001]s".repeat(2000) + "e"))));
  }

  @ParameterizedTest(name = "{index} {0}")
  @MethodSource("demanding")
  void costsAFewTimesTheFile(String part, byte[] bytes) throws IOException {
    isRefusedInOneLine(part, bytes);
  }

  private static final NetworkSpec SMALL =
      new NetworkSpec(
          Architecture.DDPMPP, 8, 3, 0, 0, 128, List.of(1, 2), 4, 4, List.of(16), 0.1, 0);

  @Test
  void tuplesAndNumbersOfNumpyAreArguments() throws IOException {
    String number =
        "cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\n"
            + text("i8")
            + "\u0089\u0088\u0087R(K\u0003"
            + text("<")
            + "NNNJ\u00ff\u00ff\u00ff\u00ffJ\u00ff\u00ff\u00ff\u00ffK\u0000tb"
            + encoded(text("\u0002\u0000\u0000\u0000\u0000\u0000\u0000\u0000"))
            + "\u0086R";
    String path = write(snapshot(with("channel_mult", "K\u0001" + number + "\u0086")));
    try (Checkpoint checkpoint = Checkpoint.open(store, path)) {
      assertEquals(SMALL, checkpoint.spec());
    }
  }

  @Test
  void picklesWithoutAMarkAreRead() throws IOException {
    byte[] marked = snapshot(with("channel_mult", "](K\u0001K\u0002e"));
    String path = write(Arrays.copyOfRange(marked, 2, marked.length));
    try (Checkpoint checkpoint = Checkpoint.open(store, path)) {
      assertEquals(SMALL, checkpoint.spec());
    }
    assertEquals("pickle", CheckpointContents.of(store, path).format());
  }

  @Test
  void whatIsNeitherIsCalledSo() throws IOException {
    String path = write("hello, world".getBytes(StandardCharsets.UTF_8));
    requireOneLine(
        "is neither a safetensors file nor one that PyTorch or pickle wrote",
        path,
        assertThrows(BadFileException.class, () -> Checkpoint.open(store, path)));
    assertEquals("unknown", CheckpointContents.of(store, path).format());
  }

  @Test
  void tensorsOfOtherTypesAreListed() throws IOException {
    String header =
        "{"
            + empty("known", "[0,2]")
            + ",'other':{'dtype':'F8_E4M3','shape':[0],'data_offsets':[0,0]}}";
    CheckpointContents contents =
        CheckpointContents.of(store, write(safetensors(header.replace("'", "\""))));
    assertEquals("safetensors", contents.format());
    assertEquals(Map.of("of other types", "1 tensors", "other", "F8_E4M3[0]"), contents.entries());
    assertEquals("known F32[0, 2]", contents.tensors().get(0).toString());
  }

  /** All that is done with files of others. */
  private void use(String path) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(store, path)) {
      checkpoint.copy(
          store, folder.resolve("copy.safetensors").toString(), Preconditioning.EDM, Map.of());
    }
  }

  private String write(byte[] bytes) throws IOException {
    return Files.write(folder.resolve("x"), bytes).toString();
  }

  private static void bounded(long before, long fileSize) {
    long allocated = allocated() - before;
    assertTrue(allocated < FLOOR + 8 * fileSize, allocated + " bytes for " + fileSize);
  }

  private static long allocated() {
    return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
  }

  private void requireOneLine(String part, String path, BadFileException e) {
    String message = e.getMessage();
    assertTrue(message.startsWith(path + ": "), message);
    assertTrue(message.contains(part), message);
    assertEquals(1, message.lines().count(), message);
    assertTrue(message.length() < path.length() + 500, message);
  }

  @ParameterizedTest(name = "{index} {0}")
  @MethodSource("files")
  void isRefusedInOneLine(String part, byte[] bytes) throws IOException {
    String path = write(bytes);
    long before = allocated();
    requireOneLine(part, path, assertThrows(BadFileException.class, () -> use(path)));
    bounded(before, bytes.length);
    before = allocated();
    CheckpointContents.of(store, path);
    bounded(before, bytes.length);
  }

  @Test
  void progressThatIsNoneIsRefused() throws IOException {
    String network = spec("ddpmpp", "'model_channels':8,'num_blocks':1");
    Map<String, String> cases =
        Map.of(
            ",'step':'x'", "metadata step is x; expected a number",
            ",'step':'-1'", "metadata step is -1; expected a number",
            ",'step':'999999999999999999'", "steps, with 100 images each too many",
            ",'progress':'null'", "metadata progress is null; expected",
            ",'progress':'{\\'step\\':-1,\\'images\\':0}'", "expected a JSON object");
    for (Map.Entry<String, String> each : cases.entrySet()) {
      String path = write(own(network, "training-state", each.getKey()));
      try (Checkpoint checkpoint = Checkpoint.open(store, path)) {
        requireOneLine(
            each.getValue(),
            path,
            assertThrows(BadFileException.class, () -> checkpoint.progress(100)));
      }
    }
  }
}
