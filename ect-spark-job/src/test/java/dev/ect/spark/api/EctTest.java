package dev.ect.spark.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.spark.TestGoldens;
import dev.ect.spark.cli.RunFiles;
import dev.ect.spark.cli.TestRuns;
import dev.ect.spark.config.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EctTest {
  /** 20 steps. */
  private static final String SHORT = "tuning.duration=0.00016";

  /** More steps than a test waits for. */
  private static final String[] LONG = {"tuning.duration=1", "tuning.double-ticks=1000000"};

  @TempDir static Path folder;
  private static TestRuns runs;
  private static SparkSession session;
  private static Ect ect;

  /** How the run {@code told} ended, with the progress that it told. */
  private static TuningResult result;

  private static final BlockingQueue<RunProgress> TOLD = new LinkedBlockingQueue<>();

  @BeforeAll
  static void open() throws IOException {
    runs = new TestRuns(folder);
    session = SparkSession.builder().config(Ect.settings("local[2]")).getOrCreate();
    ect = Ect.onSpark(session);
    result =
        ect.tune(config("told", SHORT))
            .onProgress(
                progress -> {
                  throw new IllegalStateException("a test");
                })
            .onProgress(TOLD::add)
            .join();
  }

  @AfterAll
  static void close() {
    session.stop();
  }

  private static EctConfig config(String outdir, String... more) {
    EctConfig config = EctConfig.defaults();
    List<String> arguments = runs.arguments(outdir, more);
    for (String argument : arguments.subList(1, arguments.size())) {
      String[] parts = argument.split("=", 2);
      config = parts[1].startsWith("[") ? config.hocon(argument) : config.with(parts[0], parts[1]);
    }
    return config;
  }

  private static String refusal(Runnable mistake) {
    return assertThrows(UserError.class, mistake::run).getMessage();
  }

  private static long states(String run) throws IOException {
    try (var files = Files.list(Path.of(run))) {
      return files.filter(file -> file.endsWith("training-state-latest.safetensors")).count();
    }
  }

  @Test
  void aRunTellsHowFarItIsAlsoWhereAListenerFails() {
    assertFalse(result.stopped());
    assertEquals(20, result.step());
    assertEquals(0.16, result.kimg(), 1e-12);
    assertTrue(Files.exists(Path.of(result.snapshot())));
    // Tick 0 is a single step; the last one has four.
    assertEquals(
        List.of(1L, 6L, 11L, 16L, 20L), result.ticks().stream().map(RunProgress::step).toList());
    assertTrue(result.losses().stream().allMatch(loss -> loss > 0), result.losses().toString());
    assertTrue(TOLD.containsAll(result.ticks()), TOLD::toString);
    List<Long> steps = TOLD.stream().map(RunProgress::step).toList();
    assertEquals(steps.stream().sorted().toList(), steps);
    RunProgress last = result.ticks().get(4);
    assertEquals(1, last.fraction());
    assertEquals(4, last.tick());
    assertTrue(last.imagesPerSecond() > 0);
    assertTrue(result.lossPlot().svg().contains("images seen"));
    assertTrue(result.toString().startsWith("finished " + result.directory() + ": 20 steps, "));
  }

  @Test
  void theSessionStaysItsOwners() {
    assertFalse(session.sparkContext().isStopped());
    JavaSparkContext context = JavaSparkContext.fromSparkContext(session.sparkContext());
    assertTrue(Ect.onSpark(context).describe(result.snapshot()).contains("network-snapshot"));
    assertEquals(3, context.parallelize(List.of(1, 2, 3)).count());
    // An owner's own job group is as it was.
    assertNull(session.sparkContext().getLocalProperty("spark.jobGroup.id"));
  }

  @Test
  void addressesInMistakesShowNoSecrets() {
    EctConfig wrong =
        config("secret", LONG).with("tuning.mapping", "https://me:hush@host/m?key=hush");
    String said = refusal(() -> ect.tune(wrong));
    assertTrue(said.contains("tuning.mapping is \"https://host/m"), said);
    assertFalse(said.contains("hush"), said);
    assertFalse(wrong.toString().contains("hush"), wrong::toString);
  }

  @Test
  void cancellingStopsAtTheNextStepWithACheckpointToGoOnFrom() throws Exception {
    EctConfig longer = config("cancelled", LONG).with("run.id", "cancelled");
    TuningRun run = ect.tune(longer);
    BlockingQueue<RunProgress> heard = new LinkedBlockingQueue<>();
    run.onProgress(heard::add);
    assertEquals(Optional.empty(), run.join(Duration.ofMillis(1)));
    heard.take();
    run.cancel();
    TuningResult stopped = run.join();
    assertTrue(stopped.stopped());
    assertTrue(stopped.step() > 0 && stopped.step() < 125_000, "step " + stopped.step());
    assertEquals(1, states(stopped.directory()));
    TuningRun again = ect.tune(longer);
    assertEquals(stopped.step(), again.progress().step());
    again.cancel();
    assertEquals(stopped.directory(), again.join().directory());
    assertTrue(again.isDone());
    assertEquals(Optional.of(again.join()), again.join(Duration.ZERO));
  }

  @Test
  void cancellingTheJobGroupStopsTheRunInOrder() throws Exception {
    TuningRun run = ect.tune(config("group", LONG));
    TuningRun other = ect.tune(config("other", LONG));
    BlockingQueue<RunProgress> heard = new LinkedBlockingQueue<>();
    run.onProgress(heard::add);
    heard.take();
    Optional<TuningResult> ended = Optional.empty();
    while (ended.isEmpty()) {
      // Between two jobs there is none to cancel.
      session.sparkContext().cancelJobGroup(run.jobGroup());
      ended = run.join(Duration.ofSeconds(2));
    }
    TuningResult stopped = ended.get();
    assertTrue(stopped.stopped());
    assertEquals(1, states(stopped.directory()));
    assertFalse(other.isDone());
    other.cancel();
    assertTrue(other.join().stopped());
  }

  @Test
  void twoRunsAtOnceAreEachAsIfAlone() throws Exception {
    TuningRun one = ect.tune(config("one", SHORT));
    TuningRun two = ect.tune(config("two", SHORT, "run.seed=1"));
    RunFiles second = new RunFiles(Path.of(two.join().directory()));
    RunFiles first = new RunFiles(Path.of(one.join().directory()));
    assertEquals(new RunFiles(Path.of(result.directory())).state(), first.state());
    assertFalse(first.state().equals(second.state()));
  }

  @Test
  void aFailureGivesItsCause() {
    TuningRun run = ect.tune(config("fails", SHORT, "tuning.lr=1e30"));
    String said = refusal(run::join);
    assertTrue(said.contains("; lower the learning rate, or use another"), said);
    assertEquals(1, said.lines().count());
    assertTrue(run.isDone());
    assertEquals(said, refusal(() -> run.join(Duration.ZERO)));
  }

  @Test
  void everythingThatIsWrongIsSaidTogether() {
    EctConfig wrong =
        config("wrong")
            .with("tuning.bach", 64)
            .with("tuning.lr", "fast")
            .with("data.path", "gone.zip")
            .with("tuning.batch", List.of(1))
            .with("a key", 1)
            .with("run.seed", new Object())
            .hocon("tuning {");
    List<String> lines = refusal(() -> ect.tune(wrong)).lines().toList();
    assertEquals(7, lines.size(), lines::toString);
    for (String line :
        List.of(
            "EctConfig: 'a key'; expected a key such as tuning.batch",
            "EctConfig: run.seed is of java.lang.Object; expected a string, a number, true, false,"
                + " a path, or a list",
            "EctConfig: unknown key tuning.bach; did you mean tuning.batch?",
            "EctConfig: tuning.batch is [1]; expected an integer, at least 1",
            "EctConfig: tuning.lr is \"fast\"; expected a number, more than 0",
            "gone.zip: no such dataset (data.path)")) {
      assertTrue(lines.contains(line), () -> line + " in " + lines);
    }
    assertTrue(lines.stream().anyMatch(line -> line.startsWith("HOCON: 1: ")), lines::toString);
    assertEquals(
        "demoo: no such file; expected a configuration file or one of the presets demo, cifar10,"
            + " cifar10-1hour, imagenet64",
        refusal(() -> ect.tune(EctConfig.of("demoo").with("data.path", runs(".")))));
  }

  private static String runs(String name) {
    return folder.resolve(name).toString();
  }

  @Test
  void aRunOfAnotherConfigurationIsNotGoneOnWith() {
    EctConfig other = EctConfig.defaults().with("run.resume", result.directory());
    String said = refusal(() -> ect.tune(other.with("run.seed", 3)));
    assertTrue(said.endsWith(": was made with seed 0; now it is 3"), said);
    assertEquals(1, said.lines().count());
  }

  @Test
  void whatIsLaterWinsAndConfigurationsDoNotChange() {
    EctConfig first = EctConfig.of("demo").with("tuning.batch", 8);
    EctConfig second = first.hocon("tuning { batch = 16 }").with("data.path", Path.of("a.zip"));
    assertEquals(8, first.config().getInt("tuning.batch"));
    assertEquals(16, second.config().getInt("tuning.batch"));
    assertEquals("a.zip", second.config().getString("data.path"));
    assertEquals(32, second.config().getInt("network.model-channels"));
    assertEquals(
        4, second.with(java.util.Map.of("tuning.batch", 4)).config().getInt("tuning.batch"));
  }

  @Test
  void aSessionThatDoesNotSuitIsRefusedInALine() {
    SparkConf dynamic =
        session.sparkContext().getConf().clone().set("spark.dynamicAllocation.enabled", "true");
    SparkConf packed =
        new SparkConf(false)
            .set("spark.master", "spark://host:7077")
            .set("spark.executor.cores", "4");
    SparkConf narrow = new SparkConf(false).set("spark.master", "local[1]");
    assertEquals(
        "spark.dynamicAllocation.enabled is true; expected false: barrier stages need a fixed"
            + " number of executors",
        refusal(() -> SessionChecks.barrier(dynamic, 1)));
    assertEquals(
        "spark.task.cpus is 1 and spark.executor.cores 4 on spark://host:7077; expected the same:"
            + " an executor runs one task, with all of its cores",
        refusal(() -> SessionChecks.barrier(packed, 2)));
    assertTrue(
        refusal(() -> SessionChecks.barrier(narrow, 2))
            .startsWith("spark.executors is 2, but local[1] runs 1 tasks at a time;"));
    assertEquals(
        "spark.master is local[3], but this Spark session runs on local[2]; expected the same:"
            + " leave it out",
        refusal(() -> ect.tune(config("master", SHORT, "spark.master=local[3]"))));
  }

  @Test
  void samplesAreWrittenByClass() throws Exception {
    String grid = folder.resolve("grid.png").toString();
    ect.sample(Sampling.of(result.snapshot()).num(4).classes(2, 7).midT(0.8).grid(grid));
    assertTrue(Files.size(Path.of(grid)) > 0);
    String pickle = TestGoldens.builtIn("network-snapshot-000001.pkl").toString();
    assertEquals(
        String.join(
            System.lineSeparator(),
            "midT is 90.0; expected more than 0 and less than 80",
            grid + ": exists already; expected a new name",
            "classes has 10; expected 0 to 9"),
        refusal(() -> ect.sample(Sampling.of(result.snapshot()).classes(10).midT(90).grid(grid))));
    assertEquals(
        "num is 0; expected at least 1", refusal(() -> ect.sample(Sampling.of(pickle).num(0))));
    assertEquals(
        "gone.pt: no such network snapshot (network)",
        refusal(() -> ect.sample(Sampling.of("gone.pt"))));
    String exported = folder.resolve("network.pt").toString();
    String held = ect.export(result.snapshot(), exported);
    assertTrue(ect.describe(exported).endsWith(held), held);
  }

  @Test
  void networksAreEvaluatedAndSearched() throws Exception {
    EctConfig detector =
        EctConfig.defaults()
            .with("evaluation.inception.path", TestGoldens.detector())
            .with("evaluation.trust-detectors", true)
            .with("evaluation.inception.width", 64)
            .with("evaluation.cache", folder.resolve("cache"));
    EvaluationResult found =
        ect.evaluate(
            result.snapshot(), detector.with("evaluation.metrics", List.of("fid0.07k_full")));
    MidTSearch search = ect.searchMidT(result.snapshot(), List.of(0.5, 2.0), 70, detector);
    assertEquals(found.value("fid0.07k_full"), search.oneStep(), 1e-9 * search.oneStep());
    assertEquals(2, search.twoStep().size());
    assertTrue(search.plot().svg().contains("mid_t"));
    assertTrue(Files.exists(Path.of(result.file("metric-fid0.07k_full.jsonl"))));
    try (RandomFeatureComparison comparison =
        ect.compare(EctConfig.defaults().with("data.path", folder.resolve("tiny.zip")))) {
      assertTrue(comparison.compare(result.snapshot(), List.of(), 0).distance() > 0);
    }
    assertTrue(
        refusal(
                () ->
                    ect.evaluate(
                        result.snapshot(), detector.with("evaluation.inception.path", "gone.pt")))
            .startsWith("gone.pt: "));
    assertEquals(
        "num is 1; expected 2 to 1000000",
        refusal(() -> ect.searchMidT(result.snapshot(), List.of(0.5), 1, detector)));
  }

  @Test
  void anInterruptedWaitCancelsItsJobsAndSaysSo() throws Exception {
    Thread.currentThread().interrupt();
    assertEquals(
        "generating images was interrupted",
        refusal(() -> ect.sample(Sampling.of(result.snapshot()).num(1000))));
    assertTrue(Thread.interrupted());
  }
}
