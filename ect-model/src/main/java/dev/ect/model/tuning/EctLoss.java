package dev.ect.model.tuning;

import dev.ect.model.engine.BackwardListener;
import dev.ect.model.engine.Engine;
import dev.ect.model.engine.Tape;
import dev.ect.model.engine.Tensor;
import dev.ect.model.network.Conditioning;
import dev.ect.model.network.Denoiser;
import dev.ect.model.network.Dropout;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * The tuning loss of Easy Consistency Tuning (arXiv 2406.14548): {@code (sqrt(d^2 + c^2) - c) / (t
 * - r)}, where d is the distance between the student {@code D(y + t eps, t)} and the teacher {@code
 * D(y + r eps, r)}, which has the same weights and dropout masks and no gradient. Where r = 0 the
 * teacher is the image y itself.
 *
 * @param pMean mean of ln t
 * @param pStd standard deviation of ln t
 * @param mapping the form of n(t) in {@code r = max(0, t (1 - n(t) / q^(stage+1)))}
 * @param q by how much a stage shrinks t - r, greater than 1
 * @param k of the sigmoid mapping
 * @param b of the sigmoid mapping
 * @param c smooths the distance; 0 for the plain one
 * @param stage 0, 1, 2, ...
 */
public record EctLoss(
    double pMean, double pStd, Mapping mapping, double q, double k, double b, double c, int stage)
    implements Loss {
  /** The paper's setting, at stage 0. */
  public static final EctLoss DEFAULT = new EctLoss(-1.1, 2.0, Mapping.SIGMOID, 2, 8, 1, 0, 0);

  /** The same loss at another stage. */
  public EctLoss atStage(int other) {
    return new EctLoss(pMean, pStd, mapping, q, k, b, c, other);
  }

  /**
   * The student's noise level for a standard normal draw; rounded to float32, as all noise levels
   * are.
   */
  public double t(double normal) {
    return (float) Math.exp(normal * pStd + pMean);
  }

  /** The teacher's noise level, at least 0 and less than t. */
  public double r(double t) {
    return (float) Math.max(0, t * (1 - mapping.factor(t, k, b) / fineness()));
  }

  /** {@code q^(stage+1)}: t / (t - r), but for the mapping. */
  private double fineness() {
    return Math.pow(q, stage + 1);
  }

  @Override
  public double[] backward(
      Denoiser denoiser, Batch batch, Dropout dropout, double scale, BackwardListener listener) {
    Engine engine = denoiser.weights().engine();
    int n = batch.size();
    double[] t = IntStream.range(0, n).mapToDouble(i -> t(batch.normal()[i])).toArray();
    double[] r = Arrays.stream(t).map(this::r).toArray();
    double[] one = Losses.fill(n, 1);
    try (Tape tape = Tape.recording(engine)) {
      Tensor y = tape.own(Losses.images(denoiser, batch.images(), n));
      Tensor eps = tape.own(Losses.images(denoiser, batch.eps(), n));
      Tensor student;
      Tensor teacher;
      try (Engine.Resolution resolution = engine.resolving(fineness())) {
        Tensor noisy = tape.own(engine.combine(y, one, eps, t));
        student = denoiser.train(tape, noisy, t, batch.conditioning(), dropout);
        teacher = tape.own(teacher(denoiser, batch, y, eps, r, dropout));
      }
      double[] squared = engine.squaredDistances(student, teacher);
      double[] losses = new double[n];
      double[] slopes = new double[n];
      for (int i = 0; i < n; i++) {
        double distance = Math.sqrt(squared[i] + c * c);
        losses[i] = (distance - c) / (t[i] - r[i]);
        // At distance 0 the slope is taken as 0: the quotient would be NaN and spoil every weight.
        slopes[i] = distance == 0 ? 0 : scale / (distance * (t[i] - r[i]));
      }
      // The difference first, then its factor: student and teacher nearly cancel at fine stages.
      Tensor difference = tape.own(engine.combine(student, one, teacher, Losses.fill(n, -1)));
      tape.backward(student, tape.own(engine.combine(difference, slopes, null, null)), listener);
      return losses;
    }
  }

  /** {@code D(y + r eps, r)} where r > 0, y elsewhere; evaluated for no more images than needed. */
  private static Tensor teacher(
      Denoiser denoiser, Batch batch, Tensor y, Tensor eps, double[] r, Dropout dropout) {
    int[] rows = IntStream.range(0, r.length).filter(i -> r[i] > 0).toArray();
    if (rows.length == 0) {
      return y.retain();
    }
    if (rows.length == r.length) {
      return teacher(denoiser, y, eps, r, batch.conditioning(), dropout);
    }
    Engine engine = denoiser.weights().engine();
    double[] levels = IntStream.of(rows).mapToDouble(i -> r[i]).toArray();
    try (Tensor images = engine.rows(y, rows);
        Tensor noise = engine.rows(eps, rows);
        Dropout replayed = dropout == null ? null : dropout.rows(rows);
        Tensor part =
            teacher(denoiser, images, noise, levels, batch.conditioning().rows(rows), replayed)) {
      int[] source = new int[r.length];
      double[] fromImage = Losses.fill(r.length, 1);
      double[] fromTeacher = new double[r.length];
      for (int i = 0; i < rows.length; i++) {
        source[rows[i]] = i;
        fromImage[rows[i]] = 0;
        fromTeacher[rows[i]] = 1;
      }
      try (Tensor spread = engine.rows(part, source)) {
        return engine.combine(y, fromImage, spread, fromTeacher);
      }
    }
  }

  private static Tensor teacher(
      Denoiser denoiser,
      Tensor y,
      Tensor eps,
      double[] r,
      Conditioning conditioning,
      Dropout dropout) {
    Engine engine = denoiser.weights().engine();
    try (Tape tape = Tape.inference(engine)) {
      Tensor noisy = tape.own(engine.combine(y, Losses.fill(r.length, 1), eps, r));
      Tensor teacher = denoiser.train(tape, noisy, r, conditioning, dropout);
      engine.replaceNonFinite(teacher, 0, Float.MAX_VALUE, -Float.MAX_VALUE);
      return tape.detach(teacher);
    }
  }
}
