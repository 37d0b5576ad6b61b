package dev.ect.model.dataset;

/**
 * Resizes images of bytes exactly as Pillow's {@code Image.resize} does, to the last bit: first
 * along rows, then along columns, each pass rounded to bytes, with weights in fixed point. Where
 * the image shrinks the filter is widened by the factor, so that every pixel counts.
 *
 * <p>The weights are computed once for a pair of sizes. Immutable; safe for use by several threads.
 */
public final class PillowResize {
  private final ImageShape from;
  private final ImageShape to;

  /** Null where the size stays and a pass would change nothing. */
  private final ResizeTaps horizontal;

  private final ResizeTaps vertical;

  /**
   * @param from size of the images that are given
   * @param height rows of the result, at least 1
   * @param width columns of the result, at least 1
   * @throws IllegalArgumentException if a size is less than 1
   */
  public PillowResize(ImageShape from, int height, int width, ResizeFilter filter) {
    this.from = from;
    to = new ImageShape(from.channels(), height, width);
    horizontal = from.width() == width ? null : new ResizeTaps(from.width(), width, filter);
    vertical = from.height() == height ? null : new ResizeTaps(from.height(), height, filter);
  }

  /** Size of the results. */
  public ImageShape shape() {
    return to;
  }

  /**
   * @param image bytes [C,H,W], which stay as they are
   * @return a new array [C,height,width]
   * @throws IllegalArgumentException if the image has another number of bytes
   */
  public byte[] resize(byte[] image) {
    if (image.length != from.size()) {
      throw new IllegalArgumentException(
          "image of " + image.length + " bytes; expected " + from.size() + " for " + from);
    }
    byte[] narrow = image;
    if (horizontal != null) {
      narrow = new byte[from.channels() * from.height() * to.width()];
      for (int row = 0; row < from.channels() * from.height(); row++) {
        horizontal.row(image, row * from.width(), narrow, row * to.width());
      }
    }
    if (vertical == null) {
      return horizontal == null ? image.clone() : narrow;
    }
    byte[] result = new byte[to.size()];
    int plane = from.height() * to.width();
    for (int channel = 0; channel < from.channels(); channel++) {
      vertical.columns(
          narrow, channel * plane, to.width(), result, channel * to.height() * to.width());
    }
    return result;
  }
}
