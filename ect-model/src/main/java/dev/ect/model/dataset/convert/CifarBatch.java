package dev.ect.model.dataset.convert;

import dev.ect.model.dataset.ImageShape;
import dev.ect.model.io.BadFileException;
import dev.ect.model.pickle.NumpyArray;
import dev.ect.model.pickle.PickledDict;
import dev.ect.model.pickle.Unpickler;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * One batch of CIFAR-10: a pickled dict of {@code data}, bytes [N,3072], and {@code labels}, a list
 * of N classes.
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
    NumpyArray data = NumpyArray.of(file, dict.get("data"));
    int[] labels = labels(file, dict.get("labels"));
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

  private static int[] labels(String file, Object value) throws BadFileException {
    if (!(value instanceof List<?> list)) {
      throw new BadFileException(file, "has no list of labels; expected CIFAR-10's Python version");
    }
    int[] labels = new int[list.size()];
    for (int i = 0; i < labels.length; i++) {
      if (!(list.get(i) instanceof Long label) || label < 0 || label >= MOST_CLASSES) {
        throw new BadFileException(file, "has a label that is no class, at place " + i);
      }
      labels[i] = label.intValue();
    }
    return labels;
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
