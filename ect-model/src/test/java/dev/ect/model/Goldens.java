package dev.ect.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ect.model.engine.Engine;
import dev.ect.model.engine.EngineOptions;
import dev.ect.model.engine.EngineProvider;
import dev.ect.model.engine.Engines;
import dev.ect.model.engine.Precision;
import dev.ect.model.engine.Tensor;
import dev.ect.model.network.Architecture;
import dev.ect.model.network.NetworkSpec;
import dev.ect.model.network.ParameterLayout;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.params.provider.Arguments;

/**
 * One safetensors file of inputs and outputs of the PyTorch implementation. The folder is the
 * system property {@code ect.goldens}, or else the one in the test resources, which also stands in
 * for every kind of golden that the other lacks. Read here, without the project's own reader, so
 * that neither can hide the other's faults.
 */
public final class Goldens {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String PROPERTY = "ect.goldens";
  private static final Pattern KINDS =
      Pattern.compile(
          "(forward-|train-|sample-|augment|metrics|detector).*\\.safetensors|detector.*\\.pt|metrics.*\\.npz|dataset-.*\\.zip"
              + "|network-snapshot-.*\\.(pkl|safetensors)|training-state-.*\\.pt");

  private record Entry(String dtype, long[] shape, int begin, int end) {}

  private final Path path;
  private final ByteBuffer data;
  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private final Map<String, String> metadata = new LinkedHashMap<>();

  private Goldens(Path path) throws IOException {
    this.path = path;
    ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
    byte[] header = new byte[Math.toIntExact(file.getLong())];
    file.get(header);
    this.data = file.slice().order(ByteOrder.LITTLE_ENDIAN);
    for (Iterator<Map.Entry<String, JsonNode>> it = JSON.readTree(header).fields();
        it.hasNext(); ) {
      Map.Entry<String, JsonNode> field = it.next();
      JsonNode value = field.getValue();
      if (field.getKey().equals("__metadata__")) {
        value.fields().forEachRemaining(m -> metadata.put(m.getKey(), m.getValue().asText()));
      } else {
        long[] shape = new long[value.get("shape").size()];
        for (int i = 0; i < shape.length; i++) {
          shape[i] = value.get("shape").get(i).asLong();
        }
        JsonNode range = value.get("data_offsets");
        entries.put(
            field.getKey(),
            new Entry(
                value.get("dtype").asText(), shape, range.get(0).asInt(), range.get(1).asInt()));
      }
    }
  }

  /** The golden files whose names start and end so, in the order of their names. */
  public static List<Path> files(String prefix, String suffix) {
    String property = System.getProperty(PROPERTY);
    if (property != null) {
      List<Path> found = ofKind(given(property), prefix, suffix);
      if (!found.isEmpty()) {
        return found;
      }
    }
    List<Path> found = ofKind(list(resources()), prefix, suffix);
    Assertions.assertFalse(
        found.isEmpty(), "no " + prefix + "*" + suffix + " in the test resources");
    return found;
  }

  /** The goldens of the folder that the system property names. */
  private static List<Path> given(String property) {
    Path folder = Path.of(property).toAbsolutePath();
    if (!Files.isDirectory(folder)) {
      throw new IllegalArgumentException(
          PROPERTY + " is " + folder + ", which is no folder; expected one with golden files");
    }
    List<Path> files =
        list(folder).stream()
            .filter(file -> KINDS.matcher(String.valueOf(file.getFileName())).matches())
            .toList();
    if (files.isEmpty()) {
      throw new IllegalArgumentException(
          PROPERTY + " is " + folder + ", where no file is named like a golden: " + KINDS);
    }
    return files;
  }

  private static Path resources() {
    return resource("goldens");
  }

  /** A file or folder of the test resources. */
  public static Path resource(String name) {
    URL resource = Goldens.class.getResource("/" + name);
    Assertions.assertNotNull(resource, name + " in the test resources");
    try {
      return Path.of(resource.toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<Path> list(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<Path> ofKind(List<Path> files, String prefix, String suffix) {
    return files.stream()
        .filter(
            file -> {
              String name = String.valueOf(file.getFileName());
              return name.startsWith(prefix) && name.endsWith(suffix);
            })
        .toList();
  }

  /** The safetensors files whose names start with a prefix. */
  public static List<Goldens> all(String prefix) {
    return files(prefix, ".safetensors").stream().map(Goldens::read).toList();
  }

  /** One safetensors file. */
  public static Goldens read(Path file) {
    try {
      return new Goldens(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Every file of a prefix with every engine on the class path: {@code (Goldens, EngineProvider)}.
   * An engine that does not open fails its tests.
   */
  public static Stream<Arguments> withEngines(String prefix) {
    List<EngineProvider> providers = Engines.providers();
    Assertions.assertFalse(providers.isEmpty(), "no engine on the class path");
    return all(prefix).stream()
        .flatMap(golden -> providers.stream().map(p -> Arguments.of(golden, new NamedProvider(p))));
  }

  /**
   * float32 with all cores on the device that the system property {@code ect.test.device} names, by
   * default a GPU where there is one.
   */
  public static EngineOptions options(String engine) {
    int cores = Runtime.getRuntime().availableProcessors();
    String device = System.getProperty("ect.test.device", "auto");
    // ND4J's backend may be for the CPU where LibTorch's is not
    boolean own = engine.equals("nd4j") && device.startsWith("cuda");
    return new EngineOptions(Precision.FLOAT32, cores, own ? "auto" : device);
  }

  /** What float32 numbers may differ by: on a GPU, whose sums have other orders, at least 1e-3. */
  public static double tolerance(Engine engine, double onCpu) {
    return engine.device().startsWith("cuda") ? Math.max(onCpu, 1e-3) : onCpu;
  }

  /** A provider that shows its name in test reports. */
  private record NamedProvider(EngineProvider provider) implements EngineProvider {
    @Override
    public String name() {
      return provider.name();
    }

    @Override
    public int priority() {
      return provider.priority();
    }

    @Override
    public Engine open(EngineOptions options) {
      return provider.open(options);
    }

    @Override
    public String toString() {
      return name();
    }
  }

  @Override
  public String toString() {
    return String.valueOf(path.getFileName());
  }

  public Set<String> names() {
    return entries.keySet();
  }

  public boolean has(String name) {
    return entries.containsKey(name);
  }

  /** A metadata string, which is itself JSON for anything but text. */
  public String meta(String key) {
    String value = metadata.get(key);
    Assertions.assertNotNull(
        value, this + " has no metadata " + key + ", only " + metadata.keySet());
    return value;
  }

  public double number(String key) {
    return Double.parseDouble(meta(key));
  }

  /** A number in a metadata string that is a JSON object. */
  public double number(String key, String field) {
    JsonNode value = json(key).path(field);
    Assertions.assertTrue(value.isNumber(), this + " has no number " + field + " in " + key);
    return value.asDouble();
  }

  /** A metadata string that is a JSON list of numbers. */
  public double[] numbers(String key) {
    return numbers(json(key));
  }

  private JsonNode json(String key) {
    try {
      return JSON.readTree(meta(key));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static double[] numbers(JsonNode list) {
    double[] values = new double[list.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = list.get(i).asDouble();
    }
    return values;
  }

  /**
   * The network, from the arguments of the PyTorch constructor and, where they are absent, its
   * defaults.
   */
  public NetworkSpec spec() {
    Architecture arch = Architecture.of(meta("arch"));
    boolean adm = arch == Architecture.ADM;
    JsonNode kwargs = json("kwargs");
    return new NetworkSpec(
        arch,
        (int) number("img_resolution"),
        (int) number("img_channels"),
        (int) number("label_dim"),
        kwargs.path("augment_dim").asInt(0),
        kwargs.path("model_channels").asInt(adm ? 192 : 128),
        integers(kwargs.path("channel_mult"), adm ? List.of(1, 2, 3, 4) : List.of(1, 2, 2, 2)),
        kwargs.path("channel_mult_emb").asInt(4),
        kwargs.path("num_blocks").asInt(adm ? 3 : 4),
        integers(kwargs.path("attn_resolutions"), adm ? List.of(32, 16, 8) : List.of(16)),
        kwargs.path("dropout").asDouble(0.1),
        kwargs.path("label_dropout").asDouble(0));
  }

  private static List<Integer> integers(JsonNode list, List<Integer> absent) {
    if (!list.isArray()) {
      return absent;
    }
    return Arrays.stream(numbers(list)).mapToObj(v -> (int) v).toList();
  }

  private Entry entry(String name, String dtype) {
    Entry e = entries.get(name);
    Assertions.assertNotNull(e, this + " has no tensor " + name);
    Assertions.assertEquals(dtype, e.dtype, this + ", " + name);
    return e;
  }

  public long[] shape(String name) {
    Assertions.assertTrue(has(name), this + " has no tensor " + name);
    return entries.get(name).shape.clone();
  }

  public float[] floats(String name) {
    Entry e = entry(name, "F32");
    float[] values = new float[(e.end - e.begin) / Float.BYTES];
    data.duplicate().order(ByteOrder.LITTLE_ENDIAN).position(e.begin).asFloatBuffer().get(values);
    return values;
  }

  public double[] doubles(String name) {
    float[] values = floats(name);
    double[] wide = new double[values.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = values[i];
    }
    return wide;
  }

  public byte[] bytes(String name) {
    Entry e = entry(name, "U8");
    byte[] values = new byte[e.end - e.begin];
    data.duplicate().position(e.begin).get(values);
    return values;
  }

  /** The rows of a matrix, or null if there is no such tensor. */
  public float[][] rowsOrNull(String name) {
    if (!has(name)) {
      return null;
    }
    float[] values = floats(name);
    int width = Math.toIntExact(shape(name)[1]);
    float[][] rows = new float[Math.toIntExact(shape(name)[0])][];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = Arrays.copyOfRange(values, i * width, (i + 1) * width);
    }
    return rows;
  }

  /** A tensor on an engine; the caller closes it. */
  public Tensor tensor(Engine engine, String name) {
    return engine.create(floats(name), shape(name));
  }

  /**
   * The tensors {@code prefix + <name>} as one vector, after a check that names and shapes are
   * exactly the layout's.
   */
  public float[] vector(String prefix, ParameterLayout layout) {
    Set<String> expected = new TreeSet<>();
    layout.entries().forEach(e -> expected.add(e.name()));
    Set<String> found = new TreeSet<>();
    for (String name : names()) {
      if (name.startsWith(prefix) && !name.endsWith(".resample_filter") && !isBuffer(name)) {
        found.add(name.substring(prefix.length()));
      }
    }
    Assertions.assertEquals(expected, found, this + ": names of " + prefix);
    return gather(prefix, layout);
  }

  /** The constant tensors {@code prefix + <name>} as one vector. */
  public float[] buffers(String prefix, ParameterLayout layout) {
    return gather(prefix, layout);
  }

  private static boolean isBuffer(String name) {
    return name.endsWith(".map_noise.freqs");
  }

  private float[] gather(String prefix, ParameterLayout layout) {
    float[] vector = new float[Math.toIntExact(layout.size())];
    for (ParameterLayout.Entry e : layout.entries()) {
      Assertions.assertArrayEquals(
          e.shape(), shape(prefix + e.name()), this + ": shape of " + e.name());
      float[] values = floats(prefix + e.name());
      System.arraycopy(values, 0, vector, Math.toIntExact(e.offset()), values.length);
    }
    return vector;
  }

  /** Fails where two vectors differ by more than a part of the largest expected value. */
  public static void assertClose(String what, float[] expected, float[] actual, double tolerance) {
    Assertions.assertEquals(expected.length, actual.length, what);
    double largest = 0;
    for (float v : expected) {
      largest = Math.max(largest, Math.abs(v));
    }
    for (int i = 0; i < expected.length; i++) {
      double error = Math.abs((double) actual[i] - expected[i]);
      if (!(error <= tolerance * largest)) {
        Assertions.fail(
            what
                + "["
                + i
                + "] is "
                + actual[i]
                + "; expected "
                + expected[i]
                + " within "
                + tolerance
                + " of the largest, "
                + largest
                + "; error "
                + error / largest);
      }
    }
  }
}
