package dev.ect.model.checkpoint;

import dev.ect.model.io.BadFileException;
import dev.ect.model.io.RandomInput;
import dev.ect.model.io.Store;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Map;

/**
 * A safetensors file opened for reading. Opening reads and checks the header; tensors are read when
 * asked for. Safe for use by several threads.
 *
 * <p>Everything wrong with a file is a {@link BadFileException} that starts with its name.
 */
public final class SafetensorsFile implements TensorFile {
  private static final int PIECE = 1 << 16;

  private final String path;
  private final RandomInput input;
  private final SafetensorsHeader header;

  private SafetensorsFile(String path, RandomInput input, SafetensorsHeader header) {
    this.path = path;
    this.input = input;
    this.header = header;
  }

  /** Opens a file. */
  public static SafetensorsFile open(Store store, String path) throws IOException {
    RandomInput input = store.openRandom(path);
    try {
      return new SafetensorsFile(path, input, SafetensorsHeader.read(path, input));
    } catch (IOException | RuntimeException e) {
      try (input) {
        throw e;
      }
    }
  }

  @Override
  public String path() {
    return path;
  }

  /** The {@code __metadata__} strings; empty where there are none. */
  public Map<String, String> metadata() {
    return header.metadata();
  }

  /** The tensors by name, in the order of the file's data. */
  @Override
  public Map<String, TensorInfo> tensors() {
    return header.tensors();
  }

  @Override
  public void read(String name, long offset, FloatBuffer into) throws IOException {
    TensorInfo info = requireFloating(name);
    if (offset < 0 || into.remaining() > info.elements() - offset) {
      throw new BadFileException(
          path,
          "tensor " + info + " has no " + into.remaining() + " elements from number " + offset);
    }
    pieces(
        info, offset, into.remaining(), (piece, count) -> info.dtype().widen(piece, count, into));
  }

  /** All elements of a floating tensor. */
  public float[] floats(String name) throws IOException {
    float[] values = new float[count(requireFloating(name))];
    read(name, 0, FloatBuffer.wrap(values));
    return values;
  }

  /** All elements of a floating tensor, without loss. */
  public double[] doubles(String name) throws IOException {
    TensorInfo info = requireFloating(name);
    double[] values = new double[count(info)];
    int[] at = new int[1];
    pieces(
        info,
        0,
        values.length,
        (piece, count) -> {
          for (int i = 0; i < count; i++) {
            values[at[0]++] = info.dtype().floating(piece);
          }
        });
    return values;
  }

  /**
   * All elements of an integer or boolean tensor.
   *
   * @throws BadFileException if it is floating, or U64 with an element of 2^63 or more
   */
  public long[] longs(String name) throws IOException {
    TensorInfo info = require(name);
    if (info.dtype().isFloating()) {
      throw new BadFileException(path, "tensor " + info + " is floating; expected integers");
    }
    long[] values = new long[count(info)];
    int[] at = new int[1];
    pieces(
        info,
        0,
        values.length,
        (piece, count) -> {
          for (int i = 0; i < count; i++) {
            values[at[0]++] = info.dtype().integer(piece);
          }
        });
    if (info.dtype() == DType.U64 && Arrays.stream(values).anyMatch(value -> value < 0)) {
      throw new BadFileException(path, "tensor " + info + " has elements of 2^63 or more");
    }
    return values;
  }

  /** All bytes of a U8, I8 or BOOL tensor. */
  public byte[] bytes(String name) throws IOException {
    TensorInfo info = require(name);
    if (info.dtype().bytes() != 1) {
      throw new BadFileException(
          path, "tensor " + info + " is not made of bytes; expected U8, I8 or BOOL");
    }
    byte[] values = new byte[count(info)];
    input.readFully(info.position(), values, 0, values.length);
    return values;
  }

  @Override
  public void close() throws IOException {
    input.close();
  }

  @FunctionalInterface
  private interface Piece {
    void take(ByteBuffer bytes, int elements);
  }

  private void pieces(TensorInfo info, long offset, int elements, Piece taker) throws IOException {
    int width = info.dtype().bytes();
    byte[] bytes = new byte[Math.min(PIECE, elements) * width];
    for (long done = 0; done < elements; done += PIECE) {
      int count = (int) Math.min(PIECE, elements - done);
      input.readFully(info.position() + (offset + done) * width, bytes, 0, count * width);
      taker.take(ByteBuffer.wrap(bytes, 0, count * width).order(ByteOrder.LITTLE_ENDIAN), count);
    }
  }

  private TensorInfo require(String name) throws IOException {
    TensorInfo info = tensors().get(name);
    if (info == null) {
      throw new BadFileException(path, "has no tensor " + name);
    }
    return info;
  }

  private TensorInfo requireFloating(String name) throws IOException {
    TensorInfo info = require(name);
    if (!info.dtype().isFloating()) {
      throw new BadFileException(
          path, "tensor " + info + " is not floating; expected F32, F16, BF16 or F64");
    }
    return info;
  }

  private int count(TensorInfo info) throws IOException {
    if (info.elements() > Integer.MAX_VALUE - 8) {
      throw new BadFileException(path, "tensor " + info + " is too large for one array");
    }
    return (int) info.elements();
  }
}
