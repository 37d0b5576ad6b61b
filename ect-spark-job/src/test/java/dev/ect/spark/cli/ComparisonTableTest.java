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
    return print(TABLE, rows);
  }

  private List<String> print(ComparisonTable table, String... rows) throws Exception {
    List<JsonNode> parsed = new ArrayList<>();
    for (String row : rows) {
      parsed.add(new ObjectMapper().readTree(row.replace('\'', '"')));
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8)) {
      first = table.print(out, parsed);
    }
    return bytes.toString(StandardCharsets.UTF_8).lines().toList();
  }

  @Test
  void resultsAreComparedWithTheFirstOfTheirKind() throws Exception {
    assertEquals(
        List.of(
            "engine  precision steps  images/s  device",
            "a       float32       1     10.00  cpu",
            "a       float32       2      5.00  cpu",
            "b       float32       1     15.00  cpu",
            "b       float32       2     20.00  cpu",
            "c       float32       2      2.50  cpu",
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
            "engine  precision steps  images/s  device",
            "a       float32       1     10.00  cpu",
            "a       float32   ect: no library",
            "b       float32       1     15.00  cpu",
            "b       float32       2     20.00  cpu",
            "b float32 is 1.50 times as fast as a float32 in 1"),
        print(row("a", 1, 10), failure("a"), row("b", 1, 15), row("b", 2, 20)));
    print(failure("a"), row("b", 1, 15));
    assertEquals("b", first.orElseThrow().get("engine").asText());
    print(failure("a"), failure("b"));
    assertEquals(Optional.empty(), first);
  }

  @Test
  void everyEngineIsComparedWithPyTorchInItsOwnNumberFormat() throws Exception {
    assertEquals(
        List.of(
            "engine  precision steps  images/s  device",
            "a       float32       1     10.00  cpu",
            "b       float32       1     15.00  cpu",
            "pytorch float32       1     12.50  cpu",
            "b       bfloat16      1     30.00  cpu",
            "b float32 is 1.50 times as fast as a float32 in 1",
            "b bfloat16 is 3.00 times as fast as a float32 in 1",
            "a float32 is 0.80 times as fast as pytorch float32 in 1",
            "b float32 is 1.20 times as fast as pytorch float32 in 1"),
        print(
            row("a", 1, 10),
            row("b", 1, 15),
            row("pytorch", 1, 12.5),
            row("b", 1, 30).replace("float32", "bfloat16")));
  }

  @Test
  void aNumberFormatThatTheForwardPassesDoNotHaveIsSaid() throws Exception {
    String mixed = row("b", 1, 30).replace("float32", "tf32").replace("}", ",'forwardPrecision':");
    assertEquals(
        List.of(
            "engine  precision steps  images/s  device",
            "b       tf32          1     30.00  cpu, student and teacher in float32",
            "pytorch tf32          1     20.00  cpu",
            "b tf32 is 1.50 times as fast as pytorch tf32 in 1, student and teacher in float32"),
        print(mixed + "'float32'}", row("pytorch", 1, 20).replace("float32", "tf32")));
    assertEquals("b       tf32          1     30.00  cpu", print(mixed + "'tf32'}").get(1));
  }

  @Test
  void memoryOfAGpuIsShownWhereOneIsUsed() throws Exception {
    ComparisonTable table =
        new ComparisonTable(
            List.of(ComparisonTable.OF_FASTEST, ComparisonTable.DEVICE_MEMORY), row -> "");
    String cpu = "{'engine':'a','precision':'tf32','shareOfFastest':0.52,'device':'cpu'}";
    String gpu =
        "{'engine':'b','precision':'tf32','imagesPerSecond':1,'devicePeakGib':3.5,'device':'cuda:0'}";
    assertEquals(
        List.of("engine  precision of fastest  device", "a       tf32            52 %  cpu"),
        print(table, cpu));
    assertEquals(
        List.of(
            "engine  precision of fastest   GPU GiB  device",
            "b       tf32                      3.50  cuda:0"),
        print(table, gpu));
  }
}
