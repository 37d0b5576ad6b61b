package dev.ect.spark.training;

import dev.ect.model.engine.Precision;
import dev.ect.model.network.Network;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.evaluation.NetworkCost;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Spark's memory settings for a run, derived from its network, batch and device by {@link
 * MemoryPlan}: what a run warns about where it is missing, with a tenth to spare.
 *
 * @param executors that tune together
 * @param round images that one of them has in memory at a time
 * @param plan what one of them needs
 * @param parameters of the network
 * @param gpuBytes of a GPU's memory, roughly; 0 on the CPU
 */
public record MemorySettings(
    int executors, int round, MemoryPlan plan, long parameters, double gpuBytes) {
  private static final double MIB = 1 << 20;
  private static final double GIB = 1 << 30;

  /** Spark's own part of the driver's heap, and sums of an evaluation. */
  private static final double DRIVER_HEAP = 0.75 * GIB;

  /** Copies of the weights on the driver's heap while they are broadcast. */
  private static final int DRIVER_VECTORS = 3;

  /** Outside the driver's heap: the JVM's own, libraries, the root of the exchange. */
  private static final double DRIVER_OUTSIDE = 0.75 * GIB;

  /** CUDA's libraries and context on the host; an assumption. */
  private static final double GPU_OUTSIDE = 2 * GIB;

  private static final String OPTIONS = "spark.executor.extraJavaOptions";

  /**
   * Derives the settings of a run whose dataset may be larger than the images that executors keep.
   *
   * @param executors that tune together
   * @param gpu whether they have one each
   */
  public static MemorySettings of(JobConfig config, Network network, int executors, boolean gpu) {
    int emas = config.objective().emas().size();
    int share = Math.max(1, config.objective().batch() / executors);
    int round = Math.min(config.objective().batchGpu(), share);
    MemoryPlan plan =
        MemoryPlan.of(network, emas, round, executors, config.data().cacheMib() * MIB, gpu);
    long parameters = network.parameters().size();
    NetworkCost cost = NetworkCost.of(network);
    double bytes = 0;
    if (gpu) {
      double vectors = cost.trainingBytes(parameters, emas, 0);
      double activations = cost.trainingBytes(parameters, emas, round) - vectors;
      boolean half = config.engine().precision() == Precision.BFLOAT16;
      bytes = vectors + (half ? activations / 2 : activations);
    }
    return new MemorySettings(executors, round, plan, parameters, bytes);
  }

  /** Spark's settings by their names. */
  public Map<String, String> settings() {
    double weights = (double) Float.BYTES * parameters;
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("spark.driver.memory", MemoryPlan.setting(DRIVER_HEAP + DRIVER_VECTORS * weights));
    settings.put("spark.driver.memoryOverhead", MemoryPlan.setting(DRIVER_OUTSIDE));
    settings.put("spark.executor.memory", MemoryPlan.setting(plan.heapBytes()));
    settings.put("spark.executor.memoryOverhead", MemoryPlan.setting(outsideBytes()));
    settings.put(OPTIONS, limits());
    return settings;
  }

  private double outsideBytes() {
    return plan.outsideBytes() + (gpuBytes > 0 ? GPU_OUTSIDE : 0);
  }

  /** JavaCPP's, which end a run with a line instead of the container with none. */
  private String limits() {
    long outside = MemoryPlan.settingGib(outsideBytes());
    long all = outside + MemoryPlan.settingGib(plan.heapBytes());
    boolean gpu = gpuBytes > 0;
    return String.format(
        Locale.ROOT,
        "-Dorg.bytedeco.javacpp.maxbytes=%s -Dorg.bytedeco.javacpp.maxphysicalbytes=%s",
        gpu ? "0" : outside + "g",
        gpu ? "0" : all + "g");
  }

  /** The settings as lines of spark-defaults.conf, and as options of spark-submit. */
  public List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.add(
        String.format(
            Locale.ROOT,
            "# %d executor%s, %d images per round, %s",
            executors,
            executors == 1 ? "" : "s",
            round,
            gpuBytes > 0
                ? "on a GPU each: about " + MemoryPlan.size(gpuBytes) + " of its memory"
                : "on CPUs"));
    lines.add(
        String.format(
            Locale.ROOT,
            "# an executor's heap: about %s of cached images (data.cache-mib), %s of copies and"
                + " buffers",
            MemoryPlan.size(plan.cacheBytes()),
            MemoryPlan.size(plan.heapBytes() - plan.cacheBytes())));
    lines.add(
        String.format(
            Locale.ROOT,
            "# outside its heap: about %s, of it %s in /dev/shm for the exchange",
            MemoryPlan.size(outsideBytes()),
            MemoryPlan.size(plan.sharedBytes())));
    if (gpuBytes > 0) {
      lines.add("# JavaCPP without limits: CUDA maps more than it uses");
    }
    settings()
        .forEach((key, value) -> lines.add(String.format(Locale.ROOT, "%-32s %s", key, value)));
    lines.add(
        "# for spark-submit: "
            + settings().entrySet().stream()
                .map(e -> "--conf " + quoted(e.getKey() + "=" + e.getValue()))
                .collect(Collectors.joining(" ")));
    return lines;
  }

  private static String quoted(String word) {
    return word.contains(" ") ? "'" + word + "'" : word;
  }
}
