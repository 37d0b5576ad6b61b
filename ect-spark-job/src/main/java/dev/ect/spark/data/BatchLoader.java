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
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One executor's part of the batches, with the random draws that belong to them. The next batches
 * are read, decoded and drawn in the background while the present one is learnt; several threads
 * share the images of a batch. Used by one thread.
 */
public final class BatchLoader implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(BatchLoader.class);
  private static final long PATIENCE_SECONDS = 30;

  /** Images that a thread prepares at a time: few, so that all threads end together. */
  private static final int PART = 8;

  private record Pending(long step, Future<Batch> batch) {}

  private final DatasetIndex index;
  private final BatchOrder order;
  private final ImageCache images;
  private final int[] slots;
  private final BatchSettings settings;
  private final long seed;
  private final ExecutorService background;

  /** By step, without gaps. */
  private final Deque<Pending> ahead = new ArrayDeque<>();

  /**
   * Opens the dataset.
   *
   * @param slots places of the global batch that are this executor's
   */
  public BatchLoader(
      Store store, DatasetIndex index, VirtualShards shards, int[] slots, BatchSettings settings)
      throws IOException {
    this.index = index;
    this.slots = slots.clone();
    this.settings = settings;
    seed = shards.seed();
    order = new BatchOrder(shards);
    images = new ImageCache(store, index, settings.cacheBytes());
    background =
        Executors.newFixedThreadPool(
            settings.threads(),
            task -> {
              Thread thread = new Thread(task, "ect-batches");
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * The batch of a step; those that follow are begun in the background.
   *
   * @throws dev.ect.model.io.BadFileException if an image is damaged
   * @throws InterruptedException if the thread is interrupted while it waits
   */
  public Batch take(long step) throws IOException, InterruptedException {
    if (ahead.isEmpty() || ahead.getFirst().step() != step) {
      ahead.clear();
      ahead.add(begin(step));
    }
    Pending present = ahead.removeFirst();
    // What is begun first is done first: the present batch does not wait for these.
    while (ahead.size() < settings.prefetch()) {
      ahead.add(begin(step + 1 + ahead.size()));
    }
    try {
      return present.batch().get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof UncheckedIOException failure) {
        throw failure.getCause();
      }
      throw new IllegalStateException("cannot prepare the batch of step " + step, e.getCause());
    }
  }

  private Pending begin(long step) {
    return new Pending(
        step,
        CompletableFuture.supplyAsync(() -> new Draft(step), background)
            .thenCompose(
                draft ->
                    CompletableFuture.allOf(draft.parts()).thenApply(filled -> draft.batch())));
  }

  /** A batch under way. */
  private final class Draft {
    private final long step;
    private final int size = index.shape().size();
    private final float[] pixels = new float[slots.length * size];
    private final float[] eps = new float[slots.length * size];
    private final float[] normal = new float[slots.length];
    private final float[][] classLabels = settings.labels() ? new float[slots.length][] : null;
    private final float[][] augmentLabels =
        settings.augment() > 0 ? new float[slots.length][] : null;

    Draft(long step) {
      this.step = step;
    }

    /** Begins to fill it. */
    CompletableFuture<?>[] parts() {
      CompletableFuture<?>[] parts = new CompletableFuture<?>[(slots.length + PART - 1) / PART];
      Arrays.setAll(parts, part -> CompletableFuture.runAsync(() -> fill(part * PART), background));
      return parts;
    }

    private void fill(int from) {
      try {
        for (int i = from; i < Math.min(from + PART, slots.length); i++) {
          fill(i, slots[i]);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private void fill(int i, int slot) throws IOException {
      int image = order.image(step, slot);
      Pixels.toFloats(images.image(image), 0, pixels, i * size, size);
      if (augmentLabels != null) {
        augmentLabels[i] = augment(slot, i * size);
      }
      if (classLabels != null) {
        classLabels[i] = index.label(image);
      }
      normal[i] = Batch.draw(seed, step, slot, eps, i * size, size);
    }

    /** Transforms an image in place; returns what the network is told about it. */
    private float[] augment(int slot, int at) {
      AugmentationDraw draw = AugmentationDraw.of(seed, step, slot, settings.augment());
      ImageShape shape = index.shape();
      float[] image = Arrays.copyOfRange(pixels, at, at + size);
      float[] transformed =
          Augmentation.apply(image, shape.channels(), shape.height(), shape.width(), draw);
      System.arraycopy(transformed, 0, pixels, at, size);
      return draw.labels();
    }

    Batch batch() {
      long[] positions = Arrays.stream(slots).asLongStream().toArray();
      Conditioning conditioning =
          new Conditioning(classLabels, augmentLabels)
              .dropLabels(settings.labelDropout(), seed, step, positions);
      return new Batch(pixels, conditioning, positions, normal, eps);
    }
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
