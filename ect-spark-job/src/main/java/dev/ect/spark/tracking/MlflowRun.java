package dev.ect.spark.tracking;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ect.model.io.Store;
import dev.ect.spark.report.Provenance;
import dev.ect.spark.report.RunStart;
import dev.ect.spark.report.Versions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What a tracking server is told of a run once. */
final class MlflowRun {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Parameters of a request, and characters of a value, as many as every server allows. */
  private static final int BATCH = 100;

  private static final int LONGEST = 500;

  private MlflowRun() {}

  /** Where it lies, and what it is made of. */
  static ArrayNode tags(RunStart start) {
    Provenance provenance = start.provenance();
    ArrayNode tags = JSON.createArrayNode();
    String directory = start.directory().path();
    tag(tags, "mlflow.runName", Store.name(directory));
    tag(tags, "mlflow.source.type", "LOCAL");
    tag(tags, "mlflow.source.name", "ect");
    tag(
        tags,
        "mlflow.note.content",
        "Checkpoints, sample grids and report.html are in `" + directory + "`.");
    tag(tags, "ect.run_directory", directory);
    tag(tags, "ect.dataset", provenance.dataset());
    tag(tags, "ect.dataset_sha256", provenance.datasetContent());
    tag(tags, "ect.seed", String.valueOf(provenance.seed()));
    tag(tags, "ect.source", provenance.source());
    Versions.all().forEach((name, version) -> tag(tags, "ect.version." + name, version));
    return tags;
  }

  private static void tag(ArrayNode tags, String key, String value) {
    if (!value.isEmpty()) {
      tags.add(JSON.createObjectNode().put("key", key).put("value", shortened(value)));
    }
  }

  /**
   * Requests that log the configuration as parameters. Those that the server has are left out: they
   * can never be changed, and a resumed run may have others. So are empty ones, which it refuses.
   *
   * @param found what the server says of the run
   */
  static List<ObjectNode> parameters(RunStart start, JsonNode found) {
    Set<String> there = new HashSet<>();
    found.path("data").path("params").forEach(param -> there.add(param.path("key").asText()));
    List<ObjectNode> requests = new ArrayList<>();
    Flattened.of(start.provenance().configuration())
        .forEach(
            (key, value) -> {
              if (there.contains(key) || value.isEmpty()) {
                return;
              }
              if (requests.isEmpty() || params(requests).size() == BATCH) {
                requests.add(JSON.createObjectNode());
                requests.get(requests.size() - 1).putArray("params");
              }
              params(requests)
                  .add(JSON.createObjectNode().put("key", key).put("value", shortened(value)));
            });
    return requests;
  }

  private static ArrayNode params(List<ObjectNode> requests) {
    return (ArrayNode) requests.get(requests.size() - 1).get("params");
  }

  private static String shortened(String value) {
    return value.length() <= LONGEST ? value : value.substring(0, LONGEST - 3) + "...";
  }
}
