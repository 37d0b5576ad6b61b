package dev.ect.spark.tracking;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** A configuration by dotted keys. */
final class Flattened {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Flattened() {}

  /**
   * Values by dotted keys, in their order.
   *
   * @param configuration as JSON
   */
  static SortedMap<String, String> of(String configuration) {
    SortedMap<String, String> values = new TreeMap<>();
    try {
      add("", JSON.readTree(configuration), values);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("configuration is no JSON: " + e.getOriginalMessage(), e);
    }
    return values;
  }

  private static void add(String key, JsonNode value, SortedMap<String, String> values) {
    if (value.isObject()) {
      String prefix = key.isEmpty() ? "" : key + ".";
      value.properties().forEach(field -> add(prefix + field.getKey(), field.getValue(), values));
    } else {
      values.put(key, value.isTextual() ? value.textValue() : value.toString());
    }
  }

  /** A line {@code key = value} each. */
  static String lines(String configuration) {
    return of(configuration).entrySet().stream()
        .map(entry -> entry.getKey() + " = " + entry.getValue())
        .collect(Collectors.joining("\n"));
  }
}
