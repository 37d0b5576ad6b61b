package dev.ect.spark.evaluation;

import dev.ect.model.engine.Engine;
import dev.ect.model.engine.EngineOptions;
import dev.ect.model.engine.Engines;
import dev.ect.spark.config.EngineConfig;
import java.util.Map;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.resource.ResourceInformation;

/**
 * What a task computes with.
 *
 * @param device that Spark gave the task, or {@code auto}
 * @param threads CPU threads
 */
public record TaskDevice(String device, int threads) {
  private static final String GPU = "gpu";

  /**
   * What Spark gave a task.
   *
   * @param threads CPU threads as planned; 0 for all cores of the executor
   */
  public static TaskDevice of(TaskContext context, int threads) {
    Map<String, ResourceInformation> resources = context.resourcesJMap();
    ResourceInformation gpu = resources.get(GPU);
    String device =
        gpu == null || gpu.addresses().length == 0 ? "auto" : "cuda:" + gpu.addresses()[0];
    return new TaskDevice(device, threads(threads));
  }

  /**
   * CPU threads of the task that calls this.
   *
   * @param planned 0 for all cores of the executor
   */
  static int threads(int planned) {
    if (planned > 0) {
      return planned;
    }
    int cores = Runtime.getRuntime().availableProcessors();
    SparkEnv env = SparkEnv.get();
    return env == null ? cores : env.conf().getInt("spark.executor.cores", cores);
  }

  /** With what the configuration says; where it leaves the device open, the task's own. */
  public EngineOptions options(EngineConfig config) {
    return (config.device().equals("auto") ? config.withDevice(device) : config).options(threads);
  }

  /** Opens the engine; the caller closes it. */
  public Engine open(EngineConfig config) {
    return Engines.open(config.name(), options(config));
  }
}
