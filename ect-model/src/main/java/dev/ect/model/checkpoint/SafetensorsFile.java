package dev.ect.model.checkpoint;

import dev.ect.model.io.BadFileException;
import dev.ect.model.io.RandomInput;
import dev.ect.model.io.Store;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * A safetensors file opened for reading. Opening reads and checks the header; tensors are read when
 * asked for. Safe for use by several threads.
 *
 * <p>Everything wrong with a file is a {@link BadFileException} that starts with its name.
 */
public final class SafetensorsFile implements AutoCloseable {
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

  /** The path it was opened by. */
  public String path() {
    return path;
  }

  /** The {@code __metadata__} strings; empty where there are none. */
  public Map<String, String> metadata() {
    return header.metadata();
  }

  /**
   * A metadata entry that must be there.
   *
   * @throws BadFileException if it is not
   */
  public String requireMetadata(String key) throws IOException {
    String value = header.metadata().get(key);
    if (value == null) {
      throw new BadFileException(
          path, "has no metadata " + key + "; it has " + header.metadata().keySet());
    }
    return value;
  }

  /** The tensors by name, in the order of the file's data. */
  public Map<String, TensorInfo> tensors() {
    return header.tensors();
  }

  /**
   * Fills all that remains of {@code into} with elements of an F32, F16, BF16 or F64 tensor.
   *
   * @param offset number of the first element wanted
   * @throws BadFileException if there is no such tensor, it is not floating, or it has fewer
   *     elements
   */
  public void read(String name, long offset, FloatBuffer into) throws IOException {
    TensorInfo info = requireFloating(name);
    if (offset < 0 || into.remaining() > info.elements() - offset) {
      throw new BadFileException(
          path,
          "tensor " + info + " has no " + into.remaining() + " elements from number " + offset);
    }
    pieces(
        info,
        offset,
        into.remaining(),
        (piece, count) -> {
          if (info.dtype() == DType.F32) {
            into.put(piece.asFloatBuffer());
          } else {
            for (int i = 0; i < count; i++) {
              into.put((float) floating(info.dtype(), piece));
            }
          }
        });
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
            values[at[0]++] = floating(info.dtype(), piece);
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
            values[at[0]++] = integer(info.dtype(), piece);
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

  /**
   * Compares names and shapes with what a network expects.
   *
   * @param expected shape by name
   * @throws BadFileException one line that names every missing, extra and mis-shaped tensor
   */
  public void requireShapes(Map<String, long[]> expected) throws IOException {
    requireShapes("", expected);
  }

  /**
   * As above, for the tensors whose name starts with {@code prefix}; others are not looked at.
   *
   * @param expected shape by name, without the prefix
   */
  public void requireShapes(String prefix, Map<String, long[]> expected) throws IOException {
    List<String> problems = new ArrayList<>();
    expected.forEach(
        (name, shape) -> {
          TensorInfo found = tensors().get(prefix + name);
          if (found == null) {
            problems.add("missing " + prefix + name + " " + Arrays.toString(shape));
          } else if (!Arrays.equals(found.shape(), shape)) {
            problems.add(
                prefix
                    + name
                    + " has shape "
                    + Arrays.toString(found.shape())
                    + ", expected "
                    + Arrays.toString(shape));
          }
        });
    for (TensorInfo info : tensors().values()) {
      if (info.name().startsWith(prefix)
          && !expected.containsKey(info.name().substring(prefix.length()))) {
        problems.add("unexpected " + info.name() + " " + Arrays.toString(info.shape()));
      }
    }
    if (!problems.isEmpty()) {
      throw new BadFileException(
          path,
          "does not fit the network, "
              + problems.size()
              + " problems: "
              + String.join("; ", problems));
    }
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

  private static double floating(DType dtype, ByteBuffer bytes) {
    return switch (dtype) {
      case F64 -> bytes.getDouble();
      case F32 -> bytes.getFloat();
      case BF16 -> Float.intBitsToFloat(bytes.getShort() << 16);
      default -> half(bytes.getShort());
    };
  }

  private static long integer(DType dtype, ByteBuffer bytes) {
    return switch (dtype) {
      case I64, U64 -> bytes.getLong();
      case I32 -> bytes.getInt();
      case U32 -> Integer.toUnsignedLong(bytes.getInt());
      case I16 -> bytes.getShort();
      case U16 -> Short.toUnsignedLong(bytes.getShort());
      case I8 -> bytes.get();
      default -> Byte.toUnsignedLong(bytes.get());
    };
  }

  /** IEEE 754 binary16: sign, 5 bits of exponent, 10 of fraction. */
  private static float half(short bits) {
    int exponent = bits >> 10 & 0x1F;
    int fraction = bits & 0x3FF;
    int sign = bits & 0x8000;
    if (exponent == 0x1F) {
      return Float.intBitsToFloat(sign << 16 | 0x7F800000 | fraction << 13);
    }
    float magnitude =
        exponent == 0 ? fraction * 0x1p-24f : Math.scalb(1 + fraction * 0x1p-10f, exponent - 15);
    return sign == 0 ? magnitude : -magnitude;
  }
}
