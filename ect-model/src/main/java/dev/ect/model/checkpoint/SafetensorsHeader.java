package dev.ect.model.checkpoint;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.ect.model.io.BadFileException;
import dev.ect.model.io.RandomInput;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The header of a safetensors file: eight bytes of length, then JSON that names every tensor with
 * its type, shape and place.
 */
record SafetensorsHeader(Map<String, String> metadata, Map<String, TensorInfo> tensors) {
  /**
   * As many as a hundred thousand tensors take; parsed, they take some ten times as much memory.
   */
  private static final long LONGEST = 1 << 24;

  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  /**
   * Whether a file that starts so can be a safetensors file.
   *
   * @param firstBytes 9 bytes or more, or the whole of a shorter file
   */
  static boolean looksLike(byte[] firstBytes) {
    if (firstBytes.length <= Long.BYTES) {
      return false;
    }
    long length = ByteBuffer.wrap(firstBytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
    return length >= 2 && length <= LONGEST && firstBytes[Long.BYTES] == '{';
  }

  /** Reads and checks a header. */
  static SafetensorsHeader read(String path, RandomInput input) throws IOException {
    return read(path, input, null);
  }

  /**
   * As above, of a file that may hold tensors of other types.
   *
   * @param foreign receives their types and shapes by name; if null, they are refused
   */
  static SafetensorsHeader read(String path, RandomInput input, Map<String, String> foreign)
      throws IOException {
    if (input.length() < Long.BYTES) {
      throw new BadFileException(
          path, "has " + input.length() + " bytes; expected a safetensors file");
    }
    byte[] prefix = new byte[Long.BYTES];
    input.readFully(0, prefix, 0, prefix.length);
    long length = ByteBuffer.wrap(prefix).order(ByteOrder.LITTLE_ENDIAN).getLong();
    if (length < 2 || length > LONGEST) {
      throw new BadFileException(
          path,
          "is not a safetensors file: its first eight bytes give a header of "
              + Long.toUnsignedString(length)
              + " bytes; expected 2 to "
              + LONGEST);
    }
    if (length > input.length() - Long.BYTES) {
      throw new BadFileException(
          path,
          "is cut short: it has "
              + input.length()
              + " bytes, its header alone should have "
              + length);
    }
    byte[] text = new byte[(int) length];
    input.readFully(Long.BYTES, text, 0, text.length);
    return parse(path, text, Long.BYTES + length, input.length(), foreign);
  }

  private static SafetensorsHeader parse(
      String path, byte[] text, long dataStart, long fileLength, Map<String, String> foreign)
      throws IOException {
    JsonNode root;
    try {
      root = JSON.readTree(text);
    } catch (JacksonException e) {
      throw new BadFileException(
          path, "its safetensors header is not valid JSON: " + e.getOriginalMessage(), e);
    }
    if (!root.isObject()) {
      throw new BadFileException(path, "its safetensors header is not a JSON object");
    }
    Map<String, String> metadata = new LinkedHashMap<>();
    List<TensorInfo> infos = new ArrayList<>();
    for (Map.Entry<String, JsonNode> field : root.properties()) {
      if (field.getKey().equals(SafetensorsWriter.METADATA)) {
        for (Map.Entry<String, JsonNode> entry : requireObject(path, field).properties()) {
          if (!entry.getValue().isTextual()) {
            throw new BadFileException(
                path,
                "metadata " + entry.getKey() + " is " + entry.getValue() + "; expected a string");
          }
          metadata.put(entry.getKey(), entry.getValue().textValue());
        }
      } else if (foreign != null && dtype(requireObject(path, field)) == null) {
        JsonNode entry = field.getValue();
        foreign.put(field.getKey(), entry.path("dtype").asText() + entry.path("shape"));
      } else {
        infos.add(tensor(path, field.getKey(), requireObject(path, field), dataStart));
      }
    }
    infos.sort(Comparator.comparingLong(TensorInfo::position).thenComparingLong(TensorInfo::bytes));
    Map<String, TensorInfo> tensors = new LinkedHashMap<>();
    boolean complete = foreign == null || foreign.isEmpty();
    long position = dataStart;
    for (TensorInfo info : infos) {
      if (complete && info.position() != position) {
        throw new BadFileException(
            path,
            "tensor "
                + info.name()
                + " starts at byte "
                + info.position()
                + "; expected "
                + position
                + ", where the one before it ends");
      }
      position += info.bytes();
      tensors.put(info.name(), info);
    }
    if (complete && position != fileLength) {
      throw new BadFileException(
          path,
          (position > fileLength ? "is cut short: it has " : "has ")
              + fileLength
              + " bytes; its header describes "
              + position);
    }
    return new SafetensorsHeader(
        Collections.unmodifiableMap(metadata), Collections.unmodifiableMap(tensors));
  }

  /** Null for one of another type. */
  private static DType dtype(JsonNode entry) {
    for (DType each : DType.values()) {
      if (each.name().equals(entry.path("dtype").textValue())) {
        return each;
      }
    }
    return null;
  }

  private static TensorInfo tensor(String path, String name, JsonNode entry, long dataStart)
      throws IOException {
    DType dtype = dtype(entry);
    if (dtype == null) {
      throw new BadFileException(
          path,
          "tensor "
              + name
              + " has dtype "
              + entry.path("dtype")
              + "; expected one of "
              + Arrays.toString(DType.values()));
    }
    long[] shape = numbers(path, name, entry, "shape");
    long[] offsets = numbers(path, name, entry, "data_offsets");
    long bytes;
    try {
      bytes = Math.multiplyExact(TensorInfo.elements(shape), dtype.bytes());
    } catch (ArithmeticException e) {
      throw new BadFileException(
          path, "tensor " + name + " has the impossible shape " + Arrays.toString(shape), e);
    }
    if (offsets.length != 2
        || offsets[1] - offsets[0] != bytes
        || offsets[0] > Long.MAX_VALUE / 2) {
      throw new BadFileException(
          path,
          "tensor "
              + name
              + " lies at "
              + Arrays.toString(offsets)
              + "; expected the two ends of the "
              + bytes
              + " bytes of a "
              + dtype
              + Arrays.toString(shape));
    }
    return new TensorInfo(name, dtype, shape, dataStart + offsets[0]);
  }

  private static long[] numbers(String path, String name, JsonNode entry, String key)
      throws IOException {
    JsonNode array = entry.path(key);
    long[] values = new long[array.size()];
    for (int i = 0; i < values.length; i++) {
      JsonNode value = array.get(i);
      values[i] =
          value != null && value.isIntegralNumber() && value.canConvertToLong()
              ? value.longValue()
              : -1;
    }
    if (!array.isArray() || Arrays.stream(values).anyMatch(value -> value < 0)) {
      throw new BadFileException(
          path,
          "tensor "
              + name
              + " has "
              + key
              + " "
              + array
              + "; expected an array of whole numbers from 0");
    }
    return values;
  }

  private static JsonNode requireObject(String path, Map.Entry<String, JsonNode> field)
      throws IOException {
    if (!field.getValue().isObject()) {
      throw new BadFileException(
          path,
          "header entry " + field.getKey() + " is " + field.getValue() + "; expected an object");
    }
    return field.getValue();
  }
}
