package dev.ect.spark.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.model.network.Architecture;
import dev.ect.model.network.Network;
import dev.ect.model.network.NetworkSpec;
import dev.ect.spark.evaluation.NetworkCost;
import dev.ect.spark.exchange.ParameterServerNode;
import java.util.List;
import java.util.Map;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MemoryPlanTest {
  private static final double GIB = 1 << 30;
  private static final String NO_LIMITS =
      "-Dorg.bytedeco.javacpp.maxbytes=0 -Dorg.bytedeco.javacpp.maxphysicalbytes=0";

  /** A replica with 3 GiB native, 0.25 GiB shared and 0.5 GiB of images. */
  private static final MemoryPlan PLAN = new MemoryPlan(2, 3 * GIB, 0, GIB / 4, GIB / 2);

  private static MemoryPlan.Host host(Map<String, String> properties, double heap, double shared) {
    return new MemoryPlan.Host(properties::get, heap * GIB, shared * GIB);
  }

  private static final MemoryPlan.Host NONE = host(Map.of(), 0, 0);

  /** Settings as {@code name=value}, several divided by semicolons. */
  private static SparkConf conf(String master, String settings) {
    SparkConf conf = new SparkConf(false).set("spark.master", master);
    if (settings != null) {
      for (String each : settings.split(";", -1)) {
        String[] pair = each.strip().split("=", 2);
        conf.set(pair[0], pair[1].replace("NO_LIMITS", NO_LIMITS));
      }
    }
    return conf;
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      quoteCharacter = '"',
      value = {
        "yarn, spark.executor.memory=2g, YARN ends it beyond 384 MiB",
        "yarn, spark.executor.memory=20g, YARN ends it beyond 2.0 GiB",
        "yarn, spark.executor.memory=20g;spark.executor.memoryOverheadFactor=0.3, -",
        "yarn, spark.executor.memory=2g;spark.executor.memoryOverhead=3500, YARN ends it beyond 3.4"
            + " GiB",
        "yarn, spark.executor.memory=2g;spark.executor.memoryOverhead=5g, -",
        "k8s://h, spark.executor.memory=4g, Kubernetes ends it beyond 410 MiB",
        "k8s://h, spark.executor.memory=4g;spark.kubernetes.memoryOverheadFactor=0.4, Kubernetes"
            + " ends it beyond 1.6 GiB",
        "k8s://h, spark.executor.memory=4g;spark.kubernetes.memoryOverheadFactor=2, -",
        "spark://h:7077, spark.executor.memory=2g, -",
      })
  void whatAContainerMayTakeBesideItsHeapIsEnforcedOnYarnAndKubernetes(
      String master, String settings, String said) {
    SparkConf conf = conf(master, settings + ";spark.executor.extraJavaOptions=NO_LIMITS");
    conf.set("spark.kubernetes.executor.podTemplateFile", "pod.yaml");
    List<String> expected =
        said == null
            ? List.of()
            : List.of(
                "an executor needs about 4.0 GiB outside its heap, but "
                    + said
                    + "; set spark.executor.memoryOverhead=5g");
    assertEquals(expected, PLAN.warnings(conf, NONE));
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        "spark.executor.memory=2g, 2.0 GiB, 8.0 GiB",
        "spark.executor.memory=4g, -, -",
        "spark.executor.memory=2g;spark.executor.extraJavaOptions=NO_LIMITS, -, -",
        "spark.executor.memory=2g;spark.executor.defaultJavaOptions=NO_LIMITS, -, -",
        "spark.executor.memory=2g;spark.executor.extraJavaOptions=@jvm-options, -, -",
        "spark.executor.memory=2g;spark.executor.extraJavaOptions=-Dorg.bytedeco.javacpp.maxBytes=0"
            + " -Dorg.bytedeco.javacpp.maxbytes=1, -, -",
        "spark.executor.memory=2g;spark.executor.extraJavaOptions=NO_LIMITS"
            + " -Dorg.bytedeco.javacpp.maxbytes=3g, 3.0 GiB, no limit",
        "spark.executor.memory=2g;spark.executor.extraJavaOptions=NO_LIMITS"
            + " -Dorg.bytedeco.javacpp.maxphysicalbytes=250%, no limit, 5.0 GiB",
        "spark.executor.memory=2g;spark.executor.extraJavaOptions=NO_LIMITS"
            + " -Dorg.bytedeco.javacpp.maxphysicalbytes=6144mb, -, -",
      })
  void javaCppsLimitsAreThoseOfTheExecutorsOptions(
      String settings, String tracked, String physical) {
    List<String> expected =
        tracked == null
            ? List.of()
            : List.of(
                "an executor needs about 3.8 GiB of native memory beside 2.0 GiB of heap, but"
                    + " JavaCPP stops at "
                    + tracked
                    + ", or at "
                    + physical
                    + " with the heap; add "
                    + NO_LIMITS
                    + " to spark.executor.extraJavaOptions");
    assertEquals(expected, PLAN.warnings(conf("spark://h:7077", settings), NONE));
  }

  @Test
  void cachedImagesMustFitTheHeap() {
    SparkConf conf =
        conf(
            "spark://h:7077", "spark.executor.memory=1g;spark.executor.extraJavaOptions=NO_LIMITS");
    assertEquals(
        List.of(
            "the heap of an executor is 1.0 GiB, but cached images take up to 512 MiB of it and"
                + " everything else about 768 MiB; set spark.executor.memory=2g, or"
                + " data.cache-mib=256"),
        PLAN.warnings(conf, NONE));
  }

  @Test
  void localReplicasShareOneProcess() {
    SparkConf conf = conf("local[2]", null);
    Map<String, String> unlimited =
        Map.of("org.bytedeco.javacpp.maxbytes", "0", "org.bytedeco.javacpp.maxphysicalbytes", "0");
    assertEquals(List.of(), PLAN.warnings(conf, host(unlimited, 2, 0.5)));
    assertEquals(List.of(), PLAN.warnings(conf, host(Map.of(), 7, 0.5)));
    assertEquals(
        List.of(
            "this process needs about 6.8 GiB of native memory beside 6.0 GiB of heap, but JavaCPP"
                + " stops at 6.0 GiB, or at 24.0 GiB with the heap; add "
                + NO_LIMITS
                + " to the JVM's options"),
        PLAN.warnings(conf, host(Map.of(), 6, 0.5)));
    assertEquals(
        List.of(
            "the heap of this process is 1.5 GiB, but cached images take up to 1.0 GiB of it and"
                + " everything else about 768 MiB; set spark.driver.memory=2g, or"
                + " data.cache-mib=384",
            "the exchange keeps about 512 MiB in /dev/shm, where 410 MiB are free; add"
                + " -Daeron.dir=<folder> to the JVM's options, or make room there"),
        PLAN.warnings(conf, host(unlimited, 1.5, 0.4)));
  }

  @ParameterizedTest
  @CsvSource({
    "spark.x=y, true",
    "spark.kubernetes.executor.volumes.emptyDir.s.mount.path=/dev/shm, false",
    "spark.kubernetes.executor.volumes.emptyDir.s.mount.path=/data, true",
    "spark.kubernetes.executor.podTemplateFile=pod.yaml, false",
    "spark.executor.defaultJavaOptions=-Daeron.dir=/data/aeron, false",
  })
  void aPodNeedsRoomInSharedMemory(String setting, boolean said) {
    SparkConf conf =
        conf(
            "k8s://h",
            "spark.executor.memory=4g;spark.executor.memoryOverhead=5g;"
                + "spark.executor.extraJavaOptions=NO_LIMITS;"
                + setting);
    List<String> expected =
        said
            ? List.of(
                "the exchange keeps about 256 MiB in /dev/shm, where a pod has 64 MiB; set"
                    + " spark.kubernetes.executor.volumes.emptyDir.shm.mount.path=/dev/shm and"
                    + " spark.kubernetes.executor.volumes.emptyDir.shm.options.medium=Memory")
            : List.of();
    assertEquals(expected, PLAN.warnings(conf, NONE));
  }

  @Test
  void theNeedFollowsFromTheNetworkAndTheNumberOfReplicas() {
    Network network = Network.of(NetworkSpec.of(Architecture.DDPMPP, 32, 3, 0));
    double training = NetworkCost.of(network).trainingBytes(55_732_739, 2, 16);
    assertEquals(
        2 * Float.BYTES * 55_732_739.0,
        training - NetworkCost.of(network).trainingBytes(55_732_739, 0, 16),
        1);
    double copies = 6 * Float.BYTES * 55_732_739.0;
    double meeting = copies + ParameterServerNode.heapBytes();
    double files = ParameterServerNode.fileBytes(4);
    assertEquals(
        new MemoryPlan(1, training, copies, 0, 9), MemoryPlan.of(network, 2, 16, 1, 9, false));
    assertEquals(
        new MemoryPlan(4, training, meeting, files, 9), MemoryPlan.of(network, 2, 16, 4, 9, false));
    assertEquals(
        new MemoryPlan(4, 0, meeting, files, 9), MemoryPlan.of(network, 2, 16, 4, 9, true));
  }

  @Test
  void thisMachineSaysWhatItHas() {
    MemoryPlan.Host here = MemoryPlan.Host.here();
    assertEquals((double) Runtime.getRuntime().maxMemory(), here.heapBytes());
    assertEquals(System.getProperty("java.version"), here.property().apply("java.version"));
    assertTrue(here.sharedBytes() >= 0);
  }
}
