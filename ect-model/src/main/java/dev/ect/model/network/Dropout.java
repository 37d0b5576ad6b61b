package dev.ect.model.network;

import dev.ect.model.engine.Engine;
import dev.ect.model.engine.Tensor;
import dev.ect.model.random.Philox;
import dev.ect.model.random.Purpose;
import java.util.HashMap;
import java.util.Map;

/**
 * The dropout masks of one batch, a function of (seed, step, position in the global batch, layer)
 * alone: a second pass over the same batch replays the first one's masks, and so does any other
 * machine. Masks are kept for the second pass until this is closed.
 */
public final class Dropout implements AutoCloseable {
  private final Engine engine;
  private final long seed;
  private final long step;
  private final long[] positions;
  private final Map<Integer, Tensor> masks = new HashMap<>();

  /**
   * @param seed the run's seed
   * @param step optimiser step
   * @param positions each image's position in the global batch
   */
  public Dropout(Engine engine, long seed, long step, long... positions) {
    this.engine = engine;
    this.seed = seed;
    this.step = step;
    this.positions = positions.clone();
  }

  /**
   * The mask of one layer.
   *
   * @param layer the layer's number in the network
   * @param p probability of 0
   * @param shape of the activations, {@code [N, C, H, W]}
   * @return 0 or 1/(1-p); stays this object's
   */
  public Tensor mask(int layer, double p, long... shape) {
    return masks.computeIfAbsent(
        layer,
        l -> {
          long[] keys = new long[positions.length];
          for (int n = 0; n < keys.length; n++) {
            keys[n] = Philox.at(seed, Purpose.DROPOUT, step, positions[n], l);
          }
          return engine.dropoutMask(p, keys, shape);
        });
  }

  /** The same masks for some of the images; the caller closes it. */
  public Dropout rows(int... rows) {
    long[] chosen = new long[rows.length];
    for (int i = 0; i < rows.length; i++) {
      chosen[i] = positions[rows[i]];
    }
    Dropout part = new Dropout(engine, seed, step, chosen);
    masks.forEach((layer, mask) -> part.masks.put(layer, engine.rows(mask, rows)));
    return part;
  }

  @Override
  public void close() {
    masks.values().forEach(Tensor::close);
    masks.clear();
  }
}
