package dev.ect.spark.api;

import dev.ect.model.dataset.EdmDatasetWriter;
import dev.ect.model.dataset.ImageShape;
import dev.ect.model.dataset.SyntheticDataset;
import dev.ect.model.io.Store;
import dev.ect.spark.config.UserError;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Makes datasets. */
public final class Datasets {
  private static final int LEAST = 8;
  private static final int MOST = 1024;

  private Datasets() {}

  /**
   * Draws images of ten classes, each a shape in a colour of its own, as an EDM dataset.
   *
   * @param path a {@code .zip}, else a folder
   * @param shape height and width a power of two from 8 to 1024
   * @param names how messages call size and count
   * @throws UserError with a line for everything that is wrong
   */
  public static void synthesize(
      Store store, String path, ImageShape shape, int count, long seed, OptionNames names)
      throws IOException {
    List<String> problems = new ArrayList<>();
    int size = shape.height();
    if (size < LEAST || size > MOST || Integer.bitCount(size) != 1) {
      problems.add(names.of("size") + " is " + size + "; expected a power of two from 8 to 1024");
    }
    if (count < 1) {
      problems.add(names.of("count") + " is " + count + "; expected at least 1");
    }
    if (!problems.isEmpty()) {
      throw new UserError(problems);
    }
    SyntheticDataset images = new SyntheticDataset(shape, seed);
    EdmDatasetWriter.write(
        store,
        path,
        writer -> {
          for (int i = 0; i < count; i++) {
            writer.add(i, shape, images.image(i), SyntheticDataset.classOf(i));
          }
        });
  }
}
