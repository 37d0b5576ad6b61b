package dev.ect.model.dataset;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.ect.model.io.BadFileException;
import dev.ect.model.io.ZipDirectory;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The labels in a {@code dataset.json}. At most one of the maps has entries; both are empty where
 * the file says there are no labels.
 *
 * @param classes class by image name
 * @param vectors label vector by image name, all of one length
 */
public record LabelFile(Map<String, Integer> classes, Map<String, float[]> vectors) {
  /** The file's name in a dataset. */
  public static final String NAME = "dataset.json";

  private static final int MOST_CLASSES = 1_000_000;

  /** Bytes for each file of the dataset, enough for a label of a thousand numbers; and besides. */
  private static final long MOST_PER_FILE = 1 << 15;

  private static final long MOST_BESIDES = 1 << 20;

  /**
   * Reads labels.
   *
   * @param file the file's name for messages
   * @throws BadFileException if it is malformed
   */
  public static LabelFile parse(String file, byte[] text) throws IOException {
    LabelFile labels = new LabelFile(new HashMap<>(), new HashMap<>());
    boolean found = false;
    try (JsonParser json = new JsonFactory().createParser(text)) {
      require(file, json, json.nextToken() == JsonToken.START_OBJECT, "an object");
      while (json.nextToken() != JsonToken.END_OBJECT) {
        boolean isLabels = json.currentName().equals("labels");
        json.nextToken();
        if (!isLabels) {
          json.skipChildren();
        } else if (json.currentToken() != JsonToken.VALUE_NULL) {
          labels.readAll(file, json);
        }
        found |= isLabels;
      }
    } catch (JacksonException e) {
      JsonLocation place = e.getLocation();
      throw new BadFileException(
          file,
          "is not valid JSON"
              + (place == null
                  ? ": " + e.getOriginalMessage()
                  : " at line " + place.getLineNr() + ", column " + place.getColumnNr()),
          e);
    }
    if (!found) {
      throw new BadFileException(
          file,
          "has no key labels; expected {\"labels\": [[name, label], ...]} or {\"labels\": null}");
    }
    if (!labels.classes.isEmpty() && !labels.vectors.isEmpty()) {
      throw new BadFileException(file, "mixes classes and label vectors; expected one kind");
    }
    return labels;
  }

  /**
   * Reads the {@code dataset.json} among the files of a folder or zip.
   *
   * @return empty where there is none
   */
  public static Optional<LabelFile> find(EntryReader reader, List<ZipDirectory.Entry> files)
      throws IOException {
    for (ZipDirectory.Entry entry : files) {
      if (entry.name().equals(NAME)) {
        long most = MOST_PER_FILE * files.size() + MOST_BESIDES;
        if (entry.size() > most) {
          throw new BadFileException(
              reader.label(NAME),
              "has "
                  + entry.size()
                  + " bytes; expected at most "
                  + most
                  + " for the labels of "
                  + files.size()
                  + " files");
        }
        return Optional.of(
            parse(
                reader.label(NAME),
                reader.zip() == null ? reader.readFile(NAME) : reader.readEntry(entry)));
      }
    }
    return Optional.empty();
  }

  /** Whether there are none. */
  public boolean isEmpty() {
    return classes.isEmpty() && vectors.isEmpty();
  }

  /** Whether an image has one. */
  public boolean has(String name) {
    return classes.containsKey(name) || vectors.containsKey(name);
  }

  /** An image's label; null where it has none. */
  public Label of(String name) {
    Integer value = classes.get(name);
    if (value != null) {
      return new Label.OfClass(value);
    }
    float[] vector = vectors.get(name);
    return vector == null ? null : new Label.OfVector(vector);
  }

  private void readAll(String file, JsonParser json) throws IOException {
    require(
        file, json, json.currentToken() == JsonToken.START_ARRAY, "null or an array after labels");
    int width = -1;
    while (json.nextToken() != JsonToken.END_ARRAY) {
      require(file, json, json.currentToken() == JsonToken.START_ARRAY, "a pair of name and label");
      require(file, json, json.nextToken() == JsonToken.VALUE_STRING, "an image's name");
      String name = json.getText().replace('\\', '/');
      if (json.nextToken() == JsonToken.START_ARRAY) {
        float[] vector = vector(file, json);
        require(
            file,
            json,
            width < 0 || width == vector.length,
            "a vector of " + width + " numbers for " + name + ", as long as those before");
        width = vector.length;
        vectors.put(name, vector);
      } else {
        require(
            file,
            json,
            json.currentToken() == JsonToken.VALUE_NUMBER_INT,
            "a class or a vector for " + name);
        long label = json.getLongValue();
        require(
            file,
            json,
            label >= 0 && label < MOST_CLASSES,
            "a class from 0 to " + (MOST_CLASSES - 1) + " for " + name);
        classes.put(name, (int) label);
      }
      require(
          file, json, json.nextToken() == JsonToken.END_ARRAY, "the end of the pair of " + name);
    }
  }

  private static float[] vector(String file, JsonParser json) throws IOException {
    List<Float> values = new ArrayList<>();
    while (json.nextToken() != JsonToken.END_ARRAY) {
      require(file, json, json.currentToken().isNumeric(), "a number in a label vector");
      values.add(json.getFloatValue());
    }
    require(file, json, !values.isEmpty(), "at least one number in a label vector");
    float[] vector = new float[values.size()];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = values.get(i);
    }
    return vector;
  }

  private static void require(String file, JsonParser json, boolean holds, String expected)
      throws IOException {
    if (!holds) {
      String found = json.currentToken() == null ? "the end of the file" : json.getText();
      throw new BadFileException(
          file,
          "is malformed at line "
              + json.currentLocation().getLineNr()
              + ": found "
              + found
              + "; expected "
              + expected);
    }
  }
}
