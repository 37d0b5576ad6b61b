package dev.ect.spark.training;

import dev.ect.spark.data.HadoopStore;
import dev.ect.spark.report.LiveProgress;
import dev.ect.spark.report.SparkReason;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaFutureAction;
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

/** Runs segments as barrier stages, and listens to the replicas meanwhile. */
final class SegmentRunner implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SegmentRunner.class);
  private static final Duration LOOK = Duration.ofMillis(500);

  /** How long a stage that was given up may take to end. */
  private static final Duration GIVING_UP = Duration.ofSeconds(30);

  /** A segment that has to be repeated; the message is a line that says why. */
  static final class LostException extends Exception {
    private static final long serialVersionUID = 1L;

    LostException(String reason) {
      super(reason);
    }
  }

  /** Somebody has cancelled the run's jobs by their group. */
  static final class CancelledException extends Exception {
    private static final long serialVersionUID = 1L;
  }

  private final JavaSparkContext spark;
  private final HadoopStore store;
  private final String runKey;
  private final Broadcast<RunPlan> plan;
  private final Optional<Duration> timeout;
  private final Journal journal;
  private final ProgressAccumulator live = new ProgressAccumulator();
  private final ProgressListener listener;

  private volatile Consumer<LiveProgress> receiver = progress -> {};

  /** The executors of the replicas; empty before the first segment. */
  private List<String> locations = List.of();

  /**
   * @param timeout after which a segment is given up
   */
  SegmentRunner(
      JavaSparkContext spark,
      HadoopStore store,
      RunPlan plan,
      Optional<Duration> timeout,
      Journal journal) {
    this.spark = spark;
    this.store = store;
    this.timeout = timeout;
    this.journal = journal;
    runKey = plan.runKey();
    this.plan = spark.broadcast(plan);
    spark.sc().register(live, ProgressAccumulator.NAME);
    listener = new ProgressListener(live.id(), progress -> receiver.accept(progress));
    spark.sc().addSparkListener(listener);
  }

  /**
   * Runs a segment.
   *
   * @return what the replicas say, by rank
   * @throws LostException if it has to be repeated
   * @throws CancelledException if its replicas end at the next step, with a checkpoint
   */
  List<SegmentResult> run(Segment segment, Gang gang)
      throws LostException, CancelledException, IOException {
    SegmentNews news = new SegmentNews(gang, segment, journal);
    receiver = news::hear;
    listener.takeLost();
    try {
      SegmentTask task = new SegmentTask(plan, store, segment, gang, live);
      String steps = "steps " + segment.fromStep() + " to " + segment.toStep();
      spark.sc().setJobDescription(steps);
      RDD<SegmentResult> stage =
          ranks(gang.world(), List.of())
              .barrier()
              .mapPartitions(task, false, tag(SegmentResult.class));
      List<SegmentResult> results = new ArrayList<>(await(submit(stage), timeout, news::tell));
      results.sort(Comparator.comparingInt(SegmentResult::rank));
      locations = results.stream().map(SegmentResult::location).toList();
      results.forEach(news::hear);
      news.tell();
      return results;
    } finally {
      receiver = progress -> {};
      journal.segmentEnded();
    }
  }

  private static <T> JavaFutureAction<List<T>> submit(RDD<T> stage) {
    return new JavaRDD<>(stage, stage.elementClassTag()).collectAsync();
  }

  @FunctionalInterface
  private interface Report {
    void report() throws IOException;
  }

  private static <T> T await(JavaFutureAction<T> job, Optional<Duration> timeout, Report meanwhile)
      throws LostException, CancelledException, IOException {
    long begin = System.nanoTime();
    while (true) {
      try {
        return job.get(LOOK.toMillis(), TimeUnit.MILLISECONDS);
      } catch (TimeoutException e) {
        try {
          meanwhile.report();
        } catch (IOException | RuntimeException failure) {
          giveUp(job);
          throw failure;
        }
        if (timeout.isPresent() && System.nanoTime() - begin > timeout.get().toNanos()) {
          giveUp(job);
          throw new LostException(
              "the stage took longer than "
                  + timeout.get().toSeconds()
                  + " s (spark.segment-timeout)");
        }
      } catch (ExecutionException e) {
        LOG.debug("Spark gave a stage up", e);
        String reason = reason(e);
        if (SegmentTask.isByGroup(reason)) {
          throw new CancelledException();
        }
        throw new LostException(reason);
      } catch (InterruptedException e) {
        giveUp(job);
        Thread.currentThread().interrupt();
        throw new LostException("the driver was interrupted");
      }
    }
  }

  /** Tells Spark to end the tasks, and waits until it says that the job has ended. */
  private static void giveUp(JavaFutureAction<?> job) {
    job.cancel(true);
    try {
      job.get(GIVING_UP.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException | java.util.concurrent.CancellationException e) {
      LOG.debug("a stage that was given up has ended", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The line of Spark's report that says most: the last cause that is named in it. */
  private static String reason(ExecutionException e) {
    Throwable root = SparkReason.root(e);
    String said = SparkReason.of(root.getMessage());
    return said.isEmpty() ? root.toString() : said;
  }

  /** Why a segment is lost: what Spark knows of its executors says more than their peers can. */
  String lossReason(String otherwise) {
    String gone = listener.takeLost();
    return !gone.isEmpty()
        ? gone
        : otherwise.isEmpty() ? "Spark ended one of its tasks" : otherwise;
  }

  /** Frees what the run left in the executors; that this fails too must not hide why. */
  void clean() {
    if (spark.sc().isStopped()) {
      // Executors end with Spark, this process does not.
      Replicas.takeAll(runKey).forEach(SegmentTask::close);
      return;
    }
    try {
      RDD<Integer> stage =
          ranks(Math.max(1, locations.size()), locations)
              .mapPartitions(new SegmentTask.Cleanup(runKey), false, tag(Integer.class));
      await(submit(stage), Optional.of(GIVING_UP), () -> {});
    } catch (LostException | CancelledException | IOException e) {
      LOG.warn("executors could not be cleaned: {}", e.getMessage());
    }
  }

  /** A partition per rank, to be computed at the given locations, if any. */
  private RDD<Integer> ranks(int world, List<String> places) {
    List<Integer> ranks = IntStream.range(0, world).boxed().toList();
    if (places.isEmpty() || spark.sc().isLocal()) {
      return spark.parallelize(ranks, world).rdd();
    }
    List<Tuple2<Integer, Seq<String>>> placed =
        ranks.stream()
            .map(rank -> new Tuple2<>(rank, sequence(List.of(places.get(rank)))))
            .toList();
    return spark.sc().makeRDD(sequence(placed), tag(Integer.class));
  }

  private static <T> Seq<T> sequence(List<T> list) {
    return JavaConverters.asScalaBuffer(list).toList();
  }

  private static <T> ClassTag<T> tag(Class<T> type) {
    return ClassTag$.MODULE$.apply(type);
  }

  @Override
  public void close() {
    if (!spark.sc().isStopped()) {
      spark.sc().removeSparkListener(listener);
      plan.destroy();
    }
  }
}
