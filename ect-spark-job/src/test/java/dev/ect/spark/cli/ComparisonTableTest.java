package dev.ect.spark.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ComparisonTableTest {
  private static final ComparisonTable TABLE =
      new ComparisonTable(
          List.of(
              new ComparisonTable.Column("steps", 5, 0, "steps"),
              new ComparisonTable.Column("images/s", 9, 2, "imagesPerSecond")),
          row -> " in " + row.get("steps").asInt());

  private Optional<JsonNode> first;

  private static String row(String engine, int steps, double speed) {
    return String.format(
        "{'engine':'%s','precision':'float32','steps':%d,'imagesPerSecond':%s,'device':'cpu'}",
        engine, steps, speed);
  }

  private static String failure(String engine) {
    return String.format(
        "{'engine':'%s','precision':'float32','failure':'ect: no library'}", engine);
  }

  private List<String> print(String... rows) throws Exception {
    List<JsonNode> parsed = new ArrayList<>();
    for (String row : rows) {
      parsed.add(new ObjectMapper().readTree(row.replace('\'', '"')));
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8)) {
      first = TABLE.print(out, parsed);
    }
    return bytes.toString(StandardCharsets.UTF_8).lines().toList();
  }

  @Test
  void resultsAreComparedWithTheFirstOfTheirKind() throws Exception {
    assertEquals(
        List.of(
            "engine precision steps  images/s  device",
            "a      float32       1     10.00  cpu",
            "a      float32       2      5.00  cpu",
            "b      float32       1     15.00  cpu",
            "b      float32       2     20.00  cpu",
            "c      float32       2      2.50  cpu",
            "b float32 is 1.50 times as fast as a float32 in 1",
            "b float32 is 4.00 times as fast as a float32 in 2",
            "c float32 is 0.50 times as fast as a float32 in 2"),
        print(row("a", 1, 10), row("a", 2, 5), row("b", 1, 15), row("b", 2, 20), row("c", 2, 2.5)));
    assertEquals(10, first.orElseThrow().get("imagesPerSecond").asDouble());
  }

  @Test
  void whatFailedIsNotComparedNorWhatItWasToBeComparedWith() throws Exception {
    assertEquals(
        List.of(
            "engine precision steps  images/s  device",
            "a      float32       1     10.00  cpu",
            "a      float32   ect: no library",
            "b      float32       1     15.00  cpu",
            "b      float32       2     20.00  cpu",
            "b float32 is 1.50 times as fast as a float32 in 1"),
        print(row("a", 1, 10), failure("a"), row("b", 1, 15), row("b", 2, 20)));
    print(failure("a"), row("b", 1, 15));
    assertEquals("b", first.orElseThrow().get("engine").asText());
    print(failure("a"), failure("b"));
    assertEquals(Optional.empty(), first);
  }
}
