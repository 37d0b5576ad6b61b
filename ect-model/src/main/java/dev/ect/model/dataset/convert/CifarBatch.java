package dev.ect.model.dataset.convert;

import dev.ect.model.dataset.ImageShape;
import dev.ect.model.io.BadFileException;
import dev.ect.model.pickle.NumpyArray;
import dev.ect.model.pickle.PickledBytes;
import dev.ect.model.pickle.PickledDict;
import dev.ect.model.pickle.Unpickler;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One batch of CIFAR-10: a pickled dict of {@code data}, bytes [N,3072], and {@code labels}, a list
 * of N classes. Archives that Python 3 has written may have bytes as keys, and NumPy's integers.
 *
 * @param pixels bytes [N,C,H,W]
 * @param labels class of each image
 */
record CifarBatch(byte[] pixels, int[] labels) {
  static final ImageShape SHAPE = ImageShape.square(3, 32);
  private static final int MOST_CLASSES = 1_000_000;

  static CifarBatch read(String file, byte[] pickle) throws IOException {
    MemoryInput input = new MemoryInput(file, pickle);
    Object root = Unpickler.read(file, input, 0, pickle.length).root();
    Map<Object, Object> dict = PickledDict.of(root).orElse(Map.of());
    NumpyArray data = NumpyArray.of(file, entry(file, dict, "data"));
    int[] labels = labels(file, entry(file, dict, "labels"));
    List<Long> expected = List.of((long) labels.length, (long) SHAPE.size());
    if (!data.dtype().endsWith("u1") || !data.shape().equals(expected)) {
      throw new BadFileException(
          file,
          "holds pixels of type "
              + data.dtype()
              + " and shape "
              + data.shape()
              + "; expected |u1 and "
              + expected);
    }
    byte[] pixels = data.data().toArray();
    return new CifarBatch(data.fortranOrder() ? transposed(pixels, labels.length) : pixels, labels);
  }

  private static Object entry(String file, Map<Object, Object> dict, String name)
      throws IOException {
    if (dict.containsKey(name)) {
      return dict.get(name);
    }
    byte[] wanted = name.getBytes(StandardCharsets.US_ASCII);
    for (Map.Entry<Object, Object> entry : dict.entrySet()) {
      Optional<PickledBytes> key = PickledBytes.of(file, entry.getKey());
      if (key.isPresent()
          && key.get().length() == wanted.length
          && Arrays.equals(key.get().toArray(), wanted)) {
        return entry.getValue();
      }
    }
    throw new BadFileException(
        file, "has no " + name + "; expected a batch of CIFAR-10's Python version");
  }

  private static int[] labels(String file, Object value) throws IOException {
    double[] classes;
    if (NumpyArray.isOne(value)) {
      classes = NumpyArray.of(file, value).doubles();
    } else if (value instanceof List<?> list) {
      classes = new double[list.size()];
      for (int i = 0; i < classes.length; i++) {
        classes[i] = number(file, list.get(i));
      }
    } else {
      throw new BadFileException(file, "has no list of labels; expected CIFAR-10's Python version");
    }
    int[] labels = new int[classes.length];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = (int) classes[i];
      if (labels[i] != classes[i] || labels[i] < 0 || labels[i] >= MOST_CLASSES) {
        throw new BadFileException(file, "has a label that is no class, at place " + i);
      }
    }
    return labels;
  }

  /** NaN for what is no number. */
  private static double number(String file, Object value) throws IOException {
    if (NumpyArray.isOne(value)) {
      NumpyArray scalar = NumpyArray.of(file, value);
      return scalar.elements() == 1 ? scalar.doubles()[0] : Double.NaN;
    }
    return value instanceof Long label ? label : Double.NaN;
  }

  private static byte[] transposed(byte[] columns, int rows) {
    byte[] result = new byte[columns.length];
    for (int i = 0; i < columns.length; i++) {
      result[i % rows * SHAPE.size() + i / rows] = columns[i];
    }
    return result;
  }

  /** One image, bytes [C,H,W]. */
  byte[] image(int row) {
    return Arrays.copyOfRange(pixels, row * SHAPE.size(), (row + 1) * SHAPE.size());
  }
}
