package dev.ect.spark.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ect.model.engine.Engine;
import java.io.Serializable;

/**
 * What a run is made of, kept as JSON in its checkpoints so that it can be made again: versions,
 * configuration, dataset, source checkpoint, seed, and what computed it.
 *
 * @param configuration all keys and values, as JSON
 * @param dataset its path
 * @param datasetContent SHA-256 of what its index says of its content: names, sizes and checksums;
 *     in a folder times instead of checksums
 * @param source the checkpoint that the run started from, by {@link CheckpointSource#of}; empty
 *     where it started from random weights
 * @param seed that every random number follows from
 */
public record Provenance(
    String configuration, String dataset, String datasetContent, String source, long seed)
    implements Serializable {
  private static final long serialVersionUID = 1L;

  /** The checkpoint's metadata entry. */
  public static final String KEY = "provenance";

  private static final ObjectMapper JSON = new ObjectMapper();

  /** The source in another file's provenance; empty where there is none. */
  public static String sourceIn(String provenance) {
    JsonNode source = provenance == null ? null : tree(provenance).get("source");
    return source == null ? "" : source.toString();
  }

  /** The configuration in another file's provenance, as JSON; empty where there is none. */
  public static String configurationIn(String provenance) {
    JsonNode configuration = provenance == null ? null : tree(provenance).get("configuration");
    return configuration == null ? "" : configuration.toString();
  }

  /**
   * As JSON on one line.
   *
   * @param executors that tuned together
   */
  public String toJson(Engine engine, int executors) {
    ObjectNode all = JSON.createObjectNode();
    all.set("versions", JSON.valueToTree(Versions.all()));
    all.put("engine", engine.name());
    all.put("precision", engine.precision().id());
    all.put("device", engine.device());
    all.put("executors", executors);
    all.put("seed", seed);
    all.set(
        "dataset",
        JSON.createObjectNode().put("path", dataset).put("content_sha256", datasetContent));
    if (!source.isEmpty()) {
      all.set("source", tree(source));
    }
    all.set("configuration", tree(configuration));
    return all.toString();
  }

  /** Of a file that is made of another one, as JSON on one line. */
  public static String derived(String source) {
    ObjectNode all = JSON.createObjectNode();
    all.set("versions", JSON.valueToTree(Versions.all()));
    all.set("source", tree(source));
    return all.toString();
  }

  static JsonNode tree(String json) {
    try {
      return JSON.readTree(json);
    } catch (JsonProcessingException e) {
      // Of a foreign file: kept as it is.
      return JSON.getNodeFactory().textNode(json);
    }
  }
}
