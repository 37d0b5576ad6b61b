package dev.ect.spark.evaluation;

import dev.ect.model.dataset.DatasetIndex;
import dev.ect.model.random.Philox;
import dev.ect.model.random.Purpose;
import java.io.Serializable;

/**
 * What a run's sample grids show: as many generated images as there are real ones in {@code
 * data.png}, with the labels of those. Where the labels are a few classes, each has a column.
 *
 * @param columns images per row
 * @param images the real images' numbers
 * @param labels their labels; null for an unconditional network
 */
public record GridPlan(int columns, int[] images, float[][] labels) implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final int MAX_CLASS_COLUMNS = 16;

  /** Position of the random stream; the choice of the dataset's images is at 0. */
  private static final int ORDER = 1;

  /**
   * Chooses a grid.
   *
   * @param size number of images, rounded up to fill the rows
   * @param conditional whether the network learns the labels
   */
  public static GridPlan of(DatasetIndex index, boolean conditional, int size, long seed) {
    int classes = conditional && index.classOf(0) >= 0 ? index.labelDim() : 0;
    boolean byClass = classes > 1 && classes <= MAX_CLASS_COLUMNS;
    int columns = byClass ? classes : (int) Math.ceil(Math.sqrt(size));
    int[] images = new int[(size + columns - 1) / columns * columns];
    int[] order = new Philox(seed, Purpose.SUBSET, 0, ORDER).permutation(index.originals());
    int[] from = new int[columns];
    for (int place = 0; place < images.length; place++) {
      int column = place % columns;
      if (byClass) {
        images[place] = nextOfClass(index, order, from, column);
      } else {
        images[place] = order[place % order.length];
      }
    }
    float[][] labels = conditional ? new float[images.length][] : null;
    for (int place = 0; conditional && place < images.length; place++) {
      labels[place] = index.label(images[place]);
    }
    return new GridPlan(columns, images, labels);
  }

  /**
   * The next image of a class in the given order, beginning again at its end; any image if the
   * class is empty.
   */
  private static int nextOfClass(DatasetIndex index, int[] order, int[] from, int wanted) {
    for (int i = 0; i < order.length; i++) {
      int at = (from[wanted] + i) % order.length;
      if (index.classOf(order[at]) == wanted) {
        from[wanted] = at + 1;
        return order[at];
      }
    }
    return order[wanted % order.length];
  }
}
