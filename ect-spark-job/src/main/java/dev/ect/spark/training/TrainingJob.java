package dev.ect.spark.training;

import dev.ect.model.dataset.ImageReader;
import dev.ect.model.io.Store;
import dev.ect.model.sampling.ImageGrid;
import dev.ect.model.tuning.Progress;
import dev.ect.model.tuning.TickSchedule;
import dev.ect.spark.config.UserError;
import dev.ect.spark.data.HadoopStore;
import dev.ect.spark.report.ProgressBar;
import dev.ect.spark.report.RunLog;
import dev.ect.spark.report.TickStats;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.apache.spark.SparkException;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.rdd.RDD;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Tuple2;
import scala.collection.JavaConverters;
import scala.collection.Seq;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/**
 * A run on Spark, as the driver sees it: segment after segment, each a barrier stage with a task
 * per executor.
 */
public final class TrainingJob {
  private static final Logger LOG = LoggerFactory.getLogger(TrainingJob.class);

  private final JavaSparkContext spark;
  private final HadoopStore store;
  private final boolean isNew;
  private final Progress start;
  private final String configuration;
  private final int segmentTicks;
  private final PrintStream out;

  private final ProgressBar bar;
  private RunPlan plan;
  private RunLog log;
  private String engine = "";
  private double firstLoss = Double.NaN;
  private double lastLoss = Double.NaN;
  private long steps;
  private double seconds;

  /** The executors of the replicas, by rank; empty before the first segment. */
  private List<String> locations = List.of();

  /**
   * @param spark stays the caller's
   * @param planned what {@link RunPlanner} found
   * @param configuration text to keep in the run directory
   * @param segmentTicks ticks per barrier stage
   * @param out for the run's lines
   */
  public TrainingJob(
      JavaSparkContext spark,
      HadoopStore store,
      RunPlanner.Planned planned,
      String configuration,
      int segmentTicks,
      PrintStream out) {
    this.spark = spark;
    this.store = store;
    plan = planned.plan();
    isNew = planned.isNew();
    start = planned.start();
    this.configuration = configuration;
    this.segmentTicks = segmentTicks;
    this.out = out;
    bar =
        new ProgressBar(
            ProgressBar.terminal(), out, plan.schedule().totalSteps(), plan.objective().batch());
  }

  /**
   * Runs to the end, or until it is asked to stop.
   *
   * @throws UserError if it cannot go on, saying why
   */
  public RunSummary run() throws IOException {
    if (isNew) {
      plan = plan.in(plan.directory().claim(store));
    }
    plan.directory().create(store, plan.run().id());
    store.delete(plan.directory().stopFile());
    log = new RunLog(store, plan.directory(), out, bar, start.step(), plan.objective().batch());
    introduce();
    Broadcast<RunPlan> shared = spark.broadcast(plan);
    ProgressAccumulator live = new ProgressAccumulator();
    spark.sc().register(live, ProgressAccumulator.NAME);
    ProgressListener listener = new ProgressListener(live.id(), bar::show);
    spark.sc().addSparkListener(listener);
    try (StopOnSignal signal = new StopOnSignal(store, plan.directory().stopFile(), out)) {
      return segments(shared, live);
    } finally {
      bar.clear();
      if (!spark.sc().isStopped()) {
        spark.sc().removeSparkListener(listener);
        shared.destroy();
      }
    }
  }

  private void introduce() throws IOException {
    Store files = store;
    if (start.step() == 0) {
      plan.directory().write(files, "configuration.conf", configuration);
      byte[][] real = new byte[plan.grid().images().length][];
      try (ImageReader reader = new ImageReader(files, plan.index())) {
        for (int i = 0; i < real.length; i++) {
          real[i] = reader.read(plan.grid().images()[i]);
        }
      }
      ImageGrid.write(
          files,
          plan.directory().file("data.png"),
          real,
          plan.index().shape(),
          plan.grid().columns(),
          Saver.scale(plan.index().shape()));
      log.line("run directory " + plan.directory().path());
    } else {
      log.line(
          "going on in "
              + plan.directory().path()
              + " after step "
              + start.step()
              + String.format(Locale.ROOT, " (%.1f kimg)", start.images() / 1000.0));
    }
  }

  private RunSummary segments(Broadcast<RunPlan> shared, ProgressAccumulator live)
      throws IOException {
    TickSchedule schedule = plan.schedule();
    Progress progress = start;
    boolean stopped = false;
    boolean complete = false;
    long lostAt = -1;
    try {
      while (progress.step() < schedule.totalSteps() && !stopped) {
        long lastTick = schedule.tick(progress.step()) + segmentTicks - 1;
        long to = schedule.tickEnd(lastTick);
        Segment segment = Segment.from(progress, to, to == schedule.totalSteps());
        List<SegmentResult> results = run(segment, shared, live);
        if (results.stream().anyMatch(SegmentResult::lost)) {
          if (progress.step() <= lostAt) {
            throw new UserError(
                "a replica was lost again after step "
                    + progress.step()
                    + "; look for what ends the executors, then go on with --resume "
                    + plan.directory().path());
          }
          lostAt = progress.step();
          progress = rewind();
        } else {
          record(results.get(0));
          progress = results.get(0).progress();
          stopped = results.get(0).stopped();
        }
      }
      complete = true;
    } finally {
      if (!complete) {
        clean();
      }
    }
    if (stopped) {
      store.delete(plan.directory().stopFile());
      log.line(
          "stopped after step "
              + progress.step()
              + "; go on with --resume "
              + plan.directory().path());
    }
    return new RunSummary(
        plan.directory(),
        progress.step(),
        progress.images(),
        stopped,
        firstLoss,
        lastLoss,
        seconds > 0 ? steps * plan.objective().batch() / seconds : 0,
        engine);
  }

  /** Goes back to the last checkpoint, or to the beginning; returns how far that is. */
  private Progress rewind() throws IOException {
    clean();
    locations = List.of();
    Progress progress =
        Checkpoints.latest(store, plan.directory())
            .map(Checkpoints.Found::progress)
            .orElse(Progress.START);
    log.rewind(progress.step());
    log.line("a replica was lost with its executor; going on after step " + progress.step());
    return progress;
  }

  /** One barrier stage. Returns what the replicas say, by rank. */
  private List<SegmentResult> run(
      Segment segment, Broadcast<RunPlan> shared, ProgressAccumulator live) {
    SegmentTask task = new SegmentTask(shared, store, segment, live);
    spark.sc().setJobGroup("ect", "steps " + segment.fromStep() + " to " + segment.toStep(), false);
    List<SegmentResult> results =
        new ArrayList<>(
            collect(gang().barrier().mapPartitions(task, false, tag(SegmentResult.class))));
    results.sort(Comparator.comparingInt(SegmentResult::rank));
    locations = results.stream().map(SegmentResult::location).toList();
    List<String> failures =
        results.stream().map(SegmentResult::failure).filter(f -> !f.isEmpty()).toList();
    if (!failures.isEmpty()) {
      throw new UserError(failures);
    }
    return results;
  }

  private void record(SegmentResult result) throws IOException {
    if (!result.engine().equals(engine)) {
      engine = result.engine();
      log.line("engine " + engine);
    }
    for (String note : result.notes()) {
      log.line(note);
    }
    firstLoss = Double.isNaN(firstLoss) ? result.firstLoss() : firstLoss;
    for (TickStats tick : result.ticks()) {
      log.tick(tick);
      lastLoss = tick.loss();
      steps += tick.steps();
      seconds += tick.seconds();
    }
  }

  /** Frees what a failed run left in the executors; that this fails too must not hide why. */
  private void clean() {
    if (spark.sc().isStopped()) {
      return;
    }
    try {
      collect(
          gang().mapPartitions(new SegmentTask.Cleanup(plan.runKey()), false, tag(Integer.class)));
    } catch (RuntimeException e) {
      out.println("executors could not be cleaned: " + e.getMessage());
    }
  }

  /** One partition per replica, to be computed where the replica lives. */
  private RDD<Integer> gang() {
    List<Integer> ranks = IntStream.range(0, plan.executors()).boxed().toList();
    if (locations.isEmpty() || spark.sc().isLocal()) {
      return spark.parallelize(ranks, plan.executors()).rdd();
    }
    List<Tuple2<Integer, Seq<String>>> placed =
        ranks.stream()
            .map(rank -> new Tuple2<>(rank, sequence(List.of(locations.get(rank)))))
            .toList();
    return spark.sc().makeRDD(sequence(placed), tag(Integer.class));
  }

  private static <T> Seq<T> sequence(List<T> list) {
    return JavaConverters.asScalaBuffer(list).toList();
  }

  private static <T> List<T> collect(RDD<T> rdd) {
    try {
      return computed(rdd);
    } catch (SparkException e) {
      LOG.debug("Spark gave a stage up", e);
      Throwable root = e;
      while (root.getCause() != null) {
        root = root.getCause();
      }
      String said = root == e ? String.valueOf(e.getMessage()) : root.toString();
      throw new UserError("Spark gave the run up: " + said.lines().findFirst().orElse(""));
    }
  }

  /** Scala throws it without saying so. */
  @SuppressWarnings("RedundantThrows")
  private static <T> List<T> computed(RDD<T> rdd) throws SparkException {
    return new JavaRDD<>(rdd, rdd.elementClassTag()).collect();
  }

  private static <T> ClassTag<T> tag(Class<T> type) {
    return ClassTag$.MODULE$.apply(type);
  }
}
