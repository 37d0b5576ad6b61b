package dev.ect.model.checkpoint;

import dev.ect.model.io.BadFileException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Named tensors of a file opened for reading. */
public interface TensorFile extends Closeable {
  /** The path it was opened by. */
  String path();

  /** The tensors by name. */
  Map<String, TensorInfo> tensors();

  /**
   * Fills all that remains of {@code into} with elements of an F32, F16, BF16 or F64 tensor.
   *
   * @param offset number of the first element wanted
   * @throws BadFileException if there is no such tensor, it is not floating, or it has fewer
   *     elements
   */
  void read(String name, long offset, FloatBuffer into) throws IOException;

  /**
   * Compares names and shapes with what a network expects.
   *
   * @param prefix of the names to look at
   * @param expected shape by name, without the prefix
   * @throws BadFileException one line that names every missing, extra and mis-shaped tensor
   */
  default void requireShapes(String prefix, Map<String, long[]> expected) throws IOException {
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
          path(),
          "does not fit the network, "
              + problems.size()
              + " problems: "
              + String.join("; ", problems));
    }
  }

  @Override
  void close() throws IOException;
}
