package dev.ect.spark.cli;

import dev.ect.model.checkpoint.NetworkSnapshot;
import dev.ect.model.dataset.EdmDatasetWriter;
import dev.ect.model.dataset.ImageShape;
import dev.ect.model.dataset.Pixels;
import dev.ect.model.engine.Engine;
import dev.ect.model.io.BadFileException;
import dev.ect.model.io.Store;
import dev.ect.model.random.Philox;
import dev.ect.model.random.Purpose;
import dev.ect.model.sampling.FewStepSampler;
import dev.ect.model.sampling.ImageGrid;
import dev.ect.spark.config.UserError;
import dev.ect.spark.evaluation.Generator;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.LongStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Generates images. */
@Command(name = "sample", description = "Generates images with a tuned network.")
final class SampleCommand implements Callable<Integer> {
  private final PrintStream out;

  @Option(
      names = "--network",
      required = true,
      paramLabel = "FILE",
      description = "Network snapshot.")
  private String network;

  @Option(
      names = "--num",
      defaultValue = "64",
      description = "Images; numbered from 0. Default: ${DEFAULT-VALUE}.")
  private int num;

  @Option(
      names = "--seeds",
      defaultValue = "0",
      split = ",",
      description = "Seed of the set; several make a set each. Default: ${DEFAULT-VALUE}.")
  private List<Long> seeds;

  @Option(
      names = "--mid-t",
      split = ",",
      paramLabel = "T",
      description = "Intermediate times, such as 0.821; none for one step.")
  private List<Double> midT = List.of();

  @Option(
      names = "--classes",
      split = ",",
      description = "Class of image i: the i-th of these, repeating. Random unless given.")
  private List<Integer> classes = List.of();

  @Option(names = "--grid", paramLabel = "PNG", description = "Writes all images as one.")
  private String grid;

  @Option(
      names = "--out",
      paramLabel = "PATH",
      description = "Writes an EDM dataset: a .zip, else a folder.")
  private String dataset;

  @Mixin private EngineOptionsMixin engines;

  SampleCommand(PrintStream out) {
    this.out = out;
  }

  @Override
  public Integer call() throws IOException {
    List<String> problems = new ArrayList<>();
    if (num < 1) {
      problems.add("--num is " + num + "; expected at least 1");
    }
    for (double t : midT) {
      if (!(t > 0 && t < FewStepSampler.T_MAX)) {
        problems.add("--mid-t is " + t + "; expected more than 0 and less than 80");
      }
    }
    if (grid == null && dataset == null) {
      problems.add("neither --grid nor --out is given; expected at least one of them");
    }
    if (seeds.size() > 1 && dataset != null) {
      problems.add("--out takes one set; expected a single seed in --seeds");
    }
    Store store = Stores.open();
    if (!store.exists(network)) {
      problems.add(network + ": no such network snapshot (--network)");
    } else if (!classes.isEmpty()) {
      checkClasses(store, problems);
    }
    for (String target : new String[] {grid, dataset}) {
      if (target != null && store.exists(target)) {
        problems.add(target + ": exists already; expected a new name");
      }
    }
    if (!problems.isEmpty()) {
      throw new UserError(problems);
    }
    try (Engine engine = engines.open();
        LoadedNetwork loaded = LoadedNetwork.open(store, network, engine)) {
      long begin = System.nanoTime();
      List<float[]> images = new ArrayList<>();
      List<Integer> drawn = new ArrayList<>();
      for (long seed : seeds) {
        generate(loaded, seed, images, drawn);
      }
      write(store, loaded, images, drawn);
      double seconds = (System.nanoTime() - begin) / 1e9;
      out.printf(
          Locale.ROOT,
          "%d images in %d steps on %s (%s): %.1f images per second%n",
          images.size(),
          midT.size() + 1,
          engine.name(),
          engine.device(),
          images.size() / seconds);
    }
    return 0;
  }

  private void checkClasses(Store store, List<String> problems) throws IOException {
    int labelDim;
    try (NetworkSnapshot snapshot = NetworkSnapshot.open(store, network)) {
      labelDim = snapshot.spec().labelDim();
    } catch (BadFileException e) {
      problems.add(e.getMessage());
      return;
    }
    if (labelDim == 0) {
      problems.add(network + ": is unconditional; expected no --classes");
      return;
    }
    for (int each : classes) {
      if (each < 0 || each >= labelDim) {
        problems.add("--classes has " + each + "; expected 0 to " + (labelDim - 1));
      }
    }
  }

  private void generate(
      LoadedNetwork loaded, long seed, List<float[]> images, List<Integer> drawn) {
    int labelDim = loaded.spec().labelDim();
    int[] classOf = new int[num];
    float[][] labels = labelDim == 0 ? null : new float[num][labelDim];
    for (int i = 0; i < num && labelDim > 0; i++) {
      classOf[i] =
          classes.isEmpty()
              ? new Philox(seed, Purpose.SAMPLE_LABELS, 0, i).nextInt(labelDim)
              : classes.get(i % classes.size());
      labels[i][classOf[i]] = 1;
    }
    float[][] generated =
        Generator.generate(
            loaded.denoiser(), midT, seed, LongStream.range(0, num).toArray(), labels);
    for (int i = 0; i < num; i++) {
      images.add(generated[i]);
      drawn.add(labelDim == 0 ? -1 : classOf[i]);
    }
  }

  private void write(Store store, LoadedNetwork loaded, List<float[]> images, List<Integer> drawn)
      throws IOException {
    ImageShape shape =
        ImageShape.square(loaded.spec().imgChannels(), loaded.spec().imgResolution());
    if (grid != null) {
      int columns = (int) Math.ceil(Math.sqrt(images.size()));
      byte[][] pixels = images.stream().map(Pixels::toGridBytes).toArray(byte[][]::new);
      ImageGrid.write(store, grid, pixels, shape, columns, 1);
      out.println("wrote " + grid);
    }
    if (dataset != null) {
      EdmDatasetWriter.write(
          store,
          dataset,
          writer -> {
            for (int i = 0; i < images.size(); i++) {
              // Metrics are taken of datasets.
              byte[] pixels = Pixels.toMetricBytes(images.get(i));
              if (drawn.get(i) < 0) {
                writer.add(i, shape, pixels);
              } else {
                writer.add(i, shape, pixels, drawn.get(i));
              }
            }
          });
      out.println("wrote " + dataset);
    }
  }
}
