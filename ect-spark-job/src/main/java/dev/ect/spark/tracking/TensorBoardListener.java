package dev.ect.spark.tracking;

import dev.ect.model.io.BadFileException;
import dev.ect.model.io.Store;
import dev.ect.model.io.StoredFile;
import dev.ect.spark.report.MetricFiles;
import dev.ect.spark.report.MetricLine;
import dev.ect.spark.report.PngHeader;
import dev.ect.spark.report.RunDirectory;
import dev.ect.spark.report.RunEnd;
import dev.ect.spark.report.RunListener;
import dev.ect.spark.report.RunStart;
import dev.ect.spark.report.SampleGrid;
import dev.ect.spark.report.StatsFile;
import dev.ect.spark.report.StatsLine;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Event files for TensorBoard in the folder {@code tensorboard} of a run's directory. The steps on
 * its axis are images seen.
 *
 * <p>Not every file system can append, and TensorBoard does not look again at what it has read:
 * each time there is enough to write it goes into a new file, at first every ten seconds, in long
 * runs every twentieth of their time. A start of a run replaces the files of earlier ones.
 */
public final class TensorBoardListener implements RunListener {
  private static final String FOLDER = "tensorboard";
  private static final String PREFIX = "events.out.tfevents.";
  private static final String SUFFIX = ".ect";
  private static final Duration FIRST = Duration.ofSeconds(10);
  private static final int SHARE = 20;

  private final Store store;
  private final Clock clock;
  private final Set<String> written = new HashSet<>();
  private RunDirectory directory;
  private Instant start;
  private Instant next;
  private EventFile file;
  private int files;
  private StatsLine last;

  /** Lines of metrics that are written. */
  private int results;

  public TensorBoardListener(Store store) {
    this(store, Clock.systemUTC());
  }

  TensorBoardListener(Store store, Clock clock) {
    this.store = store;
    this.clock = clock;
  }

  @Override
  public void begun(RunStart run) throws IOException {
    directory = run.directory();
    start = clock.instant();
    next = start.plus(FIRST);
    String folder = directory.file(FOLDER);
    boolean again = false;
    if (store.exists(folder)) {
      for (StoredFile each : store.list(folder, false)) {
        if (each.name().startsWith(PREFIX) && each.name().endsWith(SUFFIX)) {
          store.delete(each.path());
          again = true;
        }
      }
    }
    file = new EventFile(now());
    if (again) {
      // A TensorBoard that looks on has read the old files.
      file.restart(now(), 0);
    }
    file.text(
        now(),
        0,
        "configuration/text_summary",
        "    " + Flattened.lines(run.provenance().configuration()).replace("\n", "\n    "));
    for (StatsLine tick : StatsFile.read(store, directory).ticks()) {
      add(tick);
    }
    addFiles();
  }

  @Override
  public void tick(StatsLine tick) throws IOException {
    add(tick);
    flush(false);
  }

  private void add(StatsLine tick) {
    last = tick;
    file.scalars(tick.timeMillis() / 1000.0, tick.images(), tick.scalars());
  }

  @Override
  public void rewound(long images) {
    file.restart(now(), images + 1);
  }

  @Override
  public void saved() throws IOException {
    addFiles();
    flush(false);
  }

  @Override
  public void evaluated() throws IOException {
    addFiles();
    flush(false);
  }

  @Override
  public void ended(RunEnd end) throws IOException {
    addFiles();
    flush(true);
  }

  /** Results and grids that are there and not yet written. */
  private void addFiles() throws IOException {
    List<StoredFile> found = store.list(directory.path(), false);
    List<MetricFiles.Result> all = MetricFiles.read(store, found).results();
    for (MetricFiles.Result result : all.subList(Math.min(results, all.size()), all.size())) {
      add(result.best());
    }
    results = all.size();
    for (SampleGrid grid : SampleGrid.among(found)) {
      if (written.add(grid.name())) {
        add(grid);
      }
    }
  }

  private void add(MetricLine line) {
    if (line.images() < 0) {
      return;
    }
    Map<String, Double> values = new LinkedHashMap<>();
    line.results().forEach((name, value) -> values.put("Metrics/" + name, value));
    file.scalars(line.timestamp(), line.images(), values);
  }

  private void add(SampleGrid grid) throws IOException {
    byte[] png = store.readAll(grid.path());
    long images =
        grid.isFinal() ? last == null ? 0 : last.images() : Math.round(grid.kimg() * 1000);
    String tag =
        grid.evaluations() == 0
            ? "Samples/before_training"
            : "Samples/" + (grid.isFinal() ? "final_" : "") + grid.evaluations() + "_step";
    try {
      file.image(now(), images, tag, PngHeader.of(grid.path(), png), png);
    } catch (BadFileException e) {
      // The report says so.
    }
  }

  private double now() {
    return clock.millis() / 1000.0;
  }

  private void flush(boolean all) throws IOException {
    Instant now = clock.instant();
    if (!all && now.isBefore(next)) {
      return;
    }
    // TensorBoard reads files in the order of their names.
    String name =
        String.format(Locale.ROOT, "%s%010d.%06d%s", PREFIX, start.getEpochSecond(), files, SUFFIX);
    byte[] events = file.toBytes();
    store.write(Store.join(directory.file(FOLDER), name), out -> out.write(events));
    files++;
    file = new EventFile(now());
    Duration part = Duration.between(start, now).dividedBy(SHARE);
    next = now.plus(part.compareTo(FIRST) > 0 ? part : FIRST);
  }
}
