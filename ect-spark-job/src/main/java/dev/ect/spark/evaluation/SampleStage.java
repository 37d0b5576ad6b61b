package dev.ect.spark.evaluation;

import dev.ect.model.dataset.EdmDatasetWriter;
import dev.ect.model.dataset.ImageShape;
import dev.ect.model.io.Store;
import dev.ect.model.network.Network;
import dev.ect.model.network.NetworkSpec;
import dev.ect.model.sampling.ImageGrid;
import dev.ect.spark.config.EngineConfig;
import dev.ect.spark.data.HadoopStore;
import dev.ect.spark.report.StageProgress;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.storage.StorageLevel;

/**
 * Generates images on Spark's executors, to be kept. They stay on the executors' disks until the
 * driver, which alone needs to reach the target, has written them in order.
 *
 * @param network snapshot
 * @param ranges numbers of the images, rising
 * @param midT intermediate times; empty for one step
 * @param seed of the whole set
 * @param labels which the images have
 * @param engine what computes
 * @param batch images at once; 0 for automatic
 * @param executors that are expected
 * @param threads CPU threads of a task; 0 for all cores of the executor
 */
public record SampleStage(
    String network,
    List<ImageRange> ranges,
    List<Double> midT,
    long seed,
    SampleLabels labels,
    EngineConfig engine,
    int batch,
    int executors,
    int threads) {
  private static final long MOST_BYTES = 32L << 20;

  /**
   * Where the images go.
   *
   * @param dataset an EDM dataset, a {@code .zip} or else a folder; empty for none
   * @param grid a PNG of all of them; empty for none
   */
  public record Target(String dataset, String grid) {}

  /**
   * Generates.
   *
   * @param out for progress
   * @throws dev.ect.spark.config.UserError if something is wrong with the files
   */
  public void run(JavaSparkContext spark, HadoopStore store, Target target, PrintStream out)
      throws IOException {
    NetworkCopy copy = NetworkCopy.read(store, network);
    NetworkSpec spec = copy.spec();
    ImageShape shape = ImageShape.square(spec.imgChannels(), spec.imgResolution());
    Broadcast<NetworkCopy> weights = spark.broadcast(copy);
    Broadcast<SampleLabels> shared = spark.broadcast(labels);
    try {
      Probe.Found found = Probe.require(spark, engine, threads, Detectors.NONE, shape);
      int size = batch > 0 ? batch : BatchSize.of(NetworkCost.of(Network.of(spec)), found.gpu());
      boolean grids = !target.grid().isEmpty();
      GeneratedImages source =
          new GeneratedImages(weights, shared, List.of(midT), seed, engine, shape, grids);
      out.println("engine " + found.engine() + ", " + size + " images at once");
      generate(spark, store, source, size, target, out);
    } catch (Exception e) {
      throw StageFailure.explained(e);
    } finally {
      if (!spark.sc().isStopped()) {
        weights.destroy();
        shared.destroy();
      }
    }
  }

  private void generate(
      JavaSparkContext spark,
      HadoopStore store,
      GeneratedImages source,
      int size,
      Target target,
      PrintStream out)
      throws IOException {
    List<ImageRange> batches =
        ranges.stream().flatMap(range -> range.batches(size).stream()).toList();
    long count = ranges.stream().mapToLong(ImageRange::count).sum();
    try (JobGroup group = new JobGroup(spark.sc(), "generating images");
        StageProgress progress =
            new StageProgress(spark.sc(), out, "generating", count, "images")) {
      JavaRDD<SampleTask.Images> images =
          spark
              .parallelize(batches, partitions(spark, batches.size(), count, source))
              .mapPartitions(new SampleTask(source, threads, progress.counter()));
      if (target.dataset().isEmpty() && !source.grids()) {
        images.count();
        progress.finished();
        return;
      }
      images.persist(StorageLevel.DISK_ONLY());
      try {
        images.count();
        progress.finished();
        write(store, images, source, target, out);
      } finally {
        if (!spark.sc().isStopped()) {
          images.unpersist(false);
        }
      }
    }
  }

  /** The driver takes the images a partition at a time: none may be large. */
  private int partitions(JavaSparkContext spark, int batches, long count, GeneratedImages source) {
    long bytes = count * source.shape().size() * (source.grids() ? 2 : 1);
    int least = FeatureStage.partitions(spark, batches, count, executors);
    return (int) Math.min(batches, Math.max(least, bytes / MOST_BYTES));
  }

  private void write(
      HadoopStore store,
      JavaRDD<SampleTask.Images> images,
      GeneratedImages source,
      Target target,
      PrintStream out)
      throws IOException {
    if (!target.dataset().isEmpty()) {
      EdmDatasetWriter.write(
          store, target.dataset(), writer -> write(images, source.shape(), writer));
      out.println("wrote " + target.dataset());
    }
    if (source.grids()) {
      grid(store, target.grid(), images, source.shape());
      out.println("wrote " + target.grid());
    }
  }

  private void write(JavaRDD<SampleTask.Images> images, ImageShape shape, EdmDatasetWriter writer)
      throws IOException {
    for (Iterator<SampleTask.Images> batches = images.toLocalIterator(); batches.hasNext(); ) {
      SampleTask.Images batch = batches.next();
      long[] numbers = batch.range().numbers();
      float[][] vectors = labels.labels(seed, numbers);
      for (int i = 0; i < numbers.length; i++) {
        int number = Math.toIntExact(numbers[i]);
        byte[] image = batch.variants()[0][i];
        int label = labels.classOf(seed, number);
        if (vectors == null) {
          writer.add(number, shape, image);
        } else if (label < 0) {
          writer.add(number, shape, image, vectors[i]);
        } else {
          writer.add(number, shape, image, label);
        }
      }
    }
  }

  private static void grid(
      Store store, String path, JavaRDD<SampleTask.Images> images, ImageShape shape)
      throws IOException {
    List<byte[]> all = new ArrayList<>();
    images.map(batch -> batch.variants()[1]).collect().forEach(some -> all.addAll(List.of(some)));
    int columns = (int) Math.ceil(Math.sqrt(all.size()));
    ImageGrid.write(store, path, all.toArray(byte[][]::new), shape, columns, 1);
  }
}
