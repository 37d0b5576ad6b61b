package dev.ect.spark.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.ect.model.io.LocalStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExecutorLogsTest {
  @TempDir Path folder;

  /** Stands still until it is set. */
  private static final class SetClock extends Clock {
    private Instant now = Instant.parse("2026-01-02T03:04:05.678Z");

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }

    @Override
    public Instant instant() {
      return now;
    }
  }

  private final SetClock clock = new SetClock();

  private ExecutorLogs logs() throws Exception {
    return new ExecutorLogs(new LocalStore(), new RunDirectory(folder.toString()), clock);
  }

  private List<String> written() throws Exception {
    return Files.readAllLines(folder.resolve("executors.log"));
  }

  @Test
  void linesSayWhenAndWhereAndAreWrittenSeldomAndAtTheEnd() throws Exception {
    try (ExecutorLogs logs = logs()) {
      logs.add("0@host", List.of());
      assertFalse(Files.exists(folder.resolve("executors.log")));
      logs.add("0@host", List.of("WARN  A: a", "INFO  B: b"));
      logs.add("1@host", List.of("WARN  C: c"));
      List<String> first =
          List.of(
              "2026-01-02T03:04:05Z 0@host  WARN  A: a", "2026-01-02T03:04:05Z 0@host  INFO  B: b");
      assertEquals(first, written());
      clock.now = clock.now.plusSeconds(6);
      logs.add("1@host", List.of("WARN  D: d"));
      assertEquals(4, written().size());
      assertEquals("2026-01-02T03:04:11Z 1@host  WARN  D: d", written().get(3));
      logs.add("1@host", List.of("WARN  E: e"));
      assertEquals(4, written().size());
    }
    assertEquals(5, written().size());
  }

  @Test
  void theLastLinesAreKeptAlsoOfAnEarlierStart() throws Exception {
    try (ExecutorLogs logs = logs()) {
      logs.add("0", IntStream.range(0, 4_990).mapToObj(i -> "old " + i).toList());
    }
    try (ExecutorLogs logs = logs()) {
      logs.add("0", IntStream.range(0, 20).mapToObj(i -> "new " + i).toList());
    }
    List<String> lines = written();
    assertEquals(5_000, lines.size());
    assertEquals("2026-01-02T03:04:05Z 0  old 10", lines.get(0));
    assertEquals("2026-01-02T03:04:05Z 0  new 19", lines.get(4_999));
  }
}
