package dev.ect.spark.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Small tuning runs on several executors: 50 steps in ticks of one and segments of ten. */
final class DistributedRuns implements AutoCloseable {
  static final int STEPS = 50;

  /** Far more than any wait here takes; tells a run that hangs from a slow machine. */
  static final Duration PATIENCE = Duration.ofMinutes(10);

  private static final List<String> SETTINGS =
      List.of(
          "tuning.duration=0.0004",
          "tuning.tick=0.008",
          "tuning.double-ticks=30",
          "tuning.lr=1e-4",
          "run.sample-every=1000",
          "run.snapshot-every=1000",
          "run.state-every=1000",
          "run.ema-every=0",
          // segments end with checkpoints of their own
          "run.checkpoint-every=1000",
          "run.grid=1",
          "spark.segment-ticks=10",
          "spark.executor-wait=2m",
          "exchange.timeout=10s");

  private final TestRuns runs;
  private final ClusterRuns cluster;

  DistributedRuns(Path folder) throws IOException {
    runs = new TestRuns(folder);
    cluster = new ClusterRuns(folder);
  }

  /** As many executors of one core. */
  static String executors(int count) {
    return "local-cluster[" + count + ",1,1024]";
  }

  /** The command line of a run that is found again by the name of its folder. */
  List<String> arguments(String outdir, int executors, String... more) {
    List<String> all = new ArrayList<>(SETTINGS);
    all.add("run.id=distributed");
    all.add("spark.executors=" + executors);
    all.addAll(List.of(more));
    return runs.arguments(outdir, all.toArray(String[]::new));
  }

  /** Starts a run on as many executors, or goes on with the one in that folder. */
  ClusterRun start(String outdir, int executors, String... more) throws IOException {
    return cluster.start(executors(executors), arguments(outdir, executors, more));
  }

  /** Starts one with another number of executors than it asks for, or with other options. */
  ClusterRun start(String master, List<String> arguments, String... jvmOptions) throws IOException {
    return jvmOptions.length == 0
        ? cluster.start(master, arguments)
        : cluster.start(master, arguments, List.of(jvmOptions));
  }

  /** Runs on a single executor, in this JVM, to the end. */
  RunFiles finishAlone(String outdir) throws Exception {
    TestRuns.run(line -> {}, arguments(outdir, 1, "spark.master=local[1]"));
    return files(outdir);
  }

  /** Runs on as many executors to the end. */
  RunFiles finish(String outdir, int executors, String... more) throws Exception {
    start(outdir, executors, more).succeed(PATIENCE);
    return files(outdir);
  }

  /** What the run in that folder has left. */
  RunFiles files(String outdir) throws IOException {
    return new RunFiles(runs.directory(outdir));
  }

  /** That two runs ended with the same weights, moments and averages, bit by bit. */
  static void assertSameBits(RunFiles expected, RunFiles actual) throws IOException {
    assertEquals(expected.state(), actual.state(), () -> actual.directory().toString());
  }

  @Override
  public void close() {
    cluster.close();
  }
}
