package dev.ect.spark.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ect.spark.config.UserError;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlanTest {
  private static final List<String> TINY =
      List.of(
          "--config",
          "demo",
          "--resolution",
          "8",
          "--executors",
          "1,2,64",
          "--link-gbps",
          "1,25",
          "--iterations",
          "1000",
          "network.model-channels=8",
          "network.attn-resolutions=[4]",
          "engine.threads=1",
          "tuning.batch=8");

  @TempDir static Path folder;
  private static Path json;
  private static List<String> measured;

  @BeforeAll
  static void measure() throws Exception {
    json = folder.resolve("plan.json");
    measured = plan("--json", json.toString(), "--steps", "1");
  }

  private static List<String> plan(String... more) throws Exception {
    List<String> arguments = new ArrayList<>(List.of("plan"));
    arguments.addAll(TINY);
    arguments.addAll(List.of(more));
    return TestRuns.run(line -> {}, arguments).lines().toList();
  }

  private static List<String> table(List<String> said) {
    return said.stream().filter(line -> line.matches(" +\\d+ .*(dense|threshold| - ).*")).toList();
  }

  @Test
  void aRowForEachNumberLinkAndEncoding() throws Exception {
    List<String> rows = table(measured);
    assertEquals(5, rows.size(), () -> String.join("\n", measured));
    assertTrue(rows.get(0).matches(" +1 +- - +8 .*100\\.0 % +1\\.00 - .*"), rows.get(0));
    assertTrue(rows.get(1).matches(" +2 +1 dense +4 .*"), rows.get(1));
    assertTrue(rows.get(4).matches(" +2 +25 threshold +4 .*"), rows.get(4));
    assertTrue(
        measured.contains("64 executors: not possible, the batch has 8 images (tuning.batch)"),
        () -> String.join("\n", measured));
    assertTrue(measured.stream().anyMatch(line -> line.startsWith("  round of 8 images: ")));
    JsonNode all = new ObjectMapper().readTree(json.toFile());
    assertEquals(5, all.get("predictions").size());
    assertEquals(1000, all.get("iterations").asInt());
    assertEquals(1, all.get("measured").get("threads").asInt());
  }

  @Test
  void measurementsFromAFileGiveTheSamePlan() throws Exception {
    List<String> again = plan("--measured", json.toString());
    assertEquals(table(measured), table(again));
    assertTrue(again.stream().noneMatch(line -> line.contains("round of")), again::toString);
  }

  @Test
  void aPriceTurnsHoursIntoCost() throws Exception {
    List<String> priced = plan("--measured", json.toString(), "--price-per-hour", "1000");
    assertTrue(priced.stream().anyMatch(line -> line.endsWith(" cost")), priced::toString);
    JsonNode hours = new ObjectMapper().readTree(json.toFile()).get("predictions").get(0);
    String cost =
        String.format(java.util.Locale.ROOT, "%.1f", 1000 * hours.get("hours").asDouble());
    assertTrue(table(priced).get(0).endsWith(" " + cost), priced::toString);
  }

  @Test
  void problemsAreReportedTogether() {
    UserError error =
        assertThrows(
            UserError.class,
            () ->
                plan(
                    "--executors",
                    "0,2",
                    "--link-gbps",
                    "-1",
                    "--mtu",
                    "100",
                    "--price-per-hour",
                    "0",
                    "--measured",
                    folder.resolve("none.json").toString(),
                    "tuning.batch=none",
                    "exchange.transport=gloo"));
    List<String> lines = error.getMessage().lines().toList();
    assertEquals(7, lines.size(), error.getMessage());
    assertTrue(
        lines.contains("--executors is [1, 2, 64, 0, 2]; expected at least 1 each"),
        error.getMessage());
    assertTrue(lines.contains("--mtu is 100; expected 576 to 65535"), error.getMessage());
  }

  @Test
  void measurementsMustBeOfTheSameNetwork() throws Exception {
    UserError other =
        assertThrows(
            UserError.class,
            () -> plan("--measured", json.toString(), "network.model-channels=16"));
    assertTrue(other.getMessage().contains("parameters; expected the configuration's"));
    Path empty = folder.resolve("empty.json");
    Files.writeString(empty, "{\"measured\": {\"network\": \"ddpmpp\"}}");
    UserError lacking = assertThrows(UserError.class, () -> plan("--measured", empty.toString()));
    assertTrue(lacking.getMessage().endsWith("expected a file of 'ect plan --json'"));
    assertEquals(1, lacking.getMessage().lines().count());
  }

  @Test
  void checkNeedsExecutorsOfItsOwn() {
    UserError error =
        assertThrows(
            UserError.class,
            () -> TestRuns.run(line -> {}, List.of("plan", "--check", "spark.master=local[4]")));
    assertTrue(error.getMessage().contains("ECT_MASTER='local-cluster[4,1,1024]'"));
  }
}
