package dev.ect.spark.training;

import dev.ect.model.tuning.Progress;
import dev.ect.model.tuning.TickSchedule;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.config.UserError;
import dev.ect.spark.data.HadoopStore;
import dev.ect.spark.evaluation.EvaluationPlan;
import dev.ect.spark.evaluation.JobGroup;
import dev.ect.spark.training.SegmentResult.Outcome;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * A run on Spark, as the driver sees it: segment after segment, each a barrier stage with a task
 * per executor. A segment that fails is repeated from the last checkpoint.
 */
public final class TrainingJob {
  /** How long a run may take to end at a step when the process is told to end. */
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  /** How long executors that were told to end with Spark are given for their checkpoint. */
  private static final Duration LEAVING = Duration.ofSeconds(12);

  private static final Duration LOOK = Duration.ofMillis(200);

  private final JavaSparkContext spark;
  private final HadoopStore store;
  private final JobConfig config;
  private final boolean isNew;
  private final Progress start;
  private final Optional<Origin> origin;
  private final String configuration;
  private final Optional<EvaluationPlan> evaluation;
  private final RunObserver observer;
  private final PrintStream out;

  private final StopSwitch stopSwitch;
  private RunPlan plan;
  private String engine = "";
  private double firstLoss = Double.NaN;

  /**
   * @param spark stays the caller's
   * @param planned what {@link RunPlanner} found
   * @param configuration text to keep in the run directory
   * @param observer hears how it gets on
   * @param out for the run's lines
   */
  public TrainingJob(
      JavaSparkContext spark,
      HadoopStore store,
      JobConfig config,
      RunPlanner.Planned planned,
      String configuration,
      RunObserver observer,
      PrintStream out) {
    this.spark = spark;
    this.store = store;
    this.config = config;
    plan = planned.plan();
    isNew = planned.isNew();
    start = planned.start();
    origin = planned.origin();
    evaluation = planned.evaluation();
    this.configuration = configuration;
    this.observer = observer;
    this.out = out;
    stopSwitch = new StopSwitch(store);
  }

  /** Spark's name for the run's jobs. To cancel one does what {@link #stop} does. */
  public String jobGroup() {
    return plan.jobGroup();
  }

  /**
   * Asks the run to end at its next step, with a checkpoint; may be called at any time by any
   * thread.
   *
   * @throws IOException if the run directory cannot be written to
   */
  public void stop() throws IOException {
    stopSwitch.press();
  }

  /**
   * Runs to the end, or until it is asked to stop.
   *
   * @throws UserError if it cannot go on, saying why
   */
  public RunSummary run() throws IOException {
    claim();
    stopSwitch.begin(plan.directory());
    observer.began(plan.directory());
    // The hook first, so that the process does not end before the journal is closed.
    try (ShutdownHook hook = new ShutdownHook(this::stopInOrder, PATIENCE);
        JobGroup group =
            new JobGroup(spark.sc(), plan.jobGroup(), plan.objective().kind().section());
        Journal journal = new Journal(store, plan, out, start, observer);
        SegmentRunner runner =
            new SegmentRunner(spark, store, plan, config.spark().segmentTimeout(), journal);
        Crew crew = new Crew(spark.sc(), config.spark(), config.exchange(), journal::line);
        RunEvaluation evaluations = openEvaluations(journal)) {
      new Introduction(store, plan, start, origin, configuration).write(isNew, journal);
      journal.begun();
      if (origin.isPresent()) {
        origin.get().bring(store, plan);
      }
      return segments(runner, crew, evaluations, journal);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserError(
          "the run was interrupted; go on with --resume " + plan.directory().path());
    }
  }

  /** Makes the run's directory, where it is not there yet. */
  private void claim() throws IOException {
    if (!isNew) {
      return;
    }
    if (plan.run().id().isEmpty()) {
      plan = plan.in(plan.directory().claim(store));
    } else if (!store.claimDirectory(plan.directory().path())) {
      throw new UserError(
          plan.directory().path()
              + ": has just been made by another start with the same run.id; expected one start at a"
              + " time: wait for the other one");
    }
  }

  /** Null where the run is not evaluated. */
  private RunEvaluation openEvaluations(Journal journal) throws IOException {
    return evaluation.isEmpty()
        ? null
        : RunEvaluation.open(spark, store, plan, journal, evaluation.get(), out);
  }

  private void stopInOrder() {
    out.println("stopping at the next step, with a checkpoint");
    try {
      stop();
    } catch (IOException e) {
      out.println("cannot stop in order: " + e.getMessage());
    }
  }

  private RunSummary segments(
      SegmentRunner runner, Crew crew, RunEvaluation evaluations, Journal journal)
      throws IOException, InterruptedException {
    StopRequest stop = new StopRequest(store, plan.directory().stopFile());
    Attempts attempts = new Attempts(config.spark(), start.step());
    Progress progress = start;
    boolean stopped = false;
    if (isEvaluated(start.step()) && !evaluations.isKept(start)) {
      // The run had ended before its evaluation.
      evaluations.evaluate(start);
    }
    try {
      while (progress.step() < plan.schedule().totalSteps() && !stopped) {
        boolean started = false;
        try {
          Gang gang = crew.gang(stop);
          if (gang == null) {
            stopped = true;
            break;
          }
          started = true;
          Segment segment = next(progress);
          List<SegmentResult> results = run(runner, segment, gang, journal);
          progress = results.get(0).progress();
          stopped = results.get(0).outcome() == Outcome.STOPPED;
          attempts.reached(progress.step());
          if (!stopped && segment.evaluated() && progress.step() == segment.toStep()) {
            evaluations.evaluate(progress);
          }
        } catch (SegmentRunner.CancelledException e) {
          stopped = true;
          awaitLastWords(progress.step() + 1);
          runner.clean();
          progress = saved();
        } catch (SegmentRunner.LostException | IllegalStateException e) {
          if (spark.sc().isStopped()) {
            stopped = true;
            awaitLastWords(progress.step() + (started ? 1 : 0));
            runner.clean();
            progress = saved();
          } else if (e instanceof IllegalStateException bug) {
            throw bug;
          } else {
            crew.disband();
            runner.clean();
            String reason = runner.lossReason(e.getMessage());
            Duration pause = attempts.failed(reason, plan.directory().path());
            progress = rewind(reason, pause, journal);
            attempts.reached(progress.step());
          }
        }
      }
    } finally {
      if (progress.step() < plan.schedule().totalSteps()) {
        runner.clean();
      }
    }
    if (stopped) {
      stopSwitch.release();
      journal.line(
          "stopped after step "
              + progress.step()
              + "; go on with --resume "
              + plan.directory().path());
    }
    journal.ended(stopped);
    return new RunSummary(
        plan.directory(),
        progress.step(),
        progress.images(),
        stopped,
        firstLoss,
        journal.lastLoss(),
        journal.imagesPerSecond(),
        engine);
  }

  /**
   * The segment after a step: to the end of its last tick, or of one that an evaluation follows.
   */
  private Segment next(Progress progress) {
    TickSchedule schedule = plan.schedule();
    long tick = schedule.tick(progress.step());
    long lastTick = tick + config.spark().segmentTicks() - 1;
    if (evaluation.isPresent()) {
      // Tick 0 is a single step.
      long every = plan.run().evalEvery();
      lastTick = Math.min(lastTick, Math.max(1, (tick + every - 1) / every) * every);
    }
    long to = schedule.tickEnd(lastTick);
    return Segment.from(progress, to, to == schedule.totalSteps(), isEvaluated(to));
  }

  /** Whether an evaluation follows a step. */
  private boolean isEvaluated(long step) {
    if (evaluation.isEmpty() || step == 0) {
      return false;
    }
    TickSchedule schedule = plan.schedule();
    long tick = schedule.tick(step - 1);
    boolean due = tick > 0 && tick % plan.run().evalEvery() == 0;
    return step == schedule.totalSteps() || (due && schedule.tickEnd(tick) == step);
  }

  /** Runs a segment; returns what the replicas say, by rank. */
  private List<SegmentResult> run(SegmentRunner runner, Segment segment, Gang gang, Journal journal)
      throws IOException, SegmentRunner.LostException, SegmentRunner.CancelledException {
    List<SegmentResult> results = runner.run(segment, gang);
    List<String> failures = reasons(results, Outcome.FAILED);
    if (!failures.isEmpty()) {
      throw new UserError(failures);
    }
    List<String> lost = reasons(results, Outcome.LOST);
    if (!lost.isEmpty()) {
      throw new SegmentRunner.LostException(lost.get(0));
    }
    SegmentResult first = results.get(0);
    String computing =
        gang.world() == 1 ? first.engine() : gang.world() + " executors, " + first.engine();
    if (!computing.equals(engine)) {
      engine = computing;
      journal.line("engine " + engine);
    }
    for (SegmentResult result : results) {
      for (String note : result.notes()) {
        journal.line(note);
      }
    }
    firstLoss = Double.isNaN(firstLoss) ? first.firstLoss() : firstLoss;
    return results;
  }

  /** What is the same on all executors is said of the first. */
  private static List<String> reasons(List<SegmentResult> results, Outcome outcome) {
    Map<String, String> reasons = new LinkedHashMap<>();
    for (SegmentResult result : results) {
      if (result.outcome() == outcome) {
        String what = SegmentTask.withoutPlace(result.reason());
        reasons.putIfAbsent(what, result.reason());
      }
    }
    return List.copyOf(reasons.values());
  }

  /** Goes back to the last checkpoint, or to the beginning; returns how far that is. */
  private Progress rewind(String reason, Duration pause, Journal journal)
      throws IOException, InterruptedException {
    Progress progress = saved();
    journal.rewind(progress.step());
    journal.line(
        String.format(
            Locale.ROOT,
            "a replica was lost: %s; going on after step %d, in %.1f s",
            reason,
            progress.step(),
            pause.toMillis() / 1000.0));
    TimeUnit.MILLISECONDS.sleep(pause.toMillis());
    return progress;
  }

  private Progress saved() throws IOException {
    return Checkpoints.latest(store, plan.directory())
        .map(Checkpoints.Found::progress)
        .orElse(Progress.START);
  }

  /**
   * Somebody has stopped Spark, or cancelled the run's jobs. The replicas end at the next step with
   * a checkpoint: those in executors because their processes or tasks are told to end, those in
   * this process by the stop file.
   *
   * @param step that the checkpoint of executors is expected to reach
   */
  private void awaitLastWords(long step) throws IOException, InterruptedException {
    boolean local = spark.sc().isLocal();
    if (local) {
      stop();
    }
    long deadline = System.nanoTime() + (local ? PATIENCE : LEAVING).toNanos();
    do {
      TimeUnit.MILLISECONDS.sleep(LOOK.toMillis());
    } while ((local ? Replicas.isWorking(plan.runKey()) : saved().step() < step)
        && System.nanoTime() - deadline < 0);
  }
}
