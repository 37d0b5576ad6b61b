package dev.ect.spark.training;

import dev.ect.spark.report.LiveProgress;
import dev.ect.spark.report.LogLines;
import dev.ect.spark.report.TickStats;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * Puts together what the replicas say about a segment while it runs, each thing several times.
 * Heard on Spark's threads, passed on by the run's own.
 */
final class SegmentNews {
  private final Gang gang;
  private final Segment segment;
  private final Journal journal;
  private final String[] places;
  private final LogLines[] logs;
  private final Map<Integer, Long> toldLines = new HashMap<>();

  /** By the step at which they ended, what each rank says of them. */
  private final Map<Long, TickStats[]> ticks = new TreeMap<>();

  private long told = -1;

  SegmentNews(Gang gang, Segment segment, Journal journal) {
    this.gang = gang;
    this.segment = segment;
    this.journal = journal;
    places = new String[gang.world()];
    logs = new LogLines[gang.world()];
  }

  /** Hears a replica; what is left over from an earlier try is not about this segment. */
  void hear(LiveProgress progress) {
    if (progress.gang() == gang.number() && progress.segmentStep() == segment.fromStep()) {
      hear(progress.rank(), progress.place(), progress.ticks(), progress.log());
      if (progress.rank() == 0) {
        journal.show(progress);
      }
    }
  }

  /** Hears the last word of a replica. */
  void hear(SegmentResult result) {
    hear(result.rank(), result.place(), result.ticks(), result.log());
  }

  private synchronized void hear(int rank, String place, List<TickStats> ended, LogLines logged) {
    places[rank] = place;
    logs[rank] = logged;
    for (TickStats tick : ended) {
      if (tick.step() > told) {
        ticks.computeIfAbsent(tick.step(), step -> new TickStats[places.length])[rank] = tick;
      }
    }
  }

  /** Passes on the ticks that all replicas have ended, in order, and what executors have logged. */
  synchronized void tell() throws IOException {
    for (Map.Entry<Long, TickStats[]> each : ticks.entrySet()) {
      List<TickStats> ranks = Arrays.asList(each.getValue());
      if (ranks.stream().anyMatch(Objects::isNull)) {
        break;
      }
      journal.tick(ranks, Arrays.asList(places));
      told = each.getKey();
    }
    ticks.keySet().removeIf(step -> step <= told);
    for (int rank = 0; rank < logs.length; rank++) {
      if (logs[rank] != null) {
        journal.logged(places[rank], logs[rank].from(toldLines.getOrDefault(rank, 0L)));
        toldLines.put(rank, logs[rank].next());
      }
    }
  }
}
