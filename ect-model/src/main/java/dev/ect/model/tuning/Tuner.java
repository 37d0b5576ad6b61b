package dev.ect.model.tuning;

import dev.ect.model.engine.BackwardListener;
import dev.ect.model.engine.Engine;
import dev.ect.model.engine.Tensor;
import dev.ect.model.network.Denoiser;
import dev.ect.model.network.Dropout;
import dev.ect.model.network.Network;
import dev.ect.model.network.Preconditioning;
import dev.ect.model.network.Weights;
import java.util.List;
import java.util.function.LongConsumer;

/**
 * Training steps of one replica. A step is {@link #gradient} (once per share of the batch),
 * whatever averages {@code vectors().gradient()} between replicas, then {@link #update}. Replicas
 * that start alike and see the same averaged gradient stay alike, bit for bit.
 *
 * <p>Where replicas exchange updates, a step is {@link #gradient} of the replica's own mean loss,
 * {@link #proposeUpdate}, whatever adds up the proposals, then {@link #applyUpdate}. Weights and
 * EMAs stay alike, bit for bit; every replica has moments of its own.
 *
 * <p>Owns its vectors; used by one thread at a time.
 */
public final class Tuner implements AutoCloseable {
  private static final float GRADIENT_LIMIT = 1e5f;

  /** Values by which the final part of the gradient grows at least before it is reported again. */
  private static final long REPORTED = 1 << 16;

  private final Engine engine;
  private final TuningVectors vectors;
  private final Weights weights;
  private final Denoiser denoiser;
  private final OptimizerSpec optimizer;
  private final EmaSpec ema;
  private final long seed;

  /** Made by the first {@link #proposeUpdate}. */
  private Tensor proposal;

  private Progress progress = Progress.START;

  /**
   * A replica with all vectors zero. Fill {@code vectors().weights()} and call {@link #begin}, or
   * fill all vectors and call {@link #resume}.
   *
   * @param preconditioning ECM for tuning, EDM for pretraining
   * @param buffers values of the network's buffers
   * @param ema the moving average that becomes the network
   * @param emas further ones, all different
   * @param seed the run's seed, for dropout
   */
  public Tuner(
      Engine engine,
      Network network,
      Preconditioning preconditioning,
      float[] buffers,
      OptimizerSpec optimizer,
      EmaSpec ema,
      List<EmaSpec> emas,
      long seed) {
    this.engine = engine;
    this.optimizer = optimizer;
    this.ema = ema;
    this.seed = seed;
    vectors = TuningVectors.zeros(engine, network.parameters().size(), emas);
    try {
      weights = new Weights(engine, network.parameters(), vectors.weights(), vectors.gradient());
    } catch (RuntimeException | Error e) {
      try (vectors) {
        throw e;
      }
    }
    denoiser = new Denoiser(network, preconditioning, weights, buffers);
  }

  /** The same without further moving averages. */
  public Tuner(
      Engine engine,
      Network network,
      Preconditioning preconditioning,
      float[] buffers,
      OptimizerSpec optimizer,
      EmaSpec ema,
      long seed) {
    this(engine, network, preconditioning, buffers, optimizer, ema, List.of(), seed);
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

  /** Starts a run from the weights that were filled in: all EMAs equal them. */
  public void begin() {
    engine.accumulate(vectors.ema(), 0, vectors.weights());
    vectors.emas().values().forEach(each -> engine.accumulate(each, 0, vectors.weights()));
    progress = Progress.START;
  }

  /** Says how far the run has come whose vectors were filled in. */
  public void resume(Progress loaded) {
    progress = loaded;
  }

  /**
   * Sets {@code vectors().gradient()} to this replica's share of the gradient of a mean loss. The
   * batch is processed in rounds of at most {@code microBatch} images, whose gradients add up to
   * that of the whole.
   *
   * @param batch this replica's images
   * @param meanOver images of the mean: those of all replicas together, or this one's where {@link
   *     #proposeUpdate} follows
   * @param microBatch images per round, at least 1
   * @param ready told, in falling order and last with 0, from which value on the gradient will not
   *     change any more, so that it can travel while the rest is computed
   * @return the loss of each image
   */
  public double[] gradient(
      Loss loss, Batch batch, long meanOver, int microBatch, LongConsumer ready) {
    engine.clear(vectors.gradient());
    FinalTail tail = new FinalTail(weights.layout(), REPORTED, ready);
    double[] losses = new double[batch.size()];
    for (int from = 0; from < losses.length; from += microBatch) {
      Batch round = batch.slice(from, Math.min(from + microBatch, losses.length));
      try (Dropout dropout = new Dropout(engine, seed, progress.step(), round.positions())) {
        boolean last = from + round.size() == losses.length;
        double[] part =
            loss.backward(
                denoiser, round, dropout, 1.0 / meanOver, last ? tail : BackwardListener.NONE);
        System.arraycopy(part, 0, losses, from, part.length);
      }
    }
    tail.end();
    return losses;
  }

  /** The same with nobody waiting for parts of the gradient. */
  public double[] gradient(Loss loss, Batch batch, long meanOver, int microBatch) {
    return gradient(loss, batch, meanOver, microBatch, from -> {});
  }

  /**
   * Applies the averaged gradient: clean-up (NaN to 0, infinities to +-1e5), optimiser, EMAs.
   *
   * @param globalBatch images of all replicas together
   */
  public void update(long globalBatch) {
    optimize(vectors.weights(), 1);
    average(globalBatch);
  }

  /**
   * Turns this replica's own gradient into its part of an update: clean-up as in {@link #update},
   * and the optimiser with this replica's moments. The weights stay as they are.
   *
   * <p>The part is weighted by the square root of its share of the batch. Where noise dominates the
   * gradient, the optimiser divides that of a share b of the batch by 1 / sqrt(b) times too much;
   * the parts then add up to what it would make of the whole batch (the square root rule of Malladi
   * et al., arXiv 2205.10287). Where noise is small, to up to 1 / sqrt(b) of it.
   *
   * @param images of this replica in the batch
   * @param globalBatch images of all replicas together
   * @return the part, a flat vector of the weights' layout that stays the tuner's; to be replaced
   *     by the sum of all replicas' parts, the same bits everywhere, before {@link #applyUpdate}
   */
  public Tensor proposeUpdate(int images, long globalBatch) {
    if (proposal == null) {
      proposal = engine.zeros(vectors.weights().elements());
    }
    engine.clear(proposal);
    optimize(proposal, Math.sqrt((double) images / globalBatch));
    return proposal;
  }

  /**
   * Applies what {@link #proposeUpdate}'s vector has become: weights, EMAs.
   *
   * @param globalBatch images of all replicas together
   */
  public void applyUpdate(long globalBatch) {
    engine.accumulate(vectors.weights(), 1, proposal);
    average(globalBatch);
  }

  /** Adds the optimiser's update, so many times. */
  private void optimize(Tensor target, double times) {
    engine.replaceNonFinite(vectors.gradient(), 0, GRADIENT_LIMIT, -GRADIENT_LIMIT);
    engine.adamUpdate(
        target,
        vectors.gradient(),
        vectors.expAvg(),
        vectors.expAvgSq(),
        optimizer.update(progress.step() + 1, (double) progress.images()).times(times));
  }

  private void average(long globalBatch) {
    double seen = (double) progress.images();
    engine.movingAverage(vectors.ema(), vectors.weights(), ema.beta(globalBatch, seen));
    vectors
        .emas()
        .forEach(
            (spec, average) ->
                engine.movingAverage(average, vectors.weights(), spec.beta(globalBatch, seen)));
    progress = progress.plus(globalBatch);
  }

  @Override
  public void close() {
    weights.close();
    if (proposal != null) {
      proposal.close();
    }
    vectors.close();
  }
}
