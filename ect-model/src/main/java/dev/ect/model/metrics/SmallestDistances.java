package dev.ect.model.metrics;

import java.io.Serializable;
import java.util.Arrays;

/**
 * For each row of a block the k + 1 smallest of its squared distances from the images of a set. If
 * the set holds the row itself, the largest of them belongs to its k-th nearest neighbour: the
 * row's radius in improved precision and recall. The result does not depend on the order in which
 * distances come, nor on how they are cut. Not safe for use by several threads.
 */
public final class SmallestDistances implements Serializable {
  private static final long serialVersionUID = 1;

  private final int rows;
  private final int kept;

  /** [rows, kept], each row ascending. */
  private final float[] smallest;

  private long seen;

  /**
   * @param rows of the block
   * @param k number of neighbours besides the row itself, usually 3
   */
  public SmallestDistances(int rows, int k) {
    if (rows < 0 || k < 0) {
      throw new IllegalArgumentException(rows + " rows with " + k + " neighbours");
    }
    this.rows = rows;
    kept = k + 1;
    smallest = new float[Math.multiplyExact(rows, kept)];
    Arrays.fill(smallest, Float.POSITIVE_INFINITY);
  }

  /**
   * Adds distances from further images.
   *
   * @param distances [rows, nb], squared, not NaN
   */
  public SmallestDistances add(float[] distances, int nb) {
    if (nb < 0 || distances.length != (long) rows * nb) {
      throw new IllegalArgumentException(
          distances.length + " distances; expected those of " + rows + " rows from " + nb);
    }
    for (int i = 0; i < rows; i++) {
      for (int j = i * nb; j < (i + 1) * nb; j++) {
        insert(i, distances[j]);
      }
    }
    seen += nb;
    return this;
  }

  /**
   * Adds what another has seen, which must be other images; the other stays as it is.
   *
   * @throws IllegalArgumentException if it has other numbers of rows or neighbours
   */
  public SmallestDistances merge(SmallestDistances other) {
    if (other.rows != rows || other.kept != kept) {
      throw new IllegalArgumentException(
          other.rows
              + " rows with "
              + (other.kept - 1)
              + " neighbours; expected "
              + rows
              + " with "
              + (kept - 1));
    }
    float[] added = other.smallest.clone();
    for (int i = 0; i < added.length; i++) {
      insert(i / kept, added[i]);
    }
    seen += other.seen;
    return this;
  }

  /**
   * The squared radii: per row the (k+1)-th smallest of the squared distances.
   *
   * @return [rows]
   * @throws IllegalStateException if there were fewer than k + 1 images
   */
  public float[] radii() {
    if (seen < kept) {
      throw new IllegalStateException(
          "distances from "
              + seen
              + " images; expected at least "
              + kept
              + ", for the image itself and "
              + (kept - 1)
              + " neighbours");
    }
    float[] radii = new float[rows];
    for (int i = 0; i < rows; i++) {
      radii[i] = smallest[(i + 1) * kept - 1];
    }
    return radii;
  }

  private void insert(int row, float distance) {
    int at = (row + 1) * kept - 1;
    if (!(distance < smallest[at])) {
      return;
    }
    for (; at > row * kept && smallest[at - 1] > distance; at--) {
      smallest[at] = smallest[at - 1];
    }
    smallest[at] = distance;
  }
}
