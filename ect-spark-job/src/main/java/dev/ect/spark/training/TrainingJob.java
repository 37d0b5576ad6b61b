package dev.ect.spark.training;

import dev.ect.model.dataset.ImageReader;
import dev.ect.model.io.Addresses;
import dev.ect.model.sampling.ImageGrid;
import dev.ect.model.tuning.Progress;
import dev.ect.model.tuning.TickSchedule;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.config.UserError;
import dev.ect.spark.data.HadoopStore;
import dev.ect.spark.evaluation.EvaluationPlan;
import dev.ect.spark.training.SegmentResult.Outcome;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
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
  private final PrintStream out;

  private RunPlan plan;
  private String engine = "";
  private double firstLoss = Double.NaN;

  /**
   * @param spark stays the caller's
   * @param planned what {@link RunPlanner} found
   * @param configuration text to keep in the run directory
   * @param out for the run's lines
   */
  public TrainingJob(
      JavaSparkContext spark,
      HadoopStore store,
      JobConfig config,
      RunPlanner.Planned planned,
      String configuration,
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
    this.out = out;
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
    // The hook first, so that the process does not end before the journal is closed.
    try (ShutdownHook hook = new ShutdownHook(this::stopInOrder, PATIENCE);
        Journal journal = new Journal(store, plan, out, start.step());
        SegmentRunner runner =
            new SegmentRunner(spark, store, plan, config.spark().segmentTimeout(), journal);
        Crew crew = new Crew(spark.sc(), config.spark(), config.exchange(), journal::line);
        RunEvaluation evaluations = openEvaluations(journal)) {
      introduce(journal);
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

  /** Null where the run is not evaluated. */
  private RunEvaluation openEvaluations(Journal journal) throws IOException {
    return evaluation.isEmpty()
        ? null
        : RunEvaluation.open(spark, store, plan, journal, evaluation.get(), out);
  }

  private void stopInOrder() {
    out.println("stopping at the next step, with a checkpoint");
    try {
      store.write(plan.directory().stopFile(), file -> {});
    } catch (IOException e) {
      out.println("cannot stop in order: " + e.getMessage());
    }
  }

  private void introduce(Journal journal) throws IOException {
    if (isNew || origin.isPresent() || start.step() == 0) {
      plan.directory().write(store, "configuration.conf", configuration);
      byte[][] real = new byte[plan.grid().images().length][];
      try (ImageReader reader = new ImageReader(store, plan.index())) {
        for (int i = 0; i < real.length; i++) {
          real[i] = reader.read(plan.grid().images()[i]);
        }
      }
      ImageGrid.write(
          store,
          plan.directory().file("data.png"),
          real,
          plan.index().shape(),
          plan.grid().columns(),
          Saver.scale(plan.index().shape()));
      journal.line("run directory " + plan.directory().path());
    }
    if (start.step() > 0) {
      journal.line(
          "going on "
              + (origin.isPresent()
                  ? "from " + Addresses.withoutSecrets(origin.get().path())
                  : "in " + plan.directory().path())
              + " after step "
              + start.step()
              + String.format(Locale.ROOT, " (%.1f kimg)", start.images() / 1000.0));
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
      store.delete(plan.directory().stopFile());
      journal.line(
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
      throws IOException, SegmentRunner.LostException {
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

  private static List<String> reasons(List<SegmentResult> results, Outcome outcome) {
    return results.stream()
        .filter(result -> result.outcome() == outcome)
        .map(SegmentResult::reason)
        .distinct()
        .toList();
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
   * Somebody has stopped Spark. The replicas end at the next step with a checkpoint: those in
   * executors because their processes are told to end, those in this process by the stop file.
   *
   * @param step that the checkpoint of executors is expected to reach
   */
  private void awaitLastWords(long step) throws IOException, InterruptedException {
    boolean local = spark.sc().isLocal();
    if (local) {
      store.write(plan.directory().stopFile(), file -> {});
    }
    long deadline = System.nanoTime() + (local ? PATIENCE : LEAVING).toNanos();
    do {
      TimeUnit.MILLISECONDS.sleep(LOOK.toMillis());
    } while ((local ? Replicas.isWorking(plan.runKey()) : saved().step() < step)
        && System.nanoTime() - deadline < 0);
  }
}
