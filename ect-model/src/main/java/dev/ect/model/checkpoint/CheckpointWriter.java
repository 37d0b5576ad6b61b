package dev.ect.model.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ect.model.network.NetworkSpec;
import dev.ect.model.network.ParameterLayout;
import dev.ect.model.network.Preconditioning;
import java.nio.FloatBuffer;
import java.util.Map;

/** Puts files of the own format together. */
final class CheckpointWriter {
  private static final ObjectMapper JSON = new ObjectMapper();

  private CheckpointWriter() {}

  /** A writer whose metadata says what the file holds. */
  static SafetensorsWriter of(
      CheckpointKind kind,
      NetworkSpec spec,
      Preconditioning preconditioning,
      Map<String, String> metadata) {
    SafetensorsWriter writer =
        new SafetensorsWriter()
            .metadata(Checkpoint.KIND, kind.id())
            .metadata(Checkpoint.NETWORK, spec.toJson())
            .metadata(Checkpoint.PRECONDITIONING, Preconditioning.toJson(preconditioning));
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

  static String toJson(Object value) {
    try {
      return JSON.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("cannot write " + value, e);
    }
  }
}
