package dev.ect.model.dataset;

/** An image's label. */
public sealed interface Label {
  /**
   * One of several classes.
   *
   * @param value from 0
   */
  record OfClass(int value) implements Label {
    public OfClass {
      if (value < 0) {
        throw new IllegalArgumentException("label " + value + "; expected a class from 0");
      }
    }
  }

  /**
   * A vector, as the network takes it.
   *
   * @param values not to be changed
   */
  record OfVector(float[] values) implements Label {}
}
