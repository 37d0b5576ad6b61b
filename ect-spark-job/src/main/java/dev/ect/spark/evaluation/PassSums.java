package dev.ect.spark.evaluation;

import dev.ect.model.metrics.FeatureMoments;
import dev.ect.model.metrics.InceptionScore;
import dev.ect.model.metrics.Metric;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;

/** The sums that a stage reduces its chunks to. What is added or merged changes this object. */
final class PassSums implements Serializable {
  private static final long serialVersionUID = 1L;

  /**
   * A sum.
   *
   * @param request place among the stage's {@link FeatureRequest}s: features for moments,
   *     probabilities for an Inception score
   * @param limit how many images it takes, the first ones
   * @param score whether it is an Inception score
   */
  record Wanted(int request, long limit, boolean score) implements Serializable {
    private static final long serialVersionUID = 1L;
  }

  private final List<Wanted> wanted;
  private final FeatureMoments[] moments;
  private final InceptionScore[] scores;

  PassSums(List<Wanted> wanted) {
    this.wanted = List.copyOf(wanted);
    moments = new FeatureMoments[wanted.size()];
    scores = new InceptionScore[wanted.size()];
    for (int i = 0; i < moments.length; i++) {
      if (wanted.get(i).score()) {
        scores[i] = new InceptionScore(wanted.get(i).limit(), Metric.IS_SPLITS);
      } else {
        moments[i] = new FeatureMoments();
      }
    }
  }

  /** Adds the images of a chunk. */
  PassSums add(FeatureChunk chunk) {
    for (int i = 0; i < moments.length; i++) {
      Wanted each = wanted.get(i);
      int count = chunk.among(each.limit());
      if (count > 0) {
        float[] values = chunk.values()[each.request()];
        float[] rows =
            count == chunk.count()
                ? values
                : Arrays.copyOf(values, count * chunk.width(each.request()));
        if (each.score()) {
          scores[i].add(chunk.first(), rows, count);
        } else {
          moments[i].add(rows, count);
        }
      }
    }
    return this;
  }

  PassSums merge(PassSums other) {
    for (int i = 0; i < moments.length; i++) {
      if (wanted.get(i).score()) {
        scores[i].merge(other.scores[i]);
      } else {
        moments[i].merge(other.moments[i]);
      }
    }
    return this;
  }

  FeatureMoments moments(Wanted sum) {
    return moments[wanted.indexOf(sum)];
  }

  InceptionScore score(Wanted sum) {
    return scores[wanted.indexOf(sum)];
  }
}
