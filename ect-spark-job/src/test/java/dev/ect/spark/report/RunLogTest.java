package dev.ect.spark.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ect.model.io.LocalStore;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunLogTest {
  @TempDir Path folder;
  private final LocalStore store = new LocalStore();
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);

  private RunLog log(long step) throws Exception {
    ProgressBar bar = new ProgressBar(null, out, 100);
    return new RunLog(store, new RunDirectory(folder.toString()), out, bar, step, 4);
  }

  private static TickStats tick(long tick, long step) {
    return new TickStats(
        tick,
        step,
        step * 4,
        0,
        0.5,
        40,
        10,
        1_000,
        2,
        new Phases(0.1, 1.5, 0.2, 0.1, 0.1, 3),
        0.0625,
        1,
        1,
        2);
  }

  @Test
  void aResumedRunForgetsTheTicksThatItRepeats() throws Exception {
    RunLog first = log(0);
    first.tick(tick(0, 1));
    first.tick(tick(1, 11));
    first.tick(tick(2, 21));
    log(11).tick(tick(2, 21));
    assertEquals(3, Files.readAllLines(folder.resolve("stats.jsonl")).size());
    assertEquals(4, Files.readAllLines(folder.resolve("log.txt")).size());
  }

  @Test
  void addressesLoseTheirSecrets() throws Exception {
    log(0).line("starting from https://me:hush@host/a.pkl?token=hush");
    String expected = "starting from https://host/a.pkl\n";
    assertEquals(expected, bytes.toString(StandardCharsets.UTF_8));
    assertEquals(expected, Files.readString(folder.resolve("log.txt")));
  }

  @Test
  void aTickTellsItsSpeed() throws Exception {
    log(0).tick(tick(1, 10));
    String line = bytes.toString(StandardCharsets.UTF_8);
    assertTrue(line.contains("sec/tick 2.0 "), line);
    assertTrue(line.contains("sec/kimg 50.00 "), line);
    assertTrue(line.contains("img/sec 20.0 "), line);
    assertTrue(line.contains("maintenance 3.0 "), line);
    assertTrue(
        line.endsWith(
            "executors 2  worst read 6.3%"
                + "  read 5% compute 75% exchange 10% wait 5% update 5%\n"),
        line);
  }

  @Test
  void aTickIsAFlatRecord() throws Exception {
    log(0).tick(tick(1, 10));
    JsonNode tick = new ObjectMapper().readTree(folder.resolve("stats.jsonl").toFile());
    assertEquals(0.1, tick.get("readSeconds").asDouble());
    assertEquals(1.5, tick.get("computeSeconds").asDouble());
    assertEquals(3, tick.get("checkpointSeconds").asDouble());
    assertEquals(0.05, tick.get("dataWait").asDouble(), 1e-12);
    assertEquals(0.0625, tick.get("worstDataWait").asDouble());
    assertEquals(2, tick.get("executors").asInt());
    assertEquals(20, tick.get("images_per_second").asDouble());
    assertFalse(tick.has("phases"));
  }

  @Test
  void durationsAreReadable() {
    assertEquals("7s", RunLog.duration(7.4));
    assertEquals("2m 05s", RunLog.duration(125));
    assertEquals("1h 00m 01s", RunLog.duration(3601));
    assertEquals("1d 01h 00m", RunLog.duration(90000));
  }

  @Test
  void theBarIsDrawnOnATerminalOnly() {
    LiveProgress half =
        new LiveProgress(0, 0, 0, "driver", 50, 0.25, 0.5, List.of(), LogLines.NONE);
    new ProgressBar(null, out, 100).show(half.step(), half.text(100, 4));
    assertEquals(0, bytes.size());
    new ProgressBar(out, out, 100).show(half.step(), half.text(100, 4));
    String drawn = bytes.toString(StandardCharsets.UTF_8);
    assertTrue(drawn.contains("[###############---------------] 50/100 steps"), drawn);
    assertTrue(drawn.contains("8.0 img/sec  25s left"), drawn);
    assertFalse(drawn.contains("\n"), drawn);
  }

  @Test
  void directoriesAreNumberedOrBearTheRunsName() throws Exception {
    String outdir = folder.resolve("runs").toString();
    RunDirectory first = RunDirectory.next(store, outdir, "a");
    assertTrue(first.path().endsWith("00000-a"), first.path());
    store.makeDirectories(first.path());
    Files.createDirectories(folder.resolve("runs/00041-b"));
    assertTrue(RunDirectory.next(store, outdir, "c").path().endsWith("00042-c"));
    assertEquals(outdir + "/nightly", RunDirectory.named(outdir, "nightly").path());
  }
}
