package dev.ect.model.tuning;

import dev.ect.model.engine.BackwardListener;
import dev.ect.model.engine.Engine;
import dev.ect.model.engine.Tape;
import dev.ect.model.engine.Tensor;
import dev.ect.model.network.Denoiser;
import dev.ect.model.network.Dropout;
import java.util.stream.IntStream;

/**
 * EDM's denoising loss (Karras et al., arXiv 2206.00364, table 1), for people who have no diffusion
 * checkpoint to start from: {@code (sigma^2 + sd^2)/(sigma sd)^2 * |D(y + sigma eps, sigma) -
 * y|^2}, summed over the image, with {@code ln sigma ~ N(pMean, pStd^2)}.
 *
 * @param pMean mean of ln sigma
 * @param pStd standard deviation of ln sigma
 */
public record EdmLoss(double pMean, double pStd) implements Loss {
  /** The paper's setting. */
  public static final EdmLoss DEFAULT = new EdmLoss(-1.2, 1.2);

  @Override
  public double[] backward(
      Denoiser denoiser, Batch batch, Dropout dropout, double scale, BackwardListener listener) {
    Engine engine = denoiser.weights().engine();
    int n = batch.size();
    double[] sigma =
        IntStream.range(0, n)
            .mapToDouble(i -> (float) Math.exp(batch.normal()[i] * pStd + pMean))
            .toArray();
    double[] one = Losses.fill(n, 1);
    try (Tape tape = Tape.recording(engine)) {
      Tensor y = tape.own(Losses.images(denoiser, batch.images(), n));
      Tensor eps = tape.own(Losses.images(denoiser, batch.eps(), n));
      Tensor d =
          denoiser.train(
              tape,
              tape.own(engine.combine(y, one, eps, sigma)),
              sigma,
              batch.conditioning(),
              dropout);
      double[] losses = engine.squaredDistances(d, y);
      double[] slopes = new double[n];
      for (int i = 0; i < n; i++) {
        // (sigma^2 + sd^2) / (sigma sd)^2
        double weight = Math.pow(denoiser.preconditioning().out(sigma[i], true), -2);
        losses[i] *= weight;
        slopes[i] = 2 * weight * scale;
      }
      Tensor difference = tape.own(engine.combine(d, one, y, Losses.fill(n, -1)));
      tape.backward(d, tape.own(engine.combine(difference, slopes, null, null)), listener);
      return losses;
    }
  }
}
