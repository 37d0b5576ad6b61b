package dev.ect.spark.api;

import dev.ect.spark.config.UserError;
import dev.ect.spark.report.LiveProgress;
import dev.ect.spark.report.RunDirectory;
import dev.ect.spark.report.TickStats;
import dev.ect.spark.training.RunObserver;
import dev.ect.spark.training.RunPlan;
import dev.ect.spark.training.TrainingJob;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.apache.spark.api.java.JavaSparkContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A tuning run that goes on in a thread of its own. Its Spark stays the caller's. Safe for use by
 * several threads.
 */
public final class TuningRun {
  private static final Logger LOG = LoggerFactory.getLogger(TuningRun.class);

  private final Training training;
  private final TrainingJob job;
  private final CompletableFuture<TuningResult> end = new CompletableFuture<>();
  private final List<Consumer<RunProgress>> listeners = new CopyOnWriteArrayList<>();
  private volatile RunProgress progress;
  private volatile String directory;

  private TuningRun(JavaSparkContext spark, Training training, PrintStream out) {
    this.training = training;
    RunPlan plan = training.planned().plan();
    directory = plan.directory().path();
    progress = RunProgress.at(plan, training.planned().start());
    job = training.job(spark, new Ear(plan), out);
  }

  /** Starts a run. */
  static TuningRun start(JavaSparkContext spark, Training training, PrintStream out) {
    TuningRun run = new TuningRun(spark, training, out);
    Thread thread = new Thread(run::run, "ect-tuning");
    // A notebook's kernel ends when it is told to; a hook then stops the run in order.
    thread.setDaemon(true);
    thread.start();
    return run;
  }

  private final class Ear implements RunObserver {
    private final RunPlan plan;

    /** The step at which the latest tick ended that was told. */
    private long told;

    Ear(RunPlan plan) {
      this.plan = plan;
    }

    @Override
    public void began(RunDirectory place) {
      directory = place.path();
    }

    /** Comes on another thread than the ticks: what is older than they are is not told. */
    @Override
    public synchronized void progress(LiveProgress live) {
      boolean tickIsDue = live.ticks().stream().anyMatch(tick -> tick.step() > told);
      if (!tickIsDue && live.step() > progress.step()) {
        tell(RunProgress.of(plan, training.planned().start(), live));
      }
    }

    @Override
    public synchronized void tick(TickStats tick) {
      told = tick.step();
      tell(RunProgress.of(plan, tick));
    }

    private void tell(RunProgress now) {
      progress = now;
      List<Consumer<RunProgress>> failed = new ArrayList<>();
      for (Consumer<RunProgress> listener : listeners) {
        try {
          listener.accept(now);
        } catch (RuntimeException e) {
          // A mistake in a listener must not end the run.
          LOG.warn("a listener failed and hears no more", e);
          failed.add(listener);
        }
      }
      listeners.removeAll(failed);
    }
  }

  private void run() {
    try {
      long total = training.planned().plan().schedule().totalSteps();
      end.complete(TuningResult.of(training.store(), job.run(), total));
    } catch (Exception e) {
      end.completeExceptionally(Failures.explained(e));
    } catch (Error e) {
      end.completeExceptionally(e);
      throw e;
    }
  }

  /** How far it has come. */
  public RunProgress progress() {
    return progress;
  }

  /**
   * Tells somebody how far it has come: at the end of every tick, and within ticks as often as
   * executors report to Spark. Called on threads of the run: be quick. One that throws hears no
   * more.
   *
   * @return this
   */
  public TuningRun onProgress(Consumer<RunProgress> listener) {
    listeners.add(listener);
    return this;
  }

  /** The run directory. */
  public String directory() {
    return directory;
  }

  /**
   * Spark's name for the run's jobs: {@code cancelJobGroup} of it does what {@link #cancel} does,
   * unless it comes between two jobs.
   */
  public String jobGroup() {
    return job.jobGroup();
  }

  /** Whether it has ended, in whatever way. */
  public boolean isDone() {
    return end.isDone();
  }

  /**
   * Asks it to stop at the next step, with a checkpoint that it can go on from; returns at once.
   *
   * @throws UserError if the run directory cannot be written to
   */
  public void cancel() {
    try {
      job.stop();
    } catch (IOException e) {
      throw new UserError("cannot ask the run to stop: " + e.getMessage());
    }
  }

  /**
   * Waits for its end.
   *
   * @throws UserError if it failed for a reason that the user can put right, saying so; or if this
   *     thread is interrupted, while the run goes on
   * @throws IllegalStateException if it failed otherwise; its cause says why
   */
  public TuningResult join() {
    return join(Duration.ofMillis(Long.MAX_VALUE)).orElseThrow();
  }

  /**
   * As {@link #join()}, for a while.
   *
   * @return empty if it goes on still
   */
  public Optional<TuningResult> join(Duration atMost) {
    try {
      return Optional.of(end.get(atMost.toMillis(), TimeUnit.MILLISECONDS));
    } catch (TimeoutException e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserError(
          "interrupted while waiting; the run goes on: cancel() stops it, with a checkpoint");
    } catch (ExecutionException e) {
      if (e.getCause() instanceof UserError error) {
        throw error;
      }
      throw new IllegalStateException("the run failed: " + e.getCause(), e.getCause());
    }
  }
}
