package dev.ect.model.engine.torch;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;

/**
 * A part of a batch, and how {@link WinogradConvolution} cuts its images into tiles.
 *
 * @param first number of its first image
 * @param images number of its images
 * @param height of an image, which the convolution keeps
 * @param width of an image
 */
record WinogradTiling(long first, long images, long height, long width) {
  private static final long OUT = WinogradMatrices.OUT;

  /** Tiles that a part should have: enough for fast products of matrices, not more memory. */
  private static final long TILES = 1024;

  /**
   * Cuts a batch into parts.
   *
   * @param x {@code [N, C, H, W]}, input or output
   */
  static List<WinogradTiling> of(Tensor x) {
    long height = x.size(2);
    long width = x.size(3);
    long step = Math.max(1, TILES / (height / OUT * (width / OUT)));
    List<WinogradTiling> parts = new ArrayList<>();
    for (long first = 0; first < x.size(0); first += step) {
      parts.add(new WinogradTiling(first, Math.min(step, x.size(0) - first), height, width));
    }
    return parts;
  }

  /** Tiles in a column. */
  long down() {
    return height / OUT;
  }

  /** Tiles in a row. */
  long across() {
    return width / OUT;
  }

  /** Tiles of all images. */
  long tiles() {
    return images * down() * across();
  }

  /** Some channels of these images. */
  Tensor of(Tensor batch, long from, long count) {
    return batch.narrow(0, first, images).narrow(1, from, count);
  }

  /** Images without their border. */
  Tensor interior(Tensor padded) {
    return padded.narrow(2, 1, height).narrow(3, 1, width);
  }

  /**
   * A view of images as {@code [rows, columns, channels, images, tiles down, tiles across]}: the
   * values of every tile in some rows and columns.
   */
  Tensor tiles(Tensor x, long row, long column, long rows, long columns) {
    long line = x.stride(2);
    return x.as_strided(
        new long[] {rows, columns, x.size(1), images, down(), across()},
        new long[] {line, 1, x.stride(1), x.stride(0), OUT * line, OUT},
        new LongOptional(x.storage_offset() + row * line + column));
  }
}
