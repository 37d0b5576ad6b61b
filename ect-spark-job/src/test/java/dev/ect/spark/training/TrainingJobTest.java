package dev.ect.spark.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.model.tuning.Progress;
import dev.ect.spark.cli.TestRuns;
import dev.ect.spark.config.ConfigSources;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.config.ObjectiveConfig;
import dev.ect.spark.data.HadoopStore;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrainingJobTest {
  private static final String STATE = "training-state-latest.safetensors";

  @TempDir Path folder;

  private JobConfig config(TestRuns runs, String outdir, String... more) {
    List<String> arguments = runs.arguments(outdir, more);
    return JobConfig.of(
        ObjectiveConfig.Kind.TUNING,
        ConfigSources.overrides(arguments.subList(1, arguments.size())));
  }

  @ParameterizedTest
  @CsvSource({"2, 11", "9, 0"})
  void aLostReplicaIsMadeAgainFromTheLastCheckpoint(int checkpointEvery, int step)
      throws Exception {
    TestRuns runs = new TestRuns(folder);
    HadoopStore store = new HadoopStore(new Configuration());
    String[] every = {
      "run.checkpoint-every=" + checkpointEvery, "run.state-every=" + checkpointEvery
    };
    JobConfig config = config(runs, "lost", every);
    RunPlanner.Planned planned = RunPlanner.plan(store, config, 1);
    boolean[] lost = new boolean[1];
    PrintStream out =
        new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8) {
          @Override
          public void println(String line) {
            if (line.startsWith("tick 3 ") && !lost[0]) {
              lost[0] = true;
              Replicas.take(planned.plan().runKey()).close();
            }
          }
        };
    SparkConf conf = SparkContexts.settings(config.spark());
    RunSummary summary;
    try (JavaSparkContext spark = SparkContexts.open(conf)) {
      summary = new TrainingJob(spark, store, planned, "", 1, out).run();
    }
    Path lostRun = Path.of(summary.directory().path());
    assertTrue(lost[0]);
    assertEquals(20, summary.step());
    String log = Files.readString(lostRun.resolve("log.txt"));
    assertTrue(log.contains("a replica was lost with its executor; going on after step " + step));
    assertEquals(5, Files.readAllLines(lostRun.resolve("stats.jsonl")).size());
    Path reference = runs.tune("reference", every);
    assertArrayEquals(
        Files.readAllBytes(reference.resolve(STATE)), Files.readAllBytes(lostRun.resolve(STATE)));
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
    Checkpoints.Found found = new Checkpoints.Found("state", Progress.START, identity, "");
    assertEquals(List.of(), Checkpoints.differences(found, plan));
    identity.remove("batch");
    assertEquals(
        List.of("state: was made with batch nothing; now it is 8"),
        Checkpoints.differences(found, plan));
  }
}
