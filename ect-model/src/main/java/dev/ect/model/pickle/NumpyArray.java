package dev.ect.model.pickle;

import dev.ect.model.io.BadFileException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * A pickled NumPy array or scalar; its elements are left where they are.
 *
 * @param dtype byte order, kind and size of an element as NumPy writes them: {@code <f4}, {@code
 *     >i8}, {@code |u1}
 * @param shape sizes of the axes; empty for a scalar
 * @param fortranOrder whether the first axis moves fastest, not the last
 * @param data as many bytes as the shape has
 */
public record NumpyArray(String dtype, List<Long> shape, boolean fortranOrder, PickledBytes data) {
  private static final Set<String> MULTIARRAY =
      Set.of("numpy.core.multiarray", "numpy._core.multiarray");
  private static final Set<String> NUMERIC = Set.of("numpy.core.numeric", "numpy._core.numeric");
  private static final Set<String> ORDERS = Set.of("<", ">", "|", "=");
  private static final int PIECE = 1 << 13;

  public NumpyArray {
    shape = List.copyOf(shape);
  }

  /** Whether a value is an array or a scalar of NumPy. */
  public static boolean isOne(Object value) {
    return value instanceof PickledCall call
        && (isReconstructed(call) || isScalar(call) || isFromBuffer(call));
  }

  /**
   * Interprets a value.
   *
   * @param file its path for messages
   * @throws BadFileException if it is no array or scalar, holds objects, or has other than as many
   *     bytes as its shape
   */
  public static NumpyArray of(String file, Object value) throws BadFileException {
    if (value instanceof PickledCall call) {
      List<Object> arguments = call.arguments();
      if (isScalar(call) && arguments.size() == 2) {
        return of(file, arguments.get(0), List.of(), false, arguments.get(1));
      }
      if (isReconstructed(call)
          && call.state() instanceof PickledTuple state
          && state.items().size() == 5
          && state.items().get(3) instanceof Boolean fortranOrder) {
        List<Object> items = state.items();
        return of(file, items.get(2), shape(file, items.get(1)), fortranOrder, items.get(4));
      }
      if (isFromBuffer(call) && arguments.size() == 4) {
        boolean fortranOrder = "F".equals(arguments.get(3));
        List<Long> shape = shape(file, arguments.get(2));
        return of(file, arguments.get(1), shape, fortranOrder, arguments.get(0));
      }
    }
    throw new BadFileException(
        file, "holds " + Printable.kind(value) + " where a NumPy array or scalar is expected");
  }

  private static boolean isScalar(PickledCall call) {
    return call.callee().name().equals("scalar") && MULTIARRAY.contains(call.callee().module());
  }

  private static boolean isReconstructed(PickledCall call) {
    return call.callee().name().equals("_reconstruct")
        && MULTIARRAY.contains(call.callee().module());
  }

  private static boolean isFromBuffer(PickledCall call) {
    return call.callee().name().equals("_frombuffer") && NUMERIC.contains(call.callee().module());
  }

  private static NumpyArray of(
      String file, Object dtype, List<Long> shape, boolean fortranOrder, Object data)
      throws BadFileException {
    String type = dtype(file, dtype);
    PickledBytes bytes =
        PickledBytes.of(file, data)
            .orElseThrow(
                () ->
                    new BadFileException(
                        file,
                        "holds a NumPy array whose data is "
                            + Printable.kind(data)
                            + "; expected bytes"));
    long expected;
    try {
      expected = Math.multiplyExact(elements(shape), (long) itemSize(type));
    } catch (ArithmeticException e) {
      throw new BadFileException(file, "holds a NumPy array of impossible shape " + shape, e);
    }
    if (bytes.length() != expected) {
      throw new BadFileException(
          file,
          "holds a NumPy array "
              + type
              + " of shape "
              + shape
              + " with "
              + bytes.length()
              + " bytes; expected "
              + expected);
    }
    return new NumpyArray(type, shape, fortranOrder, bytes);
  }

  private static List<Long> shape(String file, Object value) throws BadFileException {
    List<Long> shape = new ArrayList<>();
    if (value instanceof PickledTuple tuple) {
      for (Object axis : tuple.items()) {
        if (axis instanceof Long size && size >= 0) {
          shape.add(size);
        }
      }
      if (shape.size() == tuple.items().size()) {
        return shape;
      }
    }
    throw new BadFileException(file, "holds a NumPy array whose shape is no tuple of sizes");
  }

  /** From a call of {@code numpy.dtype('f4', ...)} whose state has the byte order. */
  private static String dtype(String file, Object value) throws BadFileException {
    if (value instanceof PickledCall call
        && call.isCallOf("numpy", "dtype")
        && !call.arguments().isEmpty()
        && call.arguments().get(0) instanceof String type) {
      String order = "<";
      if (call.state() instanceof PickledTuple state
          && state.items().size() > 1
          && state.items().get(1) instanceof String found
          && ORDERS.contains(found)) {
        order = found.equals("=") ? "<" : found;
      }
      if (type.matches("[fiubcSU][0-9]{1,5}")) {
        return order + type;
      }
      throw new BadFileException(
          file,
          "holds a NumPy array of dtype "
              + Printable.of(type)
              + "; expected numbers, not objects or records");
    }
    throw new BadFileException(file, "holds a NumPy array whose dtype is " + Printable.kind(value));
  }

  private static int itemSize(String dtype) {
    int size = Integer.parseInt(dtype.substring(2));
    return dtype.charAt(1) == 'U' ? Integer.BYTES * size : size;
  }

  private static long elements(List<Long> shape) {
    long product = 1;
    for (long axis : shape) {
      product = Math.multiplyExact(product, axis);
    }
    return product;
  }

  /** Number of elements. */
  public long elements() {
    return elements(shape);
  }

  /** Size of an element in bytes. */
  public int itemSize() {
    return itemSize(dtype);
  }

  /**
   * The elements, the last axis moving fastest: float64, float32, integers of any size and
   * booleans. 8 bytes for each.
   *
   * @throws BadFileException if they are of another type, or 2^31 or more
   */
  public double[] doubles() throws IOException {
    if (elements() > Integer.MAX_VALUE - 8) {
      throw new BadFileException(
          data.file(), "holds a NumPy array of " + elements() + " elements; expected below 2^31");
    }
    if (!dtype.substring(1).matches("[fiu][48]|[iu][12]|b1")) {
      throw new BadFileException(
          data.file(), "holds a NumPy array " + dtype + "; expected float32, float64 or integers");
    }
    double[] values = new double[(int) elements()];
    int size = itemSize();
    byte[] piece = new byte[Math.min(values.length, PIECE) * size];
    ByteBuffer view =
        ByteBuffer.wrap(piece)
            .order(dtype.charAt(0) == '>' ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
    for (int done = 0; done < values.length; done += PIECE) {
      int count = Math.min(PIECE, values.length - done);
      data.input().readFully(data.position() + (long) done * size, piece, 0, count * size);
      view.clear();
      for (int i = 0; i < count; i++) {
        values[place(done + i)] = next(view);
      }
    }
    return values;
  }

  /** The place in C order of the k-th element of the data. */
  private int place(int k) {
    if (!fortranOrder) {
      return k;
    }
    long place = 0;
    long rest = k;
    long stride = elements();
    for (long axis : shape) {
      stride /= axis;
      place += rest % axis * stride;
      rest /= axis;
    }
    return (int) place;
  }

  private double next(ByteBuffer from) {
    return switch (dtype.substring(1)) {
      case "f8" -> from.getDouble();
      case "f4" -> from.getFloat();
      case "i8" -> from.getLong();
      case "u8" -> unsigned(from.getLong());
      case "i4" -> from.getInt();
      case "u4" -> Integer.toUnsignedLong(from.getInt());
      case "i2" -> from.getShort();
      case "u2" -> Short.toUnsignedInt(from.getShort());
      case "i1" -> from.get();
      default -> Byte.toUnsignedInt(from.get());
    };
  }

  private static double unsigned(long bits) {
    return bits >= 0 ? bits : (double) (bits >>> 1 | (bits & 1)) * 2;
  }
}
