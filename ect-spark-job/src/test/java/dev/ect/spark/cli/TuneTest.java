package dev.ect.spark.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ect.model.checkpoint.SafetensorsFile;
import dev.ect.model.io.LocalStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TuneTest {
  private static final String STATE = "training-state-latest.safetensors";
  private static final String SNAPSHOT = "network-snapshot-latest.safetensors";

  @TempDir static Path folder;
  private static TestRuns runs;

  /** A finished run of 20 steps. */
  private static Path reference;

  @BeforeAll
  static void tuneOnce() throws Exception {
    runs = new TestRuns(folder);
    reference = runs.tune("reference");
  }

  private static byte[] bytes(Path directory, String name) throws IOException {
    return Files.readAllBytes(directory.resolve(name));
  }

  @Test
  void twiceTheSameRunGivesTheSameBits() throws Exception {
    Path again = runs.tune("again", "spark.segment-ticks=3");
    assertEquals(new RunFiles(reference).state(), new RunFiles(again).state());
    assertEquals(new RunFiles(reference).snapshot(), new RunFiles(again).snapshot());
    assertArrayEquals(bytes(reference, "final-2step.png"), bytes(again, "final-2step.png"));
  }

  @Test
  void anotherSeedGivesOthers() throws Exception {
    Path other = runs.tune("other", "run.seed=1", "tuning.duration=0.00001");
    assertNotEquals(
        weights(reference, "network-snapshot-initial.safetensors"),
        weights(other, "network-snapshot-initial.safetensors"));
  }

  /** Those of one layer. */
  private static List<Float> weights(Path run, String snapshot) throws IOException {
    try (SafetensorsFile file =
        SafetensorsFile.open(new LocalStore(), run.resolve(snapshot).toString())) {
      List<Float> weights = new ArrayList<>();
      for (float weight : file.floats("model.map_layer0.weight")) {
        weights.add(weight);
      }
      return weights;
    }
  }

  @ParameterizedTest
  @CsvSource({"0.00008, 10", "0.000032, 4"})
  void endedEarlyAndResumedGivesTheSameBits(String duration, int steps) throws Exception {
    String outdir = "ended" + steps;
    Path run = runs.tune(outdir, "tuning.duration=" + duration);
    assertNotEquals(new RunFiles(reference).state(), new RunFiles(run).state());
    String said =
        TestRuns.run(
            line -> {}, List.of("tune", "--resume", run.toString(), "tuning.duration=0.00016"));
    assertTrue(said.contains("after step " + steps), said);
    assertEquals(new RunFiles(reference).state(), new RunFiles(run).state());
    assertEquals(run, runs.directory(outdir));
  }

  @Test
  void stoppedByAFileAndStartedAgainByItsIdGivesTheSameBits() throws Exception {
    List<String> arguments = runs.arguments("stopped", "run.id=nightly");
    String said =
        TestRuns.run(
            line -> {
              if (line.startsWith("tick 1 ")) {
                stop();
              }
            },
            arguments);
    assertTrue(said.contains("stopped after step 7;"), said);
    Path run = runs.directory("stopped");
    assertEquals("nightly", run.getFileName().toString());
    assertFalse(Files.exists(run.resolve("stop")));
    assertFalse(Files.exists(run.resolve("final-1step.png")));
    TestRuns.run(line -> {}, arguments);
    assertEquals(new RunFiles(reference).state(), new RunFiles(runs.directory("stopped")).state());
    // A finished run that a scheduler starts again has nothing left to do.
    Map<String, String> before = TestRuns.contents(run);
    TestRuns.run(line -> {}, arguments);
    Map<String, String> after = TestRuns.contents(run);
    before.remove("log.txt");
    after.remove("log.txt");
    assertEquals(before, after);
  }

  private static void stop() {
    try {
      Files.createFile(runs.directory("stopped").resolve("stop"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void theRunDirectoryIsComplete() throws Exception {
    String name = reference.getFileName().toString();
    assertEquals("00000-tiny-cond-ddpmpp-ect-radam-0.001-gpus1-batch8-float32", name);
    List<String> expected =
        List.of(
            "configuration.conf",
            "data.png",
            "ema-sigma-rel=0.05-000000.088.safetensors",
            "ema-sigma-rel=0.05-000000.160.safetensors",
            "ema-sigma-rel=0.1-000000.088.safetensors",
            "ema-sigma-rel=0.1-000000.160.safetensors",
            "final-1step.png",
            "final-2step.png",
            "log.txt",
            "model_init.png",
            "network-snapshot-000000.088.safetensors",
            "network-snapshot-000000.160.safetensors",
            "network-snapshot-initial.safetensors",
            SNAPSHOT,
            "report.html",
            "samples-000000.088-1step.png",
            "samples-000000.088-2step.png",
            "samples-000000.160-1step.png",
            "samples-000000.160-2step.png",
            "stats.jsonl",
            "timeline.html",
            "training-state-000000.088.safetensors",
            "training-state-000000.160.safetensors",
            STATE);
    assertEquals(expected, List.copyOf(TestRuns.contents(reference).keySet()));
    List<String> stats = Files.readAllLines(reference.resolve("stats.jsonl"));
    assertEquals(5, stats.size());
    JsonNode last = new ObjectMapper().readTree(stats.get(4));
    assertEquals(4, last.get("tick").asInt());
    assertEquals(20, last.get("step").asInt());
    assertEquals(0.16, last.get("kimg").asDouble());
    assertEquals(1, last.get("stage").asInt());
    assertTrue(last.get("loss").asDouble() > 0);
    String log = Files.readString(reference.resolve("log.txt"));
    assertTrue(log.contains("tick 4     kimg 0.2"), log);
    assertTrue(log.contains("sec/kimg"), log);
  }

  @Test
  void aRunIsWrittenForTensorBoardAndGoesOnWithoutItsTrackingServer() throws Exception {
    String uri;
    Path run;
    try (Socket taken = new Socket()) {
      taken.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      uri = "http://127.0.0.1:" + taken.getLocalPort();
      run =
          runs.tune(
              "tracked",
              "tuning.duration=0.00001",
              "run.tensorboard=true",
              "run.mlflow.uri=" + uri);
    }
    assertEquals(
        List.of(
            "warning: mlflow: "
                + uri
                + ": cannot be reached: no server listens there; the run goes on"),
        new RunFiles(run).log().stream().filter(line -> line.startsWith("warning")).toList());
    try (Stream<Path> events = Files.list(run.resolve("tensorboard"))) {
      assertTrue(
          events.allMatch(
              file -> file.getFileName().toString().startsWith("events.out.tfevents.")));
    }
    try (Stream<Path> events = Files.list(run.resolve("tensorboard"))) {
      assertTrue(events.findAny().isPresent());
    }
  }

  @Test
  void aReportCanBeMadeAgain() throws Exception {
    Path again = folder.resolve("again.html");
    TestRuns.run(line -> {}, List.of("report", reference.toString(), "--out", again.toString()));
    String written = "<p class=\"written\">Written [^ ]+ of";
    String page = Files.readString(again).replaceFirst(written, "");
    assertEquals(
        Files.readString(reference.resolve("report.html")).replaceFirst(written, ""), page);
    assertTrue(page.contains("Finished: 20 steps"), page);
    assertEquals(
        folder + ": is not a run directory: it holds neither configuration.conf nor stats.jsonl",
        TestRuns.refusal(List.of("report", folder.toString())));
  }

  @Test
  void tunesFromASnapshotAndLeavesTheAugmentationAside() throws Exception {
    String snapshot = reference.resolve(SNAPSHOT).toString();
    Path run =
        runs.tune(
            "transferred",
            "--transfer",
            snapshot,
            "tuning.augment=0",
            "tuning.duration=0.00001",
            "tuning.lr=1e-30");
    assertTrue(
        Files.readString(run.resolve("log.txt")).contains("left aside model.map_augment.weight"));
    LocalStore store = new LocalStore();
    try (SafetensorsFile from = SafetensorsFile.open(store, snapshot);
        SafetensorsFile to = SafetensorsFile.open(store, run.resolve(SNAPSHOT).toString())) {
      for (String tensor : to.tensors().keySet()) {
        assertArrayEquals(from.floats(tensor), to.floats(tensor), 1e-6f, tensor);
      }
    }
  }

  @Test
  void pretrainingLearnsToo() throws Exception {
    List<String> arguments = new ArrayList<>(runs.arguments("pretrained"));
    arguments.set(0, "pretrain");
    arguments.addAll(
        List.of("pretraining.batch=8", "pretraining.duration=0.00004", "pretraining.tick=0.02"));
    TestRuns.run(line -> {}, arguments);
    Path run = runs.directory("pretrained");
    assertTrue(run.getFileName().toString().contains("-edm-adam-0.001-"), run.toString());
    try (SafetensorsFile file =
        SafetensorsFile.open(new LocalStore(), run.resolve(SNAPSHOT).toString())) {
      String preconditioning = file.metadata().get("preconditioning");
      assertTrue(preconditioning.replace(" ", "").contains("\"sigmaMin\":0"), preconditioning);
    }
  }

  @Test
  void dryRunSaysWhatWouldHappenAndWritesNothing() throws Exception {
    String said = TestRuns.run(line -> {}, runs.arguments("dry", "--dry-run"));
    assertTrue(said.contains("20 of 8 images; 5 per tick, 5 ticks, 2 stages"), said);
    assertTrue(said.contains("parameters"), said);
    assertFalse(Files.exists(folder.resolve("dry")));
  }

  @Test
  void stopsWhereTheLossIsNotFinite() {
    String said = TestRuns.refusal(runs.arguments("diverged", "tuning.lr=1e30"));
    assertTrue(said.contains("is NaN; lower the learning rate"), said);
    assertEquals(1, said.lines().count(), said);
  }

  @Test
  void everyMistakeIsALineAndChangesNothing() throws Exception {
    Map<String, String> before = TestRuns.contents(folder);
    String run = reference.toString();
    String snapshot = reference.resolve(SNAPSHOT).toString();
    record Mistake(List<String> arguments, String said, int lines) {
      Mistake(List<String> arguments, String said) {
        this(arguments, said, 1);
      }
    }
    List<Mistake> mistakes =
        List.of(
            new Mistake(runs.arguments("no", "tuning.bach=1"), "unknown key tuning.bach"),
            new Mistake(runs.arguments("no", "tuning.batch=0"), "tuning.batch is \"0\"; expected"),
            new Mistake(
                runs.arguments("no", "tuning.q=2000000"), "the last stage is 1 with tuning.q"),
            new Mistake(runs.arguments("no", "data.path=gone.zip"), "gone.zip: no such"),
            new Mistake(runs.arguments("no", "--transfer", "gone.st"), "gone.st: no such"),
            new Mistake(runs.arguments("no", "--resume", "gone"), "gone: no such run directory"),
            new Mistake(runs.arguments("no", "--config", "gone.conf"), "gone.conf: no such file"),
            new Mistake(
                runs.arguments("no", "--transfer", snapshot, "network.model-channels=16"),
                snapshot),
            new Mistake(
                runs.arguments("no", "--transfer", reference.resolve(STATE).toString()),
                "holds a training-state; expected a network-snapshot"),
            new Mistake(runs.arguments("no", "network.channel-mult=[1, 1, 1, 1, 1]"), "network: "),
            new Mistake(
                List.of("tune", "--resume", run, "tuning.batch=16"),
                "was made with batch 8; now",
                2),
            new Mistake(List.of("tune", "--resume", run, "run.seed=9"), "was made with seed 0"),
            new Mistake(
                List.of("tune", "--resume", run, "tuning.emas=[\"sigma-rel=0.05\"]"),
                "was made with emas [sigma-rel=0.05, sigma-rel=0.1]; now it is [sigma-rel=0.05]"),
            new Mistake(List.of("tune", "--no-such-option"), "--no-such-option"),
            new Mistake(
                List.of("sample", "--network", "gone", "--grid", "g.png"), "gone: no such network"),
            new Mistake(
                List.of("forward", "--network", snapshot, "--in", "gone", "--out", "o"),
                "gone: no such file"),
            new Mistake(List.of("dataset", "synthesize", "--out", runs.data()), "exists already"));
    for (Mistake mistake : mistakes) {
      String said = TestRuns.refusal(mistake.arguments());
      String fitting =
          said.lines().filter(line -> line.contains(mistake.said())).findFirst().orElse("");
      assertFalse(fitting.isEmpty(), mistake.said() + " is not in: " + said);
      assertEquals(mistake.lines(), said.lines().count(), said);
    }
    assertEquals(before, TestRuns.contents(folder));
  }

  @Test
  void mistakesOfAllKindsAreReportedTogether() throws Exception {
    Path file =
        Files.writeString(folder.resolve("wrong.conf"), "tuning.lrate = 1\nrun.resume = null\n");
    List<String> arguments =
        List.of(
            "tune",
            "--config",
            file.toString(),
            "--transfer",
            "gone.st",
            "data.path=gone.zip",
            "tuning.batch=0",
            "data",
            "spark=5");
    List<String> lines = TestRuns.refusal(arguments).lines().sorted().toList();
    Files.delete(file);
    assertEquals(
        List.of(
            file + ":1: unknown key tuning.lrate; did you mean tuning.lr?",
            file + ":2: run.resume is missing; expected a string",
            "command line: 'data'; expected key=value",
            "command line: spark is a section; expected keys inside it",
            "command line: tuning.batch is \"0\"; expected an integer, at least 1",
            "gone.st: no such network snapshot (run.transfer)",
            "gone.zip: no such dataset (data.path)"),
        lines);
    assertEquals(
        List.of("command line: run is a section; expected keys inside it"),
        TestRuns.refusal(List.of("tune", "run=5", "data.path=" + runs.data())).lines().toList());
    assertEquals(
        2,
        TestRuns.refusal(List.of("tune", "tuning.lrate=1", "data.path=nowhere://a/b"))
            .lines()
            .count());
    // What a file that is not there would have said is not reported as missing too.
    assertEquals(1, TestRuns.refusal(List.of("tune", "--config", "/")).lines().count());
  }

  @Test
  void theProcessFailsWithTheLineAlone() throws Exception {
    Path said = folder.resolve("said.txt");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "tune",
                "data.path=" + runs.data(),
                "tuning.bach=1")
            .redirectErrorStream(true)
            .redirectOutput(said.toFile())
            .start();
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    List<String> lines = Files.readAllLines(said);
    Files.delete(said);
    assertEquals(1, process.exitValue());
    assertEquals(
        List.of("ect: command line: unknown key tuning.bach; did you mean tuning.batch?"), lines);
  }
}
