package dev.ect.spark.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.model.network.Network;
import dev.ect.spark.config.ConfigSources;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.config.ObjectiveConfig;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;

class MemorySettingsTest {
  private static final MemoryPlan.Host NOBODY = new MemoryPlan.Host(name -> null, 0, 0);

  private static MemorySettings settings(int executors, boolean gpu, String... overrides) {
    JobConfig config =
        JobConfig.of(
            ObjectiveConfig.Kind.TUNING,
            ConfigSources.overrides(List.of(overrides)),
            ConfigSources.file("cifar10"));
    Network network = Network.of(config.network().spec(32, 3, 0, config.objective()));
    return MemorySettings.of(config, network, executors, gpu);
  }

  private static SparkConf conf(String master, Map<String, String> settings) {
    SparkConf conf = new SparkConf(false).set("spark.master", master);
    settings.forEach(conf::set);
    return conf.set("spark.kubernetes.executor.podTemplateFile", "deploy/kubernetes/executor.yaml");
  }

  @Test
  void aRunWithThemHasNothingToWarnOf() {
    for (int executors : List.of(1, 4, 64)) {
      for (boolean gpu : List.of(false, true)) {
        MemorySettings settings = settings(executors, gpu);
        for (String master : List.of("yarn", "k8s://https://h", "spark://h:7077")) {
          assertEquals(
              List.of(),
              settings.plan().warnings(conf(master, settings.settings()), NOBODY),
              () -> settings + " on " + master);
        }
      }
    }
  }

  @Test
  void areNoLargerThanTheNextGibibyteNeeds() {
    MemorySettings settings = settings(4, false);
    Map<String, String> less = new LinkedHashMap<>(settings.settings());
    assertEquals(32, settings.round());
    for (String key : List.of("spark.executor.memory", "spark.executor.memoryOverhead")) {
      long gib = Long.parseLong(less.get(key).replace("g", ""));
      less.put(key, (long) (1024 * (gib - 1) / 1.1) - 1 + "m");
    }
    assertEquals(2, settings.plan().warnings(conf("yarn", less), NOBODY).size(), less::toString);
  }

  @Test
  void weightsAndActivationsAreWhereTheyAreComputed() {
    MemorySettings cpu = settings(4, false);
    MemorySettings gpu = settings(4, true);
    assertEquals(0, cpu.gpuBytes());
    assertTrue(gpu.gpuBytes() > cpu.plan().nativeBytes() * 0.99, gpu::toString);
    assertEquals(0, gpu.plan().nativeBytes());
    assertEquals(
        "-Dorg.bytedeco.javacpp.maxbytes=0 -Dorg.bytedeco.javacpp.maxphysicalbytes=0",
        gpu.settings().get("spark.executor.extraJavaOptions"));
    MemorySettings half = settings(4, true, "engine.precision=bfloat16");
    assertTrue(half.gpuBytes() < 0.7 * gpu.gpuBytes(), half::toString);
  }

  @Test
  void linesAreThoseOfSparksDefaults() {
    List<String> lines = settings(4, false).lines();
    assertEquals("# 4 executors, 32 images per round, on CPUs", lines.get(0));
    List<String> settings = lines.stream().filter(line -> !line.startsWith("#")).toList();
    assertTrue(settings.stream().allMatch(line -> line.matches("spark\\.[A-Za-z.]+ +\\S.*")));
    assertEquals(5, settings.size());
    String options = lines.get(lines.size() - 1);
    assertTrue(options.contains("--conf spark.executor.memory="), options);
    assertTrue(options.endsWith("g'"), options);
  }
}
