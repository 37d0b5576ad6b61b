package dev.ect.spark.training;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ect.model.tuning.Progress;
import dev.ect.spark.config.UserError;
import dev.ect.spark.data.HadoopStore;
import dev.ect.spark.evaluation.Evaluation;
import dev.ect.spark.evaluation.EvaluationPlan;
import dev.ect.spark.evaluation.Evaluator;
import dev.ect.spark.evaluation.ResultTable;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.apache.spark.api.java.JavaSparkContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Evaluations of a run's EMA weights between its segments. One that fails does not end the run. */
final class RunEvaluation implements AutoCloseable {
  /** An executor that is lost at the wrong moment can cost a whole evaluation. */
  private static final int ATTEMPTS = 2;

  private static final double KILO = 1000;
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Logger LOG = LoggerFactory.getLogger(RunEvaluation.class);

  private final JavaSparkContext spark;
  private final HadoopStore store;
  private final RunPlan plan;
  private final Journal journal;
  private final EvaluationPlan evaluation;
  private final Evaluator evaluator;

  private RunEvaluation(
      JavaSparkContext spark,
      HadoopStore store,
      RunPlan plan,
      Journal journal,
      EvaluationPlan evaluation,
      Evaluator evaluator) {
    this.spark = spark;
    this.store = store;
    this.plan = plan;
    this.journal = journal;
    this.evaluation = evaluation;
    this.evaluator = evaluator;
  }

  /**
   * Sends the detectors to the executors and tries them there, before the run begins.
   *
   * @param out for progress
   * @throws UserError if one does not work
   */
  static RunEvaluation open(
      JavaSparkContext spark,
      HadoopStore store,
      RunPlan plan,
      Journal journal,
      EvaluationPlan evaluation,
      PrintStream out)
      throws IOException {
    Evaluator evaluator = Evaluator.open(spark, store, evaluation, out);
    try {
      evaluator.tryOut(plan.spec());
    } catch (RuntimeException | Error e) {
      evaluator.close();
      throw e;
    }
    return new RunEvaluation(spark, store, plan, journal, evaluation, evaluator);
  }

  /** Whether the results of a moment are in the run directory. */
  boolean isKept(Progress progress) throws IOException {
    String file = plan.directory().file(Evaluator.file(evaluation.measurements().get(0).metric()));
    if (!store.exists(file)) {
      return false;
    }
    for (String line : new String(store.readAll(file), StandardCharsets.UTF_8).lines().toList()) {
      if (JSON.readTree(line).path("kimg").asDouble() == progress.images() / KILO) {
        return true;
      }
    }
    return false;
  }

  /** Evaluates the latest snapshot, which is on disk; gives up where the run is to stop. */
  void evaluate(Progress progress) throws IOException {
    double kimg = progress.images() / KILO;
    journal.line(String.format(Locale.ROOT, "evaluating the network after %.1f kimg", kimg));
    for (int attempt = 1; attempt <= ATTEMPTS && !spark.sc().isStopped(); attempt++) {
      StopRequest stop = new StopRequest(store, plan.directory().stopFile());
      try (Watch watch = new Watch(stop)) {
        Evaluation found = evaluator.evaluate(plan.directory().latestSnapshot(), repeat -> {});
        for (String line : ResultTable.of(found, evaluation)) {
          journal.line(line);
        }
        evaluator.keep(plan.directory().path(), found, kimg);
        journal.evaluated();
        return;
      } catch (IOException | RuntimeException e) {
        LOG.debug("an evaluation failed", e);
        if (SegmentTask.isByGroup(String.valueOf(e.getMessage()))) {
          // The whole run was meant.
          store.write(plan.directory().stopFile(), file -> {});
        }
        if (stop.asked()) {
          journal.line("the evaluation is given up: the run is to stop");
          return;
        }
        journal.line(
            "the evaluation failed: " + (e.getMessage() == null ? e.toString() : e.getMessage()));
        if (e instanceof UserError) {
          return;
        }
      }
    }
  }

  /** Cancels the evaluation's jobs when the run is asked to stop. */
  private final class Watch implements AutoCloseable {
    private final ScheduledExecutorService clock =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "ect-evaluation-watch");
              thread.setDaemon(true);
              return thread;
            });

    Watch(StopRequest stop) {
      ScheduledFuture<?> unused =
          clock.scheduleWithFixedDelay(() -> look(stop), 1, 1, TimeUnit.SECONDS);
    }

    private void look(StopRequest stop) {
      if (stop.asked() && !spark.sc().isStopped()) {
        spark.sc().cancelJobGroup(plan.jobGroup());
      }
    }

    @Override
    public void close() {
      clock.shutdownNow();
      try {
        // The request is looked at by one thread at a time.
        clock.awaitTermination(1, TimeUnit.MINUTES);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public void close() {
    evaluator.close();
  }
}
