package dev.ect.spark.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.model.io.LocalStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingTimelineTest {
  private static final Pattern RECT =
      Pattern.compile(
          "<rect class=\"(\\w+)\" x=\"(\\d+)\" y=\"(\\d+)\" width=\"(\\d+)\""
              + " height=\"(\\d+)\"/>");

  @TempDir Path folder;
  private final TrainingTimeline timeline = new TrainingTimeline();

  private String page() throws Exception {
    timeline.write(new LocalStore(), new RunDirectory(folder.toString()));
    return Files.readString(folder.resolve("timeline.html"));
  }

  private static TickStats tick(long tick, long startMillis, double seconds, Phases phases) {
    return new TickStats(tick, 0, 0, 0, 0, 0, 1, startMillis, seconds, phases, 0, 0, 0, 1);
  }

  @Test
  void columnsShowTimeAndShares() throws Exception {
    timeline.add(0, "executor 0 on <host>", tick(0, 10_000, 8, new Phases(0, 4, 2, 0, 2, 2)));
    timeline.add(1, "executor 1", tick(0, 20_000, 10, new Phases(10, 0, 0, 0, 0, 0)));
    String page = page();
    // 20 seconds on 1000 pixels right of 190; a lane is 80 high, the next begins 94 below.
    Matcher rects = RECT.matcher(page);
    String[][] expected = {
      {"compute", "190", "48", "499", "32"},
      {"update", "190", "32", "499", "16"},
      {"exchange", "190", "16", "499", "16"},
      {"checkpoint", "190", "0", "499", "16"},
      {"read", "690", "94", "499", "80"},
    };
    for (String[] rect : expected) {
      assertTrue(rects.find());
      for (int i = 0; i < rect.length; i++) {
        assertEquals(rect[i], rects.group(i + 1));
      }
    }
    assertFalse(rects.find());
    assertTrue(page.contains("from 1970-01-01T00:00:10Z"), page);
    assertTrue(page.contains("executor 0 on &lt;host&gt;"), page);
    assertTrue(page.contains("<td>4.0s, 40.0%</td>"), page);
    assertTrue(
        page.contains(
            "tick 0, 10s: read 0% compute 50% exchange 25% wait 0% update 25%; checkpoint 2.0s"),
        page);
  }

  @Test
  void aLongRunIsShownWholeInFewerColumns() throws Exception {
    int ticks = 10_000;
    for (int i = 0; i < ticks; i++) {
      timeline.add(0, "executor 0", tick(i, i * 1000L, 1, new Phases(0, 1, 0, 0, 0, 0)));
      timeline.add(1, "executor 1", tick(i, i * 1000L, 1, new Phases(0, 0, 0, 1, 0, 0)));
    }
    String page = page();
    double[] width = new double[2];
    int columns = 0;
    for (Matcher rects = RECT.matcher(page); rects.find(); columns++) {
      width[rects.group(1).equals("compute") ? 0 : 1] += Double.parseDouble(rects.group(4));
    }
    assertTrue(columns > 1000 && columns <= 2002, columns + " columns");
    assertEquals(1000, width[0], 10);
    assertEquals(1000, width[1], 10);
    assertTrue(page.contains("<td>10000.0s, 100.0%</td>"), "all ticks count");
    assertTrue(page.length() < 1_000_000, page.length() + " characters");
    assertTrue(page.contains("<title>ticks 0 to "), "ticks are joined");
    assertTrue(page.contains(">2h 00m 00s</text>"), "time axis");
  }

  @Test
  void aPauseIsNotJoinedWithWhatIsAroundIt() throws Exception {
    for (int i = 0; i < 5_000; i++) {
      long pause = i < 2_503 ? 0 : 5_000_000;
      timeline.add(0, "executor 0", tick(i, pause + i * 1000L, 1, new Phases(0, 1, 0, 0, 0, 0)));
    }
    double end = 0;
    double pause = 0;
    for (Matcher rects = RECT.matcher(page()); rects.find(); ) {
      double x = Double.parseDouble(rects.group(2));
      pause = end == 0 ? 0 : Math.max(pause, x - end);
      end = x + Double.parseDouble(rects.group(4));
    }
    assertEquals(500, pause, 2);
  }

  @Test
  void thePageNeedsNothingElse() throws Exception {
    assertTrue(page().contains("No tick has ended yet."));
    timeline.add(0, "executor 0", tick(0, 0, 1, new Phases(0, 1, 0, 0, 0, 0)));
    String page = page();
    assertFalse(page.contains("<script"), page);
    assertFalse(page.contains("http"), page);
    assertFalse(page.contains("src="), page);
  }
}
