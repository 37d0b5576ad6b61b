package dev.ect.spark.report;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ect.model.checkpoint.Checkpoint;
import dev.ect.model.io.Addresses;
import dev.ect.model.io.Sha256;
import dev.ect.model.io.Store;
import java.io.IOException;

/** What a checkpoint says about another one that it was made of. */
public final class CheckpointSource {
  private static final ObjectMapper JSON = new ObjectMapper();

  private CheckpointSource() {}

  /**
   * Path, format, SHA-256 and own provenance of a checkpoint, as JSON on one line; of ECT's
   * training states also the file of the EMA.
   */
  public static String of(Store store, Checkpoint checkpoint) throws IOException {
    ObjectNode source = file(store, checkpoint.path()).put("format", checkpoint.format());
    String ema = checkpoint.metadata().get(Checkpoint.EMA_FILE);
    if (ema != null) {
      source.set("ema", file(store, ema));
    }
    String provenance = checkpoint.metadata().get(Provenance.KEY);
    if (provenance != null) {
      source.set(Provenance.KEY, Provenance.tree(provenance));
    }
    return source.toString();
  }

  private static ObjectNode file(Store store, String path) throws IOException {
    return JSON.createObjectNode()
        .put("path", Addresses.withoutSecrets(path))
        .put("sha256", Sha256.ofFile(store, path));
  }
}
