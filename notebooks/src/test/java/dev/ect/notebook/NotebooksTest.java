package dev.ect.notebook;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

/** The committed notebooks, as a reader sees them. */
class NotebooksTest {
  private static final Path FOLDER = Path.of("notebooks");
  private static final Pattern IMPORT =
      Pattern.compile("(?m)^import ([A-Za-z0-9_.]+[A-Za-z0-9_]);");
  private static final Pattern MACHINE_PATH =
      Pattern.compile("(?:file:)?/(?:home|root|tmp|work|Users|var|opt|usr)/");

  private static List<Path> notebooks() throws IOException {
    try (Stream<Path> files = Files.list(FOLDER)) {
      return files.filter(file -> file.toString().endsWith(".ipynb")).sorted().toList();
    }
  }

  private static JsonNode read(Path notebook) throws IOException {
    return new ObjectMapper().readTree(Files.readString(notebook));
  }

  private static List<JsonNode> code(JsonNode notebook) {
    return StreamSupport.stream(notebook.get("cells").spliterator(), false)
        .filter(cell -> cell.get("cell_type").asText().equals("code"))
        .toList();
  }

  private static String text(JsonNode lines) {
    StringBuilder text = new StringBuilder();
    lines.forEach(line -> text.append(line.asText()));
    return text.toString();
  }

  @Test
  void theyAreExecutedInOrderWithoutErrors() throws IOException {
    assertEquals(3, notebooks().size());
    for (Path path : notebooks()) {
      int count = 0;
      for (JsonNode cell : code(read(path))) {
        count++;
        String place = path + ", cell " + count;
        assertEquals(count, cell.get("execution_count").asInt(), place);
        for (JsonNode output : cell.get("outputs")) {
          assertFalse(output.get("output_type").asText().equals("error"), place);
          assertFalse(output.path("name").asText().equals("stderr"), place);
        }
      }
    }
  }

  @Test
  void eachShowsImages() throws IOException {
    for (Path path : notebooks()) {
      int images = 0;
      for (JsonNode cell : code(read(path))) {
        for (JsonNode output : cell.get("outputs")) {
          JsonNode data = output.path("data");
          boolean plot = text(data.path("text/html")).startsWith("<img alt=\"plot\" src=\"data:");
          images += plot || data.has("image/png") ? 1 : 0;
        }
      }
      assertTrue(images >= 2, path + ": " + images + " images");
    }
  }

  @Test
  void theirOutputsNameNoPlaceOnAMachine() throws IOException {
    for (Path path : notebooks()) {
      for (JsonNode cell : code(read(path))) {
        String outputs = cell.get("outputs").toString();
        assertFalse(MACHINE_PATH.matcher(outputs).find(), () -> path + ": " + outputs);
      }
    }
  }

  @Test
  void theClassesThatTheyImportExist() throws Exception {
    int found = 0;
    for (Path path : notebooks()) {
      JsonNode notebook = read(path);
      assertEquals("ect-java", notebook.at("/metadata/kernelspec/name").asText());
      for (JsonNode cell : code(notebook)) {
        Matcher imports = IMPORT.matcher(text(cell.get("source")));
        while (imports.find()) {
          Class.forName(imports.group(1), false, NotebooksTest.class.getClassLoader());
          found++;
        }
      }
    }
    assertTrue(found > 6, "imports: " + found);
  }
}
