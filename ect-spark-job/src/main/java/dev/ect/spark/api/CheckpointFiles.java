package dev.ect.spark.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.ect.model.checkpoint.Checkpoint;
import dev.ect.model.io.Store;
import java.io.IOException;
import java.util.List;
import java.util.Locale;

/** What is done with any checkpoint. */
public final class CheckpointFiles {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private CheckpointFiles() {}

  /** A metadata entry: most are JSON, the others plain text. */
  public static JsonNode json(String text) {
    try {
      JsonNode value = JSON.readTree(text);
      return value.isContainerNode() ? value : TextNode.valueOf(text);
    } catch (JsonProcessingException e) {
      return TextNode.valueOf(text);
    }
  }

  /** Adds a line if there is no such file. */
  public static void checkSource(Store store, String source, List<String> problems)
      throws IOException {
    if (!store.exists(source)) {
      problems.add(store.qualified(source) + ": no such file");
    }
  }

  /**
   * Adds a line if a file cannot be written under a name.
   *
   * @param targetName how messages call it
   * @param endings that its name may have
   */
  public static void checkTarget(
      Store store, String target, String targetName, List<String> endings, List<String> problems)
      throws IOException {
    if (endings.stream().noneMatch(target::endsWith)) {
      problems.add(targetName + " is " + target + "; expected a name ending in " + oneOf(endings));
    } else if (store.exists(target)) {
      problems.add(target + ": exists already; expected a new name");
    }
  }

  private static String oneOf(List<String> all) {
    int last = all.size() - 1;
    return last == 0
        ? all.get(0)
        : String.join(", ", all.subList(0, last)) + " or " + all.get(last);
  }

  /** Such as {@code network-snapshot, ddpmpp 32x32, 55,732,739 parameters}. */
  public static String describe(Checkpoint checkpoint) throws IOException {
    return String.format(
        Locale.ROOT,
        "%s, %s %dx%d, %,d parameters",
        checkpoint.kind().id(),
        checkpoint.spec().arch().id(),
        checkpoint.spec().imgResolution(),
        checkpoint.spec().imgResolution(),
        checkpoint.network().parameters().size());
  }
}
