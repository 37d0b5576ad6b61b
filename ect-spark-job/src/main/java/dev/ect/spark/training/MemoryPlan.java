package dev.ect.spark.training;

import dev.ect.model.network.Network;
import dev.ect.spark.evaluation.NetworkCost;
import dev.ect.spark.exchange.ParameterServerNode;
import java.io.File;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import org.apache.spark.SparkConf;

/**
 * What memory a replica needs, roughly, held against the limits that a cluster or a JVM enforces:
 * trouble is said before the start instead of a container being killed after an hour.
 *
 * @param executors number of replicas
 * @param nativeBytes outside the heap, of one replica
 * @param copyBytes on the heap, of one replica: copies for checkpoints, buffers of the exchange
 * @param sharedBytes in Aeron's files, of one replica: on Linux memory, in /dev/shm
 * @param cacheBytes of decoded images on the heap, of one replica
 */
public record MemoryPlan(
    int executors, double nativeBytes, double copyBytes, double sharedBytes, double cacheBytes) {
  private static final double MIB = 1 << 20;
  private static final double GIB = 1 << 30;

  /** Outside the heap before any training: the JVM's own and the engine's libraries. */
  private static final double BASE = 0.75 * GIB;

  /** Of the heap, for everything else: Spark, batches, files under way. */
  private static final double WORKING_HEAP = 0.75 * GIB;

  /** Weights, EMA and two moments, which the first replica copies beside further averages. */
  private static final int CHECKPOINT_VECTORS = 4;

  /** What a pod's /dev/shm holds where nothing is mounted there. */
  private static final double POD_SHARED = 64 * MIB;

  /** Spark's defaults. */
  private static final double MIN_OVERHEAD = 384 * MIB;

  private static final double OVERHEAD_FACTOR = 0.1;

  private static final String VOLUMES = "spark.kubernetes.executor.volumes.";

  /**
   * This machine and JVM, which count where Spark runs in the driver's process.
   *
   * @param property its system properties; null for those that are not set
   * @param heapBytes largest size
   * @param sharedBytes free in /dev/shm; infinite where there is none
   */
  public record Host(UnaryOperator<String> property, double heapBytes, double sharedBytes) {
    /** As it is now. */
    public static Host here() {
      File shared = new File("/dev/shm");
      return new Host(
          System::getProperty,
          Runtime.getRuntime().maxMemory(),
          shared.isDirectory() ? shared.getUsableSpace() : Double.POSITIVE_INFINITY);
    }
  }

  /**
   * Estimates what a run needs.
   *
   * @param emas further moving averages of the weights
   * @param round images per round
   * @param cacheBytes of decoded images that a replica will keep: the limit of the cache, or its
   *     share of the dataset where that is smaller
   * @param gpu whether the network is trained in a GPU's memory
   */
  public static MemoryPlan of(
      Network network, int emas, int round, int executors, double cacheBytes, boolean gpu) {
    long parameters = network.parameters().size();
    double training = gpu ? 0 : NetworkCost.of(network).trainingBytes(parameters, emas, round);
    double copies = (CHECKPOINT_VECTORS + emas) * Float.BYTES * (double) parameters;
    boolean alone = executors == 1;
    return new MemoryPlan(
        executors,
        training,
        copies + (alone ? 0 : ParameterServerNode.heapBytes()),
        alone ? 0 : ParameterServerNode.fileBytes(executors),
        cacheBytes);
  }

  /** What a replica needs of the heap, roughly. */
  double heapBytes() {
    return cacheBytes + copyBytes + WORKING_HEAP;
  }

  /** What a replica needs outside the heap, with Aeron's files, roughly. */
  double outsideBytes() {
    return nativeBytes + sharedBytes + BASE;
  }

  /**
   * What is likely to go wrong, a line each, with what to set; empty if nothing.
   *
   * @param conf Spark's settings, with the master
   * @param host counts for local masters only
   */
  public List<String> warnings(SparkConf conf, Host host) {
    List<String> said = new ArrayList<>();
    boolean local = conf.get("spark.master").matches("local(\\[.*])?");
    double replicas = local ? executors : 1;
    Limits limits = local ? Limits.of(host) : Limits.of(conf);
    double outside = replicas * nativeBytes + BASE;
    String who = local ? "this process" : "an executor";
    overhead(conf, said);
    boolean stopped =
        (limits.tracked() > 0 && outside > limits.tracked())
            || (limits.physical() > 0 && outside + limits.heap() > limits.physical());
    if (limits.known() && stopped) {
      said.add(
          String.format(
              Locale.ROOT,
              "%s needs about %s of native memory beside %s of heap, but JavaCPP stops at %s, or at"
                  + " %s with the heap; add -Dorg.bytedeco.javacpp.maxbytes=0"
                  + " -Dorg.bytedeco.javacpp.maxphysicalbytes=0 to %s",
              who,
              size(outside),
              size(limits.heap()),
              limit(limits.tracked()),
              limit(limits.physical()),
              local ? "the JVM's options" : "spark.executor.extraJavaOptions"));
    }
    double rest = replicas * copyBytes + WORKING_HEAP;
    double heap = replicas * cacheBytes + rest;
    if (heap > limits.heap()) {
      double room = Math.max(0, limits.heap() - rest) / replicas;
      said.add(
          String.format(
              Locale.ROOT,
              "the heap of %s is %s, but cached images take up to %s of it and everything else"
                  + " about %s; set %s=%s, or data.cache-mib=%d",
              who,
              size(limits.heap()),
              size(replicas * cacheBytes),
              size(rest),
              local ? "spark.driver.memory" : "spark.executor.memory",
              setting(heap),
              (long) (room / MIB)));
    }
    shared(conf, host, local, limits, said);
    return List.copyOf(said);
  }

  /** YARN and Kubernetes end containers that outgrow heap and overhead. */
  private void overhead(SparkConf conf, List<String> said) {
    String master = conf.get("spark.master");
    boolean kubernetes = master.startsWith("k8s:");
    if (!kubernetes && !master.startsWith("yarn")) {
      return;
    }
    double heap = conf.getSizeAsMb("spark.executor.memory", "1g") * MIB;
    double factor =
        conf.getDouble(
            "spark.executor.memoryOverheadFactor",
            kubernetes
                ? conf.getDouble("spark.kubernetes.memoryOverheadFactor", OVERHEAD_FACTOR)
                : OVERHEAD_FACTOR);
    double given =
        conf.contains("spark.executor.memoryOverhead")
            ? conf.getSizeAsMb("spark.executor.memoryOverhead") * MIB
            : Math.max(factor * heap, MIN_OVERHEAD);
    double outside = outsideBytes();
    if (outside > given) {
      said.add(
          String.format(
              Locale.ROOT,
              "an executor needs about %s outside its heap, but %s ends it beyond %s; set"
                  + " spark.executor.memoryOverhead=%s",
              size(outside),
              kubernetes ? "Kubernetes" : "YARN",
              size(given),
              setting(outside)));
    }
  }

  private void shared(SparkConf conf, Host host, boolean local, Limits limits, List<String> said) {
    if (limits.aeronElsewhere()) {
      return;
    }
    if (local && executors * sharedBytes > host.sharedBytes()) {
      said.add(
          String.format(
              Locale.ROOT,
              "the exchange keeps about %s in /dev/shm, where %s are free; add -Daeron.dir=<folder>"
                  + " to the JVM's options, or make room there",
              size(executors * sharedBytes),
              size(host.sharedBytes())));
    }
    if (conf.get("spark.master").startsWith("k8s:")
        && sharedBytes > POD_SHARED
        && !conf.contains("spark.kubernetes.executor.podTemplateFile")
        && !mountsShared(conf)) {
      said.add(
          String.format(
              Locale.ROOT,
              "the exchange keeps about %s in /dev/shm, where a pod has %s; set"
                  + " %semptyDir.shm.mount.path=/dev/shm and %semptyDir.shm.options.medium=Memory",
              size(sharedBytes),
              size(POD_SHARED),
              VOLUMES,
              VOLUMES));
    }
  }

  private static boolean mountsShared(SparkConf conf) {
    return Arrays.stream(conf.getAllWithPrefix(VOLUMES))
        .anyMatch(e -> e._1().endsWith(".mount.path") && e._2().equals("/dev/shm"));
  }

  private static String limit(double bytes) {
    return bytes > 0 ? size(bytes) : "no limit";
  }

  static String size(double bytes) {
    return bytes < GIB
        ? String.format(Locale.ROOT, "%.0f MiB", bytes / MIB)
        : String.format(Locale.ROOT, "%.1f GiB", bytes / GIB);
  }

  /** With a tenth to spare, in whole GiB. */
  static long settingGib(double bytes) {
    return (long) Math.ceil(1.1 * bytes / GIB);
  }

  static String setting(double bytes) {
    return settingGib(bytes) + "g";
  }
}
