package dev.ect.model.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ect.model.io.BadFileException;
import dev.ect.model.io.Store;
import dev.ect.model.network.Network;
import dev.ect.model.network.NetworkSpec;
import dev.ect.model.network.ParameterLayout;
import dev.ect.model.network.Preconditioning;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What both kinds of checkpoint share: a safetensors file whose metadata says which network it
 * holds.
 */
final class Checkpoint implements AutoCloseable {
  /** Metadata keys. */
  static final String KIND = "kind";

  static final String NETWORK = "network";
  static final String PRECONDITIONING = "preconditioning";

  private static final ObjectMapper JSON =
      new ObjectMapper()
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES);
  private static final int PIECE = 1 << 20;

  private final SafetensorsFile file;
  private final NetworkSpec spec;
  private final Preconditioning preconditioning;

  private Checkpoint(SafetensorsFile file, CheckpointKind kind) throws IOException {
    this.file = file;
    String found = file.requireMetadata(KIND);
    if (!found.equals(kind.id())) {
      throw new BadFileException(file.path(), "holds a " + found + "; expected a " + kind.id());
    }
    try {
      spec = NetworkSpec.fromJson(file.requireMetadata(NETWORK));
    } catch (IllegalArgumentException e) {
      throw new BadFileException(file.path(), e.getMessage(), e);
    }
    preconditioning = json(PRECONDITIONING, Preconditioning.class);
  }

  static Checkpoint open(Store store, String path, CheckpointKind kind) throws IOException {
    SafetensorsFile file = SafetensorsFile.open(store, path);
    try {
      return new Checkpoint(file, kind);
    } catch (IOException | RuntimeException e) {
      try (file) {
        throw e;
      }
    }
  }

  /** A writer whose metadata says what the file holds. */
  static SafetensorsWriter writer(
      CheckpointKind kind,
      Network network,
      Preconditioning preconditioning,
      Map<String, String> metadata) {
    SafetensorsWriter writer =
        new SafetensorsWriter()
            .metadata(KIND, kind.id())
            .metadata(NETWORK, network.spec().toJson())
            .metadata(PRECONDITIONING, toJson(preconditioning));
    metadata.forEach(writer::metadata);
    return writer;
  }

  /** Adds every tensor of a flat vector. */
  static void add(
      SafetensorsWriter writer, String prefix, ParameterLayout layout, FloatSource vector) {
    for (ParameterLayout.Entry e : layout.entries()) {
      writer.floats(
          prefix + e.name(), (offset, into) -> vector.read(e.offset() + offset, into), e.shape());
    }
  }

  /** Adds a network's buffers. */
  static void add(
      SafetensorsWriter writer, String prefix, ParameterLayout layout, float[] buffers) {
    for (ParameterLayout.Entry e : layout.entries()) {
      FloatBuffer values = FloatBuffer.wrap(buffers, (int) e.offset(), (int) e.elements());
      writer.floats(prefix + e.name(), FloatSource.of(values), e.shape());
    }
  }

  SafetensorsFile file() {
    return file;
  }

  NetworkSpec spec() {
    return spec;
  }

  Preconditioning preconditioning() {
    return preconditioning;
  }

  /** Fills a flat vector. Names and shapes have been checked. */
  void read(String prefix, ParameterLayout layout, FloatSink vector) throws IOException {
    FloatBuffer piece = FloatBuffer.allocate(PIECE);
    for (ParameterLayout.Entry e : layout.entries()) {
      for (long done = 0; done < e.elements(); done += PIECE) {
        piece.clear().limit((int) Math.min(PIECE, e.elements() - done));
        file.read(prefix + e.name(), done, piece);
        vector.write(e.offset() + done, piece.flip());
      }
    }
  }

  /** The buffers' values. Names and shapes have been checked. */
  float[] buffers(String prefix, ParameterLayout layout) throws IOException {
    float[] values = new float[(int) layout.size()];
    for (ParameterLayout.Entry e : layout.entries()) {
      file.read(
          prefix + e.name(), 0, FloatBuffer.wrap(values, (int) e.offset(), (int) e.elements()));
    }
    return values;
  }

  /** A metadata entry as a record. */
  <T extends Record> T json(String key, Class<T> type) throws IOException {
    String found = file.requireMetadata(key);
    try {
      return JSON.readValue(found, type);
    } catch (JsonProcessingException e) {
      String fields =
          Arrays.stream(type.getRecordComponents())
              .map(RecordComponent::getName)
              .collect(Collectors.joining(", "));
      throw new BadFileException(
          file.path(),
          "metadata " + key + " is " + found + "; expected a JSON object of the numbers " + fields,
          e);
    }
  }

  static String toJson(Object value) {
    try {
      return JSON.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("cannot write " + value, e);
    }
  }

  /** Adds a layout's names and shapes to what is expected of a file. */
  static void expect(Map<String, long[]> expected, String prefix, ParameterLayout layout) {
    layout.entries().forEach(e -> expected.put(prefix + e.name(), e.shape()));
  }

  /** The names and shapes of a network's parameters and buffers. */
  static Map<String, long[]> expected(Network network) {
    Map<String, long[]> expected = new LinkedHashMap<>();
    expect(expected, "", network.parameters());
    expect(expected, "", network.buffers());
    return expected;
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
