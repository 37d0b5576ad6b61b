package dev.ect.model.checkpoint.pytorch;

import dev.ect.model.checkpoint.FloatSource;
import dev.ect.model.io.Store;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Writes files of {@code torch.save}: the zip of PyTorch 1.6 and newer, which {@code
 * torch.load(path, weights_only=True)} reads. The same object gives the same bytes.
 *
 * <p>An object is made of {@link java.util.Map} with String, Integer or Long keys (a dict; an
 * OrderedDict, as state dicts are, where all its values are tensors), {@link List}, {@link String},
 * {@link Long}, {@link Integer}, {@link Double}, {@link Boolean}, null, tensors, and {@link
 * #annotated} dicts.
 */
public final class PyTorchWriter {
  private static final String ARCHIVE = "archive/";

  /** As PyTorch aligns them, so that files can be mapped into memory. */
  private static final int ALIGNMENT = 64;

  private static final int PIECE = 1 << 16;

  private PyTorchWriter() {}

  /** A tensor to be written, contiguous and on the CPU. */
  public static final class Tensor {
    private final FloatSource floats;
    private final long[] longs;
    private final long[] shape;
    private final long elements;

    private Tensor(FloatSource floats, long[] longs, long[] shape) {
      this.floats = floats;
      this.longs = longs;
      this.shape = shape.clone();
      long product = 1;
      for (long axis : shape) {
        product = Math.multiplyExact(product, axis);
      }
      elements = product;
    }

    long[] shape() {
      return shape.clone();
    }

    long elements() {
      return elements;
    }

    String storageType() {
      return longs == null ? "FloatStorage" : "LongStorage";
    }

    private int width() {
      return longs == null ? Float.BYTES : Long.BYTES;
    }

    long bytes() {
      return elements * width();
    }

    private void writeTo(OutputStream out) throws IOException {
      byte[] piece = new byte[(int) Math.min(PIECE, elements) * width()];
      for (long offset = 0; offset < elements; offset += PIECE) {
        int count = (int) Math.min(PIECE, elements - offset);
        ByteBuffer bytes =
            ByteBuffer.wrap(piece, 0, count * width()).order(ByteOrder.LITTLE_ENDIAN);
        if (longs == null) {
          FloatBuffer into = bytes.asFloatBuffer();
          floats.read(offset, into);
          if (into.hasRemaining()) {
            throw new IllegalStateException(
                "the source of a tensor left "
                    + into.remaining()
                    + " elements of a piece unfilled");
          }
        } else {
          bytes.asLongBuffer().put(longs, (int) offset, count);
        }
        out.write(piece, 0, count * width());
      }
    }
  }

  /** See {@link #annotated}. */
  record Annotated(Map<?, ?> dict, Map<String, ?> attributes) {}

  /**
   * An OrderedDict that carries further attributes, which nobody meets who does not ask for them.
   *
   * @param dict its entries
   * @param attributes by name, such as the {@code _metadata} of PyTorch's own state dicts
   */
  public static Object annotated(Map<String, ?> dict, Map<String, ?> attributes) {
    return new Annotated(dict, attributes);
  }

  /**
   * A float32 tensor. Its elements are asked for while the file is written, at most 64 Ki at a
   * time.
   */
  public static Tensor floats(FloatSource source, long... shape) {
    return new Tensor(source, null, shape);
  }

  /**
   * An int64 tensor; the array is not copied.
   *
   * @throws IllegalArgumentException if the shape has another number of elements
   */
  public static Tensor longs(long[] values, long... shape) {
    Tensor tensor = new Tensor(null, values, shape);
    if (tensor.elements != values.length) {
      throw new IllegalArgumentException(
          values.length + " elements for a tensor of shape " + Arrays.toString(shape));
    }
    return tensor;
  }

  /**
   * Writes a file as a whole, see {@link Store#write}.
   *
   * @throws IllegalArgumentException if the object has a value of any other kind
   */
  public static void write(Store store, String path, Object root) throws IOException {
    TorchPickler pickler = new TorchPickler();
    byte[] pickle = pickler.pickle(root);
    store.write(
        path,
        out -> {
          StoredZip zip = new StoredZip(out, ALIGNMENT);
          zip.add(ARCHIVE + "data.pkl", pickle);
          zip.add(ARCHIVE + "byteorder", "little".getBytes(StandardCharsets.US_ASCII));
          List<Tensor> tensors = pickler.tensors();
          for (int i = 0; i < tensors.size(); i++) {
            zip.add(ARCHIVE + "data/" + i, tensors.get(i).bytes(), tensors.get(i)::writeTo);
          }
          zip.add(ARCHIVE + "version", "3\n".getBytes(StandardCharsets.US_ASCII));
          zip.finish();
        });
  }
}
