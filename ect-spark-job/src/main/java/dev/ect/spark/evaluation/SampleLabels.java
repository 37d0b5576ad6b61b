package dev.ect.spark.evaluation;

import dev.ect.model.dataset.DatasetIndex;
import dev.ect.model.random.Philox;
import dev.ect.model.random.Purpose;
import java.io.Serializable;
import java.util.List;

/**
 * Which label a generated image has: that of an image drawn from a dataset, one of some classes in
 * turn, or any class. A function of the image's number alone.
 */
public final class SampleLabels implements Serializable {
  private static final long serialVersionUID = 1L;

  private final int labelDim;
  private final int[] classes;
  private final float[][] vectors;
  private final boolean inTurn;
  private final String description;

  private SampleLabels(
      int labelDim, int[] classes, float[][] vectors, boolean inTurn, String description) {
    this.labelDim = labelDim;
    this.classes = classes;
    this.vectors = vectors;
    this.inTurn = inTurn;
    this.description = description;
  }

  /** No labels, for unconditional networks. */
  public static SampleLabels none() {
    return new SampleLabels(0, null, null, false, "none");
  }

  /** Every class as often, at random. */
  public static SampleLabels anyClass(int labelDim) {
    return new SampleLabels(labelDim, null, null, false, "any class");
  }

  /** These classes in turn: image i has the i-th. */
  public static SampleLabels inTurn(int labelDim, List<Integer> classes) {
    int[] chosen = classes.stream().mapToInt(Integer::intValue).toArray();
    return new SampleLabels(labelDim, chosen, null, true, "classes " + classes + " in turn");
  }

  /** Labels as often as a dataset has them: each is that of a random image. */
  public static SampleLabels of(DatasetIndex dataset) {
    int size = dataset.originals();
    boolean areClasses = dataset.classOf(0) >= 0;
    int[] classes = areClasses ? new int[size] : null;
    float[][] vectors = areClasses ? null : new float[size][];
    for (int i = 0; i < size; i++) {
      if (areClasses) {
        classes[i] = dataset.classOf(i);
      } else {
        vectors[i] = dataset.label(i);
      }
    }
    return new SampleLabels(dataset.labelDim(), classes, vectors, false, "as in the dataset");
  }

  /** For people. */
  public String description() {
    return description;
  }

  /** An image's class; -1 where there are none. */
  public int classOf(long seed, long number) {
    if (labelDim == 0 || vectors != null) {
      return -1;
    }
    if (inTurn) {
      return classes[(int) (number % classes.length)];
    }
    return classes == null
        ? draw(seed, number, labelDim)
        : classes[draw(seed, number, classes.length)];
  }

  /**
   * The labels of some images, {@code [N][labelDim]}.
   *
   * @param seed of the whole set
   * @return null where there are none
   */
  public float[][] labels(long seed, long[] numbers) {
    if (labelDim == 0) {
      return null;
    }
    float[][] labels = new float[numbers.length][];
    for (int i = 0; i < labels.length; i++) {
      if (vectors != null) {
        labels[i] = vectors[draw(seed, numbers[i], vectors.length)].clone();
      } else {
        labels[i] = new float[labelDim];
        labels[i][classOf(seed, numbers[i])] = 1;
      }
    }
    return labels;
  }

  private static int draw(long seed, long number, int bound) {
    return new Philox(seed, Purpose.SAMPLE_LABELS, 0, number).nextInt(bound);
  }
}
