package dev.ect.spark.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/**
 * Prints what an {@link EngineComparison} measured, a line for each result, then how each compares
 * with the first one of its kind.
 *
 * @param columns between engine, precision and device
 * @param kind what of a result goes behind a comparison; only results with the same are compared
 */
record ComparisonTable(List<Column> columns, Function<JsonNode, String> kind) {
  /**
   * A column of numbers.
   *
   * @param title heads it
   * @param width characters
   * @param decimals behind the point
   * @param field of the result
   */
  record Column(String title, int width, int decimals, String field) {
    private String head() {
      return String.format(Locale.ROOT, "%" + width + "s", title);
    }

    private String value(JsonNode row) {
      return String.format(
          Locale.ROOT, "%" + width + "." + decimals + "f", row.get(field).asDouble());
    }
  }

  /**
   * Prints all rows.
   *
   * @param rows from {@link EngineComparison#measureEach}
   * @return the first that is not a failure
   */
  Optional<JsonNode> print(PrintStream out, List<JsonNode> rows) {
    out.printf("%-6s %-9s %s  %s%n", "engine", "precision", cells(Column::head), "device");
    for (JsonNode row : rows) {
      out.printf(
          "%-6s %-9s %s%n",
          row.get("engine").asText(),
          row.get("precision").asText(),
          failed(row)
              ? row.get("failure").asText()
              : cells(column -> column.value(row)) + "  " + row.get("device").asText());
    }
    for (int i = 1; i < rows.size(); i++) {
      compare(out, rows.subList(0, i), rows.get(i));
    }
    return rows.stream().filter(row -> !failed(row)).findFirst();
  }

  private String cells(Function<Column, String> cell) {
    return String.join(" ", columns.stream().map(cell).toList());
  }

  /** Compares with the first of its kind; a failure may have been that. */
  private void compare(PrintStream out, List<JsonNode> earlier, JsonNode row) {
    if (failed(row)) {
      return;
    }
    Optional<JsonNode> first =
        earlier.stream()
            .filter(each -> failed(each) || kind.apply(each).equals(kind.apply(row)))
            .findFirst();
    if (first.isEmpty() || failed(first.get())) {
      return;
    }
    JsonNode base = first.get();
    out.printf(
        Locale.ROOT,
        "%s %s is %.2f times as fast as %s %s%s%n",
        row.get("engine").asText(),
        row.get("precision").asText(),
        row.get("imagesPerSecond").asDouble() / base.get("imagesPerSecond").asDouble(),
        base.get("engine").asText(),
        base.get("precision").asText(),
        kind.apply(row));
  }

  private static boolean failed(JsonNode row) {
    return row.has("failure");
  }
}
