package dev.ect.spark.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.model.checkpoint.SafetensorsFile;
import dev.ect.model.io.LocalStore;
import dev.ect.spark.cli.RunFiles;
import dev.ect.spark.cli.TestRuns;
import dev.ect.spark.config.ConfigSources;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.config.ObjectiveConfig;
import dev.ect.spark.config.UserError;
import dev.ect.spark.data.HadoopStore;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntPredicate;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingJobTest {
  private static final String STATE = "training-state-latest.safetensors";

  @TempDir Path folder;

  private JobConfig config(TestRuns runs, String outdir, String... more) {
    List<String> arguments = runs.arguments(outdir, more);
    return JobConfig.of(
        ObjectiveConfig.Kind.TUNING,
        ConfigSources.overrides(arguments.subList(1, arguments.size())));
  }

  /** Hears every line that a run says. */
  @FunctionalInterface
  private interface Ear {
    void hear(JavaSparkContext spark, RunPlan plan, String line);
  }

  /** Runs on a Spark of its own. */
  private static RunSummary run(JobConfig config, Ear ear) throws Exception {
    HadoopStore store = new HadoopStore(new Configuration());
    RunPlanner.Planned planned = RunPlanner.plan(store, config, 1);
    try (JavaSparkContext spark =
        SparkContexts.open(SparkContexts.barrierSettings(config.spark()))) {
      PrintStream out =
          new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8) {
            @Override
            public void println(String line) {
              ear.hear(spark, planned.plan(), line);
            }
          };
      return new TrainingJob(spark, store, config, planned, "", RunObserver.NONE, out).run();
    }
  }

  private static void assertSameState(Path expected, RunSummary summary) throws Exception {
    assertEquals(
        new RunFiles(expected).state(), new RunFiles(Path.of(summary.directory().path())).state());
  }

  @Test
  void aReplicaThatIsGoneIsMadeAgainFromTheCheckpoint() throws Exception {
    TestRuns runs = new TestRuns(folder);
    AtomicInteger gone = new AtomicInteger();
    RunSummary summary =
        run(
            config(runs, "gone", "spark.segment-ticks=1"),
            (spark, plan, line) -> {
              if (line.startsWith("tick 3 ")) {
                List<Replica> here = Replicas.takeAll(plan.runKey());
                here.forEach(Replica::close);
                gone.addAndGet(here.size());
              }
            });
    assertEquals(1, gone.get());
    assertEquals(20, summary.step());
    assertEquals(5, Files.readAllLines(Path.of(summary.directory().path(), "stats.jsonl")).size());
    assertSameState(runs.tune("reference"), summary);
  }

  @Test
  void twoAndFourReplicasInOneJvmLearnWhatOneDoes() throws Exception {
    TestRuns runs = new TestRuns(folder);
    String[] gently = {"tuning.lr=1e-5", "spark.segment-ticks=5", "spark.master=local[4]"};
    float[] one = weights(runs.tune("one", gently));
    for (int replicas : new int[] {2, 4}) {
      List<String> more = new ArrayList<>(List.of(gently));
      more.add("spark.executors=" + replicas);
      JobConfig config = config(runs, "replicas" + replicas, more.toArray(String[]::new));
      RunSummary summary = run(config, (spark, plan, line) -> {});
      assertTrue(summary.engine().startsWith(replicas + " executors, "), summary.engine());
      assertArrayEquals(one, weights(Path.of(summary.directory().path())), 1e-4f);
    }
  }

  @Test
  void twoReplicasThatExchangeEncodedUpdatesStayAlike() throws Exception {
    TestRuns runs = new TestRuns(folder);
    RunSummary summary =
        run(
            config(
                runs,
                "threshold",
                "spark.executors=2",
                "exchange.encoding=threshold",
                "tuning.duration=0.0008",
                "tuning.tick=0.16",
                "spark.segment-ticks=2"),
            (spark, plan, line) -> {});
    // Checkpoints are written, and the run goes on, only if the weights are the same bits.
    assertEquals(100, summary.step());
    assertTrue(summary.engine().startsWith("2 executors, "), summary.engine());
    assertTrue(Files.exists(Path.of(summary.directory().path(), STATE)));
  }

  private static float[] weights(Path run) throws Exception {
    try (SafetensorsFile file =
        SafetensorsFile.open(new LocalStore(), run.resolve(STATE).toString())) {
      float[] all = new float[0];
      for (String name : file.tensors().keySet()) {
        if (name.startsWith("net.")) {
          float[] more = file.floats(name);
          int from = all.length;
          all = Arrays.copyOf(all, from + more.length);
          System.arraycopy(more, 0, all, from, more.length);
        }
      }
      return all;
    }
  }

  @Test
  void aKilledTaskIsRepeatedFromTheCheckpoint() throws Exception {
    TestRuns runs = new TestRuns(folder);
    RunSummary summary =
        run(
            config(runs, "killed", "spark.segment-ticks=1", "spark.retry-wait=1ms"),
            (spark, plan, line) -> {
              if (line.startsWith("run directory")) {
                spark.sc().addSparkListener(new TaskKiller(spark, task -> task == 3));
              }
            });
    assertEquals(20, summary.step());
    String log = Files.readString(Path.of(summary.directory().path(), "log.txt"));
    assertTrue(log.contains("a replica was lost: "), log);
    assertTrue(log.contains("; going on after step "), log);
    assertSameState(runs.tune("reference"), summary);
  }

  /** Kills some tasks as they start, by their number from 1. */
  private static final class TaskKiller extends SparkListener {
    private final JavaSparkContext spark;
    private final IntPredicate which;
    private int tasks;

    TaskKiller(JavaSparkContext spark, IntPredicate which) {
      this.spark = spark;
      this.which = which;
    }

    @Override
    public void onTaskStart(SparkListenerTaskStart start) {
      tasks++;
      if (which.test(tasks)) {
        spark.sc().killTaskAttempt(start.taskInfo().taskId(), false, "a test");
      }
    }
  }

  @Test
  void aStageThatTakesTooLongIsGivenUpAndTriedAgainSomeTimes() throws Exception {
    JobConfig config =
        config(
            new TestRuns(folder),
            "slow",
            "tuning.duration=0.08",
            "tuning.double-ticks=100000",
            "run.checkpoint-every=100000",
            "run.state-every=100000",
            "spark.segment-ticks=100000",
            "spark.segment-timeout=1ms",
            "spark.max-failures=2",
            "spark.retry-wait=1ms");
    UserError error = assertThrows(UserError.class, () -> run(config, (spark, plan, line) -> {}));
    assertTrue(
        error
            .getMessage()
            .startsWith(
                "the run failed 2 times in a row after step 0 (spark.max-failures), at last: the"
                    + " stage took longer than 0 s (spark.segment-timeout); look for"),
        error.getMessage());
  }

  @Test
  void aRunThatNeverGetsFurtherEndsAfterSomeTries() throws Exception {
    TestRuns runs = new TestRuns(folder);
    JobConfig config = config(runs, "never", "spark.max-failures=3", "spark.retry-wait=1ms");
    UserError error =
        assertThrows(
            UserError.class,
            () ->
                run(
                    config,
                    (spark, plan, line) -> {
                      if (line.startsWith("run directory")) {
                        spark.sc().addSparkListener(new TaskKiller(spark, task -> true));
                      }
                    }));
    assertTrue(
        error.getMessage().startsWith("the run failed 3 times in a row after step 0"),
        error.getMessage());
    assertTrue(error.getMessage().contains("go on with --resume "), error.getMessage());
    assertEquals(1, error.getMessage().lines().count());
  }

  @Test
  void stoppingSparkEndsTheRunWithACheckpoint() throws Exception {
    TestRuns runs = new TestRuns(folder);
    JobConfig config = config(runs, "ended", "run.id=ended", "tuning.duration=0.0004");
    ExecutorService elsewhere = Executors.newSingleThreadExecutor();
    try {
      RunSummary summary =
          run(
              config,
              (spark, plan, line) -> {
                if (line.startsWith("tick 1 ")) {
                  elsewhere.execute(spark::stop);
                }
              });
      assertTrue(summary.stopped());
      assertTrue(summary.step() > 0 && summary.step() < 50, "step " + summary.step());
      RunSummary resumed = run(config, (spark, plan, line) -> {});
      assertEquals(50, resumed.step());
      assertSameState(runs.tune("reference", "tuning.duration=0.0004"), resumed);
    } finally {
      elsewhere.shutdown();
    }
  }

  @Test
  void runsThatStartTogetherGetDirectoriesOfTheirOwn() throws Exception {
    HadoopStore store = new HadoopStore(new Configuration());
    RunPlan plan = RunPlanner.plan(store, config(new TestRuns(folder), "two"), 1).plan();
    assertEquals(plan.directory(), plan.directory().claim(store));
    String second = plan.directory().claim(store).path();
    assertEquals(plan.directory().path().replace("/00000-", "/00001-"), second);
    assertNotEquals(second, plan.directory().claim(store).path());
  }

  @Test
  void aStateThatLacksWhatIsPlannedDiffers() throws Exception {
    HadoopStore store = new HadoopStore(new Configuration());
    RunPlan plan = RunPlanner.plan(store, config(new TestRuns(folder), "differs"), 1).plan();
    Map<String, String> identity = new TreeMap<>(plan.identity());
    assertEquals(List.of(), Checkpoints.differences("state", identity, plan));
    identity.remove("batch");
    assertEquals(
        List.of("state: was made with batch nothing; now it is 8"),
        Checkpoints.differences("state", identity, plan));
  }
}
