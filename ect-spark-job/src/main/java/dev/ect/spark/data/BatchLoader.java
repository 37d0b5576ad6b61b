package dev.ect.spark.data;

import dev.ect.model.dataset.Augmentation;
import dev.ect.model.dataset.AugmentationDraw;
import dev.ect.model.dataset.BatchOrder;
import dev.ect.model.dataset.DatasetIndex;
import dev.ect.model.dataset.ImageShape;
import dev.ect.model.dataset.Pixels;
import dev.ect.model.dataset.VirtualShards;
import dev.ect.model.io.Store;
import dev.ect.model.network.Conditioning;
import dev.ect.model.tuning.Batch;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One executor's part of the batches, with the random draws that belong to them. The next batch is
 * read, decoded and drawn in the background while the present one is learnt. Used by one thread.
 */
public final class BatchLoader implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(BatchLoader.class);
  private static final long PATIENCE_SECONDS = 30;

  private record Pending(long step, Future<Batch> batch) {}

  private final DatasetIndex index;
  private final BatchOrder order;
  private final ImageCache images;
  private final int[] slots;
  private final boolean labels;
  private final double labelDropout;
  private final double augment;
  private final long seed;
  private final ExecutorService background;
  private Pending next;

  /**
   * Opens the dataset.
   *
   * @param slots places of the global batch that are this executor's
   * @param labels whether the network learns class labels
   * @param labelDropout probability with which a label is replaced by zeros
   * @param augment probability of each augmentation; 0 for none
   * @param cacheBytes decoded images kept in memory
   */
  public BatchLoader(
      Store store,
      DatasetIndex index,
      VirtualShards shards,
      int[] slots,
      boolean labels,
      double labelDropout,
      double augment,
      long cacheBytes)
      throws IOException {
    this.index = index;
    this.slots = slots.clone();
    this.labels = labels;
    this.labelDropout = labelDropout;
    this.augment = augment;
    seed = shards.seed();
    order = new BatchOrder(shards);
    images = new ImageCache(store, index, cacheBytes);
    background =
        Executors.newSingleThreadExecutor(
            task -> {
              Thread thread = new Thread(task, "ect-batches");
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * The batch of a step; the following one is begun in the background.
   *
   * @throws dev.ect.model.io.BadFileException if an image is damaged
   * @throws InterruptedException if the thread is interrupted while it waits
   */
  public Batch take(long step) throws IOException, InterruptedException {
    Pending pending = next != null && next.step() == step ? next : begin(step);
    try {
      return pending.batch().get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException failure) {
        throw failure;
      }
      throw new IllegalStateException("cannot prepare the batch of step " + step, e.getCause());
    } finally {
      next = begin(step + 1);
    }
  }

  private Pending begin(long step) {
    return new Pending(step, background.submit(() -> load(step)));
  }

  private Batch load(long step) throws IOException {
    int size = index.shape().size();
    float[] pixels = new float[slots.length * size];
    float[][] classLabels = labels ? new float[slots.length][] : null;
    float[][] augmentLabels = augment > 0 ? new float[slots.length][] : null;
    long[] positions = new long[slots.length];
    for (int i = 0; i < slots.length; i++) {
      int image = order.image(step, slots[i]);
      Pixels.toFloats(images.image(image), 0, pixels, i * size, size);
      positions[i] = slots[i];
      if (augment > 0) {
        augmentLabels[i] = augment(step, slots[i], pixels, i * size);
      }
      if (labels) {
        classLabels[i] = index.label(image);
      }
    }
    Conditioning conditioning =
        new Conditioning(classLabels, augmentLabels)
            .dropLabels(labelDropout, seed, step, positions);
    return Batch.draw(pixels, conditioning, positions, seed, step);
  }

  /** Transforms an image in place; returns what the network is told about it. */
  private float[] augment(long step, int slot, float[] pixels, int at) {
    AugmentationDraw draw = AugmentationDraw.of(seed, step, slot, augment);
    ImageShape shape = index.shape();
    float[] image = Arrays.copyOfRange(pixels, at, at + shape.size());
    float[] transformed =
        Augmentation.apply(image, shape.channels(), shape.height(), shape.width(), draw);
    System.arraycopy(transformed, 0, pixels, at, shape.size());
    return draw.labels();
  }

  /** Ends the reading that is under way, then closes the dataset. */
  @Override
  public void close() throws IOException {
    background.shutdownNow();
    try (images) {
      if (!background.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        LOG.warn("{}: reading did not end within {} s", index.path(), PATIENCE_SECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
