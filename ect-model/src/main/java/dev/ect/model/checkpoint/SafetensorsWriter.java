package dev.ect.model.checkpoint;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.ect.model.io.Store;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Writes a safetensors file: names, shapes and metadata are gathered first, elements are asked for
 * while writing. Larger element types come first in the file, so that every tensor is aligned;
 * otherwise the order is that of the calls.
 */
public final class SafetensorsWriter {
  static final String METADATA = "__metadata__";
  private static final int PIECE = 1 << 16;

  private interface Data {
    /** Puts elements from number {@code offset} on, until the buffer is full. */
    void put(long offset, ByteBuffer into) throws IOException;
  }

  private record Entry(String name, DType dtype, long[] shape, long elements, Data data) {}

  private final Map<String, String> metadata = new LinkedHashMap<>();
  private final Set<String> names = new LinkedHashSet<>();
  private final List<Entry> entries = new ArrayList<>();

  /**
   * Adds a string to the metadata.
   *
   * @throws IllegalArgumentException if the key is given twice
   */
  public SafetensorsWriter metadata(String key, String value) {
    if (metadata.putIfAbsent(key, value) != null) {
      throw new IllegalArgumentException("metadata key " + key + " is given twice");
    }
    return this;
  }

  /**
   * Adds an F32 tensor. Pieces asked of the source are at most 64 Ki elements.
   *
   * @throws IllegalArgumentException if the name is taken, here and below
   */
  public SafetensorsWriter floats(String name, FloatSource source, long... shape) {
    return add(
        name,
        DType.F32,
        shape,
        (offset, into) -> {
          FloatBuffer view = into.asFloatBuffer();
          source.read(offset, view);
          if (view.hasRemaining()) {
            throw new IllegalStateException(
                "the source of tensor "
                    + name
                    + " left "
                    + view.remaining()
                    + " elements of a piece unfilled");
          }
          into.position(into.limit());
        });
  }

  /**
   * Adds an F32 tensor; the array is not copied and must stay as it is until written. The same
   * holds below.
   */
  public SafetensorsWriter floats(String name, float[] values, long... shape) {
    requireLength(name, values.length, shape);
    return floats(name, FloatSource.of(values), shape);
  }

  /** Adds an F64 tensor. */
  public SafetensorsWriter doubles(String name, double[] values, long... shape) {
    requireLength(name, values.length, shape);
    return add(
        name,
        DType.F64,
        shape,
        (offset, into) ->
            into.asDoubleBuffer().put(values, (int) offset, into.remaining() / Double.BYTES));
  }

  /** Adds an I64 tensor. */
  public SafetensorsWriter longs(String name, long[] values, long... shape) {
    requireLength(name, values.length, shape);
    return add(
        name,
        DType.I64,
        shape,
        (offset, into) ->
            into.asLongBuffer().put(values, (int) offset, into.remaining() / Long.BYTES));
  }

  /** Adds an I32 tensor. */
  public SafetensorsWriter ints(String name, int[] values, long... shape) {
    requireLength(name, values.length, shape);
    return add(
        name,
        DType.I32,
        shape,
        (offset, into) ->
            into.asIntBuffer().put(values, (int) offset, into.remaining() / Integer.BYTES));
  }

  /** Adds a U8 tensor. */
  public SafetensorsWriter bytes(String name, byte[] values, long... shape) {
    requireLength(name, values.length, shape);
    return add(
        name, DType.U8, shape, (offset, into) -> into.put(values, (int) offset, into.remaining()));
  }

  /** Writes the file as a whole, see {@link Store#write}. */
  public void write(Store store, String path) throws IOException {
    List<Entry> ordered = new ArrayList<>(entries);
    ordered.sort(Comparator.comparingInt((Entry entry) -> entry.dtype().bytes()).reversed());
    byte[] header = header(ordered);
    store.write(
        path,
        out -> {
          int padded = (header.length + 7) / 8 * 8;
          out.write(
              ByteBuffer.allocate(Long.BYTES)
                  .order(ByteOrder.LITTLE_ENDIAN)
                  .putLong(padded)
                  .array());
          out.write(header);
          byte[] spaces = new byte[padded - header.length];
          Arrays.fill(spaces, (byte) ' ');
          out.write(spaces);
          byte[] piece = new byte[PIECE * Double.BYTES];
          for (Entry entry : ordered) {
            write(entry, piece, out);
          }
        });
  }

  private static void write(Entry entry, byte[] piece, OutputStream out) throws IOException {
    for (long offset = 0; offset < entry.elements(); offset += PIECE) {
      int bytes = (int) Math.min(PIECE, entry.elements() - offset) * entry.dtype().bytes();
      entry.data().put(offset, ByteBuffer.wrap(piece, 0, bytes).order(ByteOrder.LITTLE_ENDIAN));
      out.write(piece, 0, bytes);
    }
  }

  private byte[] header(List<Entry> ordered) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = new JsonFactory().createGenerator(bytes)) {
      json.writeStartObject();
      if (!metadata.isEmpty()) {
        json.writeObjectFieldStart(METADATA);
        for (Map.Entry<String, String> entry : metadata.entrySet()) {
          json.writeStringField(entry.getKey(), entry.getValue());
        }
        json.writeEndObject();
      }
      long begin = 0;
      for (Entry entry : ordered) {
        json.writeObjectFieldStart(entry.name());
        json.writeStringField("dtype", entry.dtype().name());
        json.writeFieldName("shape");
        json.writeArray(entry.shape(), 0, entry.shape().length);
        long end = begin + entry.elements() * entry.dtype().bytes();
        json.writeFieldName("data_offsets");
        json.writeArray(new long[] {begin, end}, 0, 2);
        json.writeEndObject();
        begin = end;
      }
      json.writeEndObject();
    }
    return bytes.toByteArray();
  }

  private SafetensorsWriter add(String name, DType dtype, long[] shape, Data data) {
    if (name.equals(METADATA) || !names.add(name)) {
      throw new IllegalArgumentException("tensor name " + name + " is taken");
    }
    entries.add(new Entry(name, dtype, shape.clone(), TensorInfo.elements(shape), data));
    return this;
  }

  private static void requireLength(String name, int length, long[] shape) {
    if (length != TensorInfo.elements(shape)) {
      throw new IllegalArgumentException(
          "tensor "
              + name
              + " has "
              + length
              + " elements; its shape is "
              + Arrays.toString(shape));
    }
  }
}
