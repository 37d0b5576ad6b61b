package dev.ect.spark.report;

import dev.ect.model.io.Store;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What every replica's time went to, tick after tick, as a page {@code timeline.html} that needs
 * nothing but a browser. It covers this start of the run; of a long one, neighbouring ticks are
 * shown together. Safe for use by several threads.
 */
public final class TrainingTimeline {
  private static final String FILE = "timeline.html";

  /** Columns that are kept of a replica: more than a screen has pixels, even joined. */
  private static final int KEPT = 4_000;

  /** Columns on the page, all replicas together: keeps it at about a megabyte. */
  private static final int SHOWN = 2_000;

  private static final int SHOWN_AT_LEAST = 20;

  /**
   * Neighbouring ticks of a replica.
   *
   * @param startMillis since 1970
   * @param endMillis of the last one's checkpoint
   */
  record Column(long startMillis, long endMillis, long firstTick, long lastTick, Phases phases) {
    private Column and(Column next) {
      return new Column(
          startMillis, next.endMillis, firstTick, next.lastTick, phases.plus(next.phases));
    }
  }

  /**
   * A replica.
   *
   * @param place its latest executor
   * @param total of all columns
   */
  record Lane(int rank, String place, List<Column> columns, Phases total) {}

  private final SortedMap<Integer, Lane> lanes = new TreeMap<>();

  /**
   * Adds a tick of one replica.
   *
   * @param rank of the replica
   * @param place its executor and host, for people
   */
  public synchronized void add(int rank, String place, TickStats tick) {
    double seconds = tick.seconds() + tick.phases().checkpointSeconds();
    Column column =
        new Column(
            tick.startMillis(),
            tick.startMillis() + Math.round(1000 * seconds),
            tick.tick(),
            tick.tick(),
            tick.phases());
    Lane lane = lanes.getOrDefault(rank, new Lane(rank, place, new ArrayList<>(), Phases.NONE));
    List<Column> columns = lane.columns();
    columns.add(column);
    if (columns.size() > KEPT) {
      columns = new ArrayList<>(coarser(columns, KEPT / 4));
    }
    lanes.put(rank, new Lane(rank, place, columns, lane.total().plus(tick.phases())));
  }

  /**
   * Joins short neighbours, but not over a pause.
   *
   * @param many columns, of equal length, that the whole time would be divided into; pauses can
   *     make it up to twice as many
   */
  private static List<Column> coarser(List<Column> columns, int many) {
    if (columns.size() <= many) {
      return List.copyOf(columns);
    }
    Column last = columns.get(columns.size() - 1);
    long length = (last.endMillis() - columns.get(0).startMillis()) / many;
    List<Column> joined = new ArrayList<>();
    Column open = columns.get(0);
    for (Column next : columns.subList(1, columns.size())) {
      if (open.endMillis() - open.startMillis() >= length
          || next.startMillis() - open.endMillis() >= length) {
        joined.add(open);
        open = next;
      } else {
        open = open.and(next);
      }
    }
    joined.add(open);
    return joined;
  }

  /** What there is now, in at most as many columns as a page can show; by rank. */
  private synchronized List<Lane> shown() {
    int each = Math.max(SHOWN_AT_LEAST, SHOWN / Math.max(1, lanes.size()));
    return lanes.values().stream()
        .map(
            lane ->
                new Lane(lane.rank(), lane.place(), coarser(lane.columns(), each), lane.total()))
        .toList();
  }

  /** Replaces the run's page. */
  public void write(Store store, RunDirectory directory) throws IOException {
    directory.write(store, FILE, TimelinePage.html(directory.path(), shown()));
  }
}
