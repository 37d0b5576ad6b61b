package dev.ect.model.tuning;

import dev.ect.model.engine.Engine;
import dev.ect.model.network.Denoiser;
import dev.ect.model.network.Dropout;
import dev.ect.model.network.Network;
import dev.ect.model.network.Preconditioning;
import dev.ect.model.network.Weights;

/**
 * Training steps of one replica. A step is {@link #gradient} (once per share of the batch),
 * whatever averages {@code vectors().gradient()} between replicas, then {@link #update}. Replicas
 * that start alike and see the same averaged gradient stay alike, bit for bit.
 *
 * <p>Owns its vectors; used by one thread at a time.
 */
public final class Tuner implements AutoCloseable {
  private static final float GRADIENT_LIMIT = 1e5f;

  private final Engine engine;
  private final TuningVectors vectors;
  private final Weights weights;
  private final Denoiser denoiser;
  private final OptimizerSpec optimizer;
  private final EmaSpec ema;
  private final long seed;
  private Progress progress = Progress.START;

  /**
   * A replica with all vectors zero. Fill {@code vectors().weights()} and call {@link #begin}, or
   * fill all vectors and call {@link #resume}.
   *
   * @param preconditioning ECM for tuning, EDM for pretraining
   * @param buffers values of the network's buffers
   * @param seed the run's seed, for dropout
   */
  public Tuner(
      Engine engine,
      Network network,
      Preconditioning preconditioning,
      float[] buffers,
      OptimizerSpec optimizer,
      EmaSpec ema,
      long seed) {
    this.engine = engine;
    this.optimizer = optimizer;
    this.ema = ema;
    this.seed = seed;
    vectors = TuningVectors.zeros(engine, network.parameters().size());
    try {
      weights = new Weights(engine, network.parameters(), vectors.weights(), vectors.gradient());
    } catch (RuntimeException | Error e) {
      try (vectors) {
        throw e;
      }
    }
    denoiser = new Denoiser(network, preconditioning, weights, buffers);
  }

  /**
   * The flat vectors; a checkpoint reads and writes them, an exchange averages the gradient in
   * place.
   */
  public TuningVectors vectors() {
    return vectors;
  }

  /** The denoiser that is being trained. */
  public Denoiser denoiser() {
    return denoiser;
  }

  public Progress progress() {
    return progress;
  }

  /** Starts a run from the weights that were filled in: the EMA equals them. */
  public void begin() {
    engine.accumulate(vectors.ema(), 0, vectors.weights());
    progress = Progress.START;
  }

  /** Says how far the run has come whose vectors were filled in. */
  public void resume(Progress loaded) {
    progress = loaded;
  }

  /**
   * Sets {@code vectors().gradient()} to this replica's share of the gradient of the mean loss over
   * the global batch. The batch is processed in rounds of at most {@code microBatch} images, whose
   * gradients add up to that of the whole.
   *
   * @param batch this replica's images
   * @param globalBatch images of all replicas together
   * @param microBatch images per round, at least 1
   * @return the loss of each image
   */
  public double[] gradient(Loss loss, Batch batch, long globalBatch, int microBatch) {
    engine.clear(vectors.gradient());
    double[] losses = new double[batch.size()];
    for (int from = 0; from < losses.length; from += microBatch) {
      Batch round = batch.slice(from, Math.min(from + microBatch, losses.length));
      try (Dropout dropout = new Dropout(engine, seed, progress.step(), round.positions())) {
        double[] part = loss.backward(denoiser, round, dropout, 1.0 / globalBatch);
        System.arraycopy(part, 0, losses, from, part.length);
      }
    }
    return losses;
  }

  /**
   * Applies the averaged gradient: clean-up (NaN to 0, infinities to +-1e5), optimiser, EMA.
   *
   * @param globalBatch images of all replicas together
   */
  public void update(long globalBatch) {
    engine.replaceNonFinite(vectors.gradient(), 0, GRADIENT_LIMIT, -GRADIENT_LIMIT);
    engine.adamUpdate(
        vectors.weights(),
        vectors.gradient(),
        vectors.expAvg(),
        vectors.expAvgSq(),
        optimizer.update(progress.step() + 1, (double) progress.images()));
    engine.movingAverage(
        vectors.ema(), vectors.weights(), ema.beta(globalBatch, (double) progress.images()));
    progress = progress.plus(globalBatch);
  }

  @Override
  public void close() {
    weights.close();
    vectors.close();
  }
}
