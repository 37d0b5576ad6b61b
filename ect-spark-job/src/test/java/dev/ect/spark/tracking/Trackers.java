package dev.ect.spark.tracking;

import dev.ect.spark.report.Provenance;
import dev.ect.spark.report.RunDirectory;
import dev.ect.spark.report.RunStart;
import dev.ect.spark.report.StatsLine;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Locale;

/** What the tests of listeners share. */
final class Trackers {
  static final String CONFIGURATION =
      "{\"tuning\":{\"batch\":10,\"emas\":[\"beta=0.9\"]},\"run\":{\"desc\":\"\",\"seed\":3}}";

  private Trackers() {}

  static RunStart start(Path directory, long step) {
    return new RunStart(
        new RunDirectory(directory.toString()),
        step,
        step * 10,
        new Provenance(CONFIGURATION, "set.zip", "abc123", "", 3));
  }

  static String line(long tick, long step, String loss) {
    return String.format(
        Locale.ROOT,
        "{\"tick\":%d,\"step\":%d,\"images\":%d,\"stage\":0,\"loss\":%s,\"steps\":1,"
            + "\"kimg\":%s,"
            + "\"images_per_second\":20.5,\"timestamp\":1700000%03d.25}\n",
        tick,
        step,
        step * 10,
        loss,
        step / 100.0,
        tick);
  }

  static StatsLine tick(long tick, long step, String loss) {
    return StatsLine.parse(line(tick, step, loss)).orElseThrow();
  }

  /** A clock that is set by hand. */
  static final class Hands extends Clock {
    Instant now = Instant.ofEpochSecond(1_700_000_000);

    void pass(long seconds) {
      now = now.plusSeconds(seconds);
    }

    @Override
    public Instant instant() {
      return now;
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }
  }
}
