package dev.ect.spark.data;

import dev.ect.model.dataset.Augmentation;
import dev.ect.model.dataset.AugmentationDraw;
import dev.ect.model.dataset.DatasetIndex;
import dev.ect.model.dataset.DatasetIndexer;
import dev.ect.model.dataset.DatasetOptions;
import dev.ect.model.dataset.ImageDecoder;
import dev.ect.model.dataset.ImageReader;
import dev.ect.model.dataset.ImageShape;
import dev.ect.model.dataset.LabelUse;
import dev.ect.model.dataset.Pixels;
import dev.ect.model.dataset.VirtualShards;
import dev.ect.model.io.Store;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/** Times the way of images from a dataset to a training step: its parts, and the whole. */
public final class DataBenchmark {
  private static final int AT_A_TIME = 32;
  private static final double NANOS = 1e9;

  private final Store store;
  private final Plan plan;
  private final BatchSettings settings;

  /**
   * What to measure.
   *
   * @param images of the dataset that are used at most
   * @param batch images per step
   * @param shards virtual shards at most
   * @param augment probability with which augmentation is timed by itself; the whole way takes the
   *     settings'
   * @param threads numbers of threads, each a row
   * @param seconds that a row is timed for, after half of that to warm up; the cold pass takes as
   *     long as it takes
   */
  public record Plan(
      int images, int batch, int shards, double augment, List<Integer> threads, double seconds) {}

  /**
   * What was measured.
   *
   * @param stage {@code read}: files out of the dataset; {@code decode}: to pixels; {@code
   *     augment}; {@code assemble}: batches of decoded images without augmentation, with noise
   *     drawn; {@code cold}: the whole way of images seen for the first time; {@code warm}: again,
   *     when they are decoded already
   * @param storage {@code zip} or {@code folder}; empty where the images are in memory
   * @param threads that worked
   * @param imagesPerSecond all of them together
   * @param perThread imagesPerSecond / threads
   * @param megabytesPerSecond of image files, 10^6 bytes; 0 where none are touched
   */
  public record Row(
      String stage,
      String storage,
      int threads,
      double imagesPerSecond,
      double perThread,
      double megabytesPerSecond) {}

  /** One thing done with an image. */
  private interface Work {
    void on(int image) throws IOException;
  }

  /**
   * @param settings their threads are replaced by the plan's, and the cache holds everything
   */
  public DataBenchmark(Store store, Plan plan, BatchSettings settings) {
    this.store = store;
    this.plan = plan;
    this.settings = settings;
  }

  /** Writes images like CIFAR-10's to measure with: 32x32 PNGs, compressed, of ten classes. */
  public static void synthesize(Store store, String path, int count) throws IOException {
    NaturalNoise.write(store, path, ImageShape.square(3, 32), count);
  }

  /** What is there to be measured. */
  public DatasetIndex index(String path) throws IOException {
    LabelUse labels = settings.labels() ? LabelUse.REQUIRE : LabelUse.IGNORE;
    return DatasetIndexer.index(store, path, new DatasetOptions(labels, false, plan.images(), 0));
  }

  /** Times what does not depend on where the images lie: decode, augment, assemble. */
  public void inMemory(DatasetIndex index, Consumer<Row> rows)
      throws IOException, InterruptedException {
    byte[][] files = files(index);
    ImageShape shape = index.shape();
    float[] pixels = new float[shape.size()];
    byte[] first = ImageDecoder.decode(index.imageName(0), files[0], shape.channels()).pixels();
    Pixels.toFloats(first, 0, pixels, 0, pixels.length);
    double bytes = meanBytes(files);
    for (int threads : plan.threads()) {
      double decoded =
          rate(
              threads,
              i ->
                  ImageDecoder.decode(
                      index.imageName(i % files.length),
                      files[i % files.length],
                      shape.channels()));
      rows.accept(row("decode", "", threads, decoded, bytes));
      double augmented =
          rate(
              threads,
              i ->
                  Augmentation.apply(
                      pixels,
                      shape.channels(),
                      shape.height(),
                      shape.width(),
                      AugmentationDraw.of(0, 0, i, plan.augment())));
      rows.accept(row("augment", "", threads, augmented, 0));
      try (BatchLoader loader = loader(index, threads, 0)) {
        pass(loader, index);
        rows.accept(row("assemble", "", threads, warm(loader, index), 0));
      }
    }
  }

  /** Times what does: read, cold, warm. */
  public void stored(DatasetIndex index, Consumer<Row> rows)
      throws IOException, InterruptedException {
    String storage = index.kind().name().toLowerCase(Locale.ROOT);
    double bytes = meanBytes(files(index));
    for (int threads : plan.threads()) {
      try (ImageReader reader = new ImageReader(store, index)) {
        double read = rate(threads, i -> reader.encoded(i % index.size()));
        rows.accept(row("read", storage, threads, read, bytes));
      }
      try (BatchLoader loader = loader(index, threads, settings.augment())) {
        long begin = System.nanoTime();
        long images = pass(loader, index);
        double cold = images / ((System.nanoTime() - begin) / NANOS);
        rows.accept(row("cold", storage, threads, cold, bytes));
        rows.accept(row("warm", storage, threads, warm(loader, index), 0));
      }
    }
  }

  private static Row row(
      String stage, String storage, int threads, double perSecond, double bytes) {
    return new Row(
        stage, storage, threads, perSecond, perSecond / threads, perSecond * bytes / 1e6);
  }

  /** The files of all images, which are in the system's cache after that. */
  private byte[][] files(DatasetIndex index) throws IOException {
    byte[][] files = new byte[index.size()][];
    try (ImageReader reader = new ImageReader(store, index)) {
      for (int i = 0; i < files.length; i++) {
        files[i] = reader.encoded(i);
      }
    }
    return files;
  }

  private static double meanBytes(byte[][] files) {
    long sum = 0;
    for (byte[] file : files) {
      sum += file.length;
    }
    return (double) sum / files.length;
  }

  private BatchLoader loader(DatasetIndex index, int threads, double augment) throws IOException {
    VirtualShards shards = shards(index);
    BatchSettings own =
        new BatchSettings(
            settings.labels(),
            settings.labelDropout(),
            augment,
            Long.MAX_VALUE / 2,
            threads,
            settings.prefetch());
    return new BatchLoader(store, index, shards, Slice.slots(shards, 0, 1), own);
  }

  private VirtualShards shards(DatasetIndex index) {
    return VirtualShards.of(index.size(), plan.shards(), plan.batch(), 0);
  }

  /** Takes every image of the dataset once, up to parts of a batch; says how many. */
  private long pass(BatchLoader loader, DatasetIndex index)
      throws IOException, InterruptedException {
    long steps = steps(index);
    for (long step = 0; step < steps; step++) {
      loader.take(step);
    }
    return steps * plan.batch();
  }

  private long steps(DatasetIndex index) {
    return Math.max(1, index.size() / plan.batch());
  }

  /** Goes on after a pass; images per second. */
  private double warm(BatchLoader loader, DatasetIndex index)
      throws IOException, InterruptedException {
    long step = steps(index);
    // The next pass finds the few images that the first one left.
    for (long first = step; step < 2 * first + 1; step++) {
      loader.take(step);
    }
    long begin = System.nanoTime();
    long images = 0;
    while (images == 0 || System.nanoTime() - begin < plan.seconds() * NANOS) {
      images += loader.take(step++).size();
    }
    return images / ((System.nanoTime() - begin) / NANOS);
  }

  /** Images per second that several threads do together. */
  private double rate(int threads, Work work) throws IOException, InterruptedException {
    ExecutorService workers = Executors.newFixedThreadPool(threads);
    try {
      List<Callable<Double>> tasks = new ArrayList<>();
      for (int thread = 0; thread < threads; thread++) {
        int from = thread * (plan.images() / threads);
        tasks.add(
            () -> {
              repeat(plan.seconds() / 2, from, work);
              return repeat(plan.seconds(), from, work);
            });
      }
      double sum = 0;
      for (Future<Double> each : workers.invokeAll(tasks)) {
        sum += each.get();
      }
      return sum;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException failure) {
        throw failure;
      }
      throw new IllegalStateException(e.getCause());
    } finally {
      workers.shutdownNow();
    }
  }

  private static double repeat(double seconds, int from, Work work) throws IOException {
    long begin = System.nanoTime();
    int done = 0;
    long elapsed;
    do {
      for (int i = 0; i < AT_A_TIME; i++) {
        work.on((from + done++) & Integer.MAX_VALUE);
      }
      elapsed = System.nanoTime() - begin;
    } while (elapsed < seconds * NANOS);
    return done / (elapsed / NANOS);
  }
}
