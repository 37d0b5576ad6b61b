package dev.ect.model.checkpoint.pytorch;

import dev.ect.model.checkpoint.DType;
import dev.ect.model.io.BadFileException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * A tensor in a {@link PyTorchFile}, read when asked for: a view of a storage by strides. Safe for
 * use by several threads; of use until the file is closed.
 */
public final class PyTorchTensor {
  private static final int PIECE = 1 << 16;

  /** Elements that are taken for one array even where the file has fewer bytes. */
  private static final long FEW = 1 << 20;

  private final String file;
  private final Storage storage;
  private final long[] shape;
  private final long elements;
  private final TensorView view;

  private PyTorchTensor(
      String file, Storage storage, long[] shape, long elements, TensorView view) {
    this.file = file;
    this.storage = storage;
    this.shape = shape;
    this.elements = elements;
    this.view = view;
  }

  /**
   * A view.
   *
   * @param offset number of its first element in the storage
   * @param strides steps in the storage along each axis
   * @throws BadFileException if it goes beyond the storage
   */
  static PyTorchTensor of(String file, Storage storage, long offset, long[] shape, long[] strides)
      throws BadFileException {
    if (shape.length != strides.length
        || offset < 0
        || Arrays.stream(shape).anyMatch(axis -> axis < 0)
        || Arrays.stream(strides).anyMatch(stride -> stride < 0)) {
      throw impossible(file, offset, shape, strides, storage);
    }
    long elements = 1;
    long last = offset;
    try {
      for (int i = 0; i < shape.length; i++) {
        elements = Math.multiplyExact(elements, shape[i]);
        last = Math.addExact(last, Math.multiplyExact(Math.max(shape[i] - 1, 0), strides[i]));
      }
    } catch (ArithmeticException e) {
      throw impossible(file, offset, shape, strides, storage);
    }
    if (elements > 0 && last >= storage.elements()) {
      throw impossible(file, offset, shape, strides, storage);
    }
    return new PyTorchTensor(
        file, storage, shape, elements, new TensorView(offset, shape, strides));
  }

  private static BadFileException impossible(
      String file, long offset, long[] shape, long[] strides, Storage storage) {
    return new BadFileException(
        file,
        "has a tensor of shape "
            + text(shape)
            + " with strides "
            + text(strides)
            + " from element "
            + offset
            + " of a storage of "
            + storage.elements()
            + " elements; it is damaged");
  }

  private static String text(long[] numbers) {
    return numbers.length <= 8 ? Arrays.toString(numbers) : "[" + numbers.length + " axes]";
  }

  public DType dtype() {
    return storage.dtype();
  }

  /** Sizes of the axes; empty for a single value. */
  public long[] shape() {
    return shape.clone();
  }

  /** Number of elements; more than the file has where it repeats them. */
  public long elements() {
    return elements;
  }

  /**
   * Fills all that remains of {@code into} with elements of an F32, F16, BF16 or F64 tensor, the
   * last axis moving fastest.
   *
   * @param offset number of the first element wanted
   * @throws BadFileException if it is not floating or has fewer elements
   */
  public void read(long offset, FloatBuffer into) throws IOException {
    requireFloating();
    if (offset < 0 || into.remaining() > elements - offset) {
      throw new BadFileException(
          file,
          "tensor " + this + " has no " + into.remaining() + " elements from number " + offset);
    }
    pieces(offset, into.remaining(), (piece, count) -> dtype().widen(piece, count, into));
  }

  /** All elements of a floating tensor. */
  public float[] floats() throws IOException {
    requireFloating();
    float[] values = new float[count()];
    read(0, FloatBuffer.wrap(values));
    return values;
  }

  /** All elements of a floating tensor, without loss. */
  public double[] doubles() throws IOException {
    requireFloating();
    double[] values = new double[count()];
    int[] at = new int[1];
    pieces(
        0,
        values.length,
        (piece, count) -> {
          for (int i = 0; i < count; i++) {
            values[at[0]++] = dtype().floating(piece);
          }
        });
    return values;
  }

  /**
   * All elements of an integer or boolean tensor.
   *
   * @throws BadFileException if it is floating, or U64 with an element of 2^63 or more
   */
  public long[] longs() throws IOException {
    if (dtype().isFloating()) {
      throw new BadFileException(file, "tensor " + this + " is floating; expected integers");
    }
    long[] values = new long[count()];
    int[] at = new int[1];
    pieces(
        0,
        values.length,
        (piece, count) -> {
          for (int i = 0; i < count; i++) {
            values[at[0]++] = dtype().integer(piece);
          }
        });
    if (dtype() == DType.U64 && Arrays.stream(values).anyMatch(value -> value < 0)) {
      throw new BadFileException(file, "tensor " + this + " has elements of 2^63 or more");
    }
    return values;
  }

  /**
   * The only element, of any type, such as an optimiser's {@code step}.
   *
   * @throws BadFileException if it has another number of elements
   */
  public double item() throws IOException {
    if (elements != 1) {
      throw new BadFileException(file, "tensor " + this + " is no single value");
    }
    return dtype().isFloating() ? doubles()[0] : longs()[0];
  }

  private void requireFloating() throws BadFileException {
    if (!dtype().isFloating()) {
      throw new BadFileException(
          file, "tensor " + this + " is not floating; expected F32, F16, BF16 or F64");
    }
  }

  /** A tensor that repeats its elements can have any number of them. */
  private int count() throws BadFileException {
    if (elements > Integer.MAX_VALUE - 8 || elements > FEW + storage.input().length()) {
      throw new BadFileException(file, "tensor " + this + " is too large for one array");
    }
    return (int) elements;
  }

  @FunctionalInterface
  private interface Piece {
    void take(ByteBuffer bytes, int elements);
  }

  private void pieces(long offset, int count, Piece taker) throws IOException {
    int width = dtype().bytes();
    byte[] bytes = new byte[Math.min(PIECE, count) * width];
    for (long done = 0; done < count; done += PIECE) {
      int some = (int) Math.min(PIECE, count - done);
      if (view.isContiguous()) {
        long position = storage.position() + (view.offset() + offset + done) * width;
        storage.input().readFully(position, bytes, 0, some * width);
      } else {
        view.gather(storage, offset + done, some, bytes);
      }
      taker.take(ByteBuffer.wrap(bytes, 0, some * width).order(ByteOrder.LITTLE_ENDIAN), some);
    }
  }

  @Override
  public String toString() {
    return dtype() + text(shape);
  }
}
