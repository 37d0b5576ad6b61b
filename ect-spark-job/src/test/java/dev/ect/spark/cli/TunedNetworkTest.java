package dev.ect.spark.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.model.checkpoint.SafetensorsFile;
import dev.ect.model.checkpoint.SafetensorsWriter;
import dev.ect.model.checkpoint.TensorInfo;
import dev.ect.model.dataset.DatasetIndex;
import dev.ect.model.dataset.DatasetIndexer;
import dev.ect.model.dataset.DatasetOptions;
import dev.ect.model.dataset.ImageReader;
import dev.ect.model.dataset.Pixels;
import dev.ect.model.engine.Engine;
import dev.ect.model.engine.EngineOptions;
import dev.ect.model.engine.Engines;
import dev.ect.model.io.LocalStore;
import dev.ect.spark.evaluation.Generator;
import dev.ect.spark.evaluation.LoadedNetwork;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What commands make of a tuned network. */
class TunedNetworkTest {
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

  @Test
  void samplesAndForwardReadTheSnapshot() throws Exception {
    String snapshot = reference.resolve(SNAPSHOT).toString();
    Path set = folder.resolve("generated.zip");
    TestRuns.run(
        line -> {},
        List.of(
            "sample",
            "--network",
            snapshot,
            "--num",
            "12",
            "--mid-t",
            "0.8",
            "--classes",
            "3,4",
            "--grid",
            folder.resolve("grid.png").toString(),
            "--out",
            set.toString()));
    assertTrue(Files.exists(folder.resolve("grid.png")));
    var index = DatasetIndexer.index(new LocalStore(), set.toString(), DatasetOptions.ALL);
    assertEquals(12, index.size());
    assertEquals(4, index.classOf(1));
    assertDatasetHoldsTheGeneratedImages(snapshot, index);

    Path in = folder.resolve("in.safetensors");
    Path out = folder.resolve("out.safetensors");
    float[] x = new float[2 * 192];
    Arrays.fill(x, 0.5f);
    new SafetensorsWriter()
        .floats("in.x", x, 2, 3, 8, 8)
        .floats("in.sigma", new float[] {0.003f, 1}, 2)
        .write(new LocalStore(), in.toString());
    TestRuns.run(
        line -> {},
        List.of("forward", "--network", snapshot, "--in", in.toString(), "--out", out.toString()));
    try (SafetensorsFile file = SafetensorsFile.open(new LocalStore(), out.toString())) {
      TensorInfo d = file.tensors().get("D");
      assertArrayEquals(new long[] {2, 3, 8, 8}, d.shape());
      // D(x, sigma_min) = x by the evaluation formulas.
      assertEquals(0.5f, file.floats("D")[0], 1e-6f);
    }
  }

  private static void assertDatasetHoldsTheGeneratedImages(String snapshot, DatasetIndex index)
      throws IOException {
    LocalStore store = new LocalStore();
    float[][] labels = new float[12][10];
    for (int i = 0; i < 12; i++) {
      labels[i][3 + i % 2] = 1;
    }
    try (Engine engine = Engines.open("auto", EngineOptions.defaults());
        LoadedNetwork loaded = LoadedNetwork.open(store, snapshot, engine);
        ImageReader reader = new ImageReader(store, index)) {
      float[][] images =
          Generator.generate(
              loaded.denoiser(), List.of(0.8), 0, LongStream.range(0, 12).toArray(), labels);
      int differences = 0;
      for (int i = 0; i < 12; i++) {
        byte[] metric = Pixels.toMetricBytes(images[i]);
        byte[] written = reader.read(i);
        for (int j = 0; j < metric.length; j++) {
          // Another number of threads may round the last bit of a float differently.
          differences += metric[j] == written[j] ? 0 : 1;
        }
      }
      assertTrue(differences < 12, differences + " bytes differ");
    }
  }

  @Test
  void averagesThatWereNotKeptAreMadeOfThoseThatWere() throws Exception {
    String stored = reference.resolve("ema-sigma-rel=0.1-000000.088.safetensors").toString();
    Path out = folder.resolve("made.safetensors");
    String said =
        TestRuns.run(
            line -> {},
            List.of(
                "checkpoint",
                "ema",
                "--from",
                reference.toString(),
                "--sigma-rel",
                "0.1,0.2",
                "--kimg",
                "0.088",
                "--out",
                out.toString()));
    Path same = folder.resolve("made-0.1.safetensors");
    Path wide = folder.resolve("made-0.2.safetensors");
    List<String> lines = said.lines().toList();
    assertEquals("sigma-rel=0.1 after 0.088 kimg of", lines.get(0));
    assertEquals("  +1.000000  sigma-rel=0.1 after 0.088 kimg  " + stored, lines.get(1));
    assertEquals("fit error 0.000 % of the profile", lines.get(2));
    assertEquals("wrote " + same, lines.get(3));
    assertTrue(lines.get(10).startsWith("warning: these snapshots do not make up sigma-rel=0.2"));
    assertEquals(12, lines.size(), said);
    LocalStore store = new LocalStore();
    try (SafetensorsFile kept = SafetensorsFile.open(store, stored);
        SafetensorsFile made = SafetensorsFile.open(store, same.toString())) {
      assertEquals("sigma-rel=0.1", kept.metadata().get("ema"));
      for (String tensor : kept.tensors().keySet()) {
        assertArrayEquals(kept.floats(tensor), made.floats(tensor), tensor);
      }
    }
    TestRuns.run(
        line -> {}, List.of("sample", "--network", wide.toString(), "--num", "2", "--out", "none"));
    assertEquals(
        List.of(
            "--sigma-rel is 0.3; expected more than 0 and less than 1/sqrt(12), about 0.2887",
            same + ": exists already; expected a new name (--out)",
            "gone: no such file or folder",
            reference.resolve(SNAPSHOT)
                + ": holds the run's own average; expected a power-function average that a run has"
                + " kept, such as sigma-rel=0.05",
            "--kimg is 0.1; expected at most 0.088, when the last snapshot was taken"),
        TestRuns.refusal(
                List.of(
                    "checkpoint",
                    "ema",
                    "--from",
                    stored,
                    "gone",
                    reference.resolve(SNAPSHOT).toString(),
                    "--sigma-rel",
                    "0.3,0.1",
                    "--kimg",
                    "0.1",
                    "--out",
                    out.toString()))
            .lines()
            .toList());
    assertEquals(
        "checkpoint: expected a command: import, export, inspect, diff or ema",
        TestRuns.refusal(List.of("checkpoint")));
  }

  @Test
  void forwardRefusesTensorsThatDoNotFit() throws Exception {
    String snapshot = reference.resolve(SNAPSHOT).toString();
    Path unlabelled = runs.tune("unlabelled", "data.cond=false", "tuning.duration=0.00001");
    String without = unlabelled.resolve(SNAPSHOT).toString();
    float[] x = new float[192];
    float[] one = {1};
    Map<String, SafetensorsWriter> inputs =
        Map.of(
            "x is []; expected [1, 3, 8, 8]",
            new SafetensorsWriter().floats("x", one).floats("sigma", one, 1),
            "sigma holds 0.0; expected noise levels more than 0",
            new SafetensorsWriter().floats("x", x, 1, 3, 8, 8).floats("sigma", new float[1], 1),
            "sigma holds NaN; expected noise levels more than 0",
            new SafetensorsWriter()
                .floats("x", x, 1, 3, 8, 8)
                .floats("sigma", new float[] {Float.NaN}, 1),
            "has class_labels, but " + without + " takes none",
            new SafetensorsWriter()
                .floats("x", x, 1, 3, 8, 8)
                .floats("sigma", one, 1)
                .floats("class_labels", new float[10], 1, 10));
    for (Map.Entry<String, SafetensorsWriter> input : inputs.entrySet()) {
      Path in = folder.resolve("bad.safetensors");
      input.getValue().write(new LocalStore(), in.toString());
      String network = input.getKey().startsWith("has ") ? without : snapshot;
      String said =
          TestRuns.refusal(
              List.of("forward", "--network", network, "--in", in.toString(), "--out", "o"));
      assertEquals(in + ": " + input.getKey(), said.replace(" for this network", ""));
      Files.delete(in);
    }
  }

  @Test
  void sampleReportsClassesWithTheRest() {
    String said =
        TestRuns.refusal(
            List.of(
                "sample",
                "--network",
                reference.resolve(SNAPSHOT).toString(),
                "--classes",
                "10,-1,3",
                "--num",
                "0"));
    assertEquals(
        List.of(
            "neither --grid nor --out is given; expected at least one of them, or --out none",
            "--num is 0; expected at least 1",
            "--classes has 10; expected 0 to 9",
            "--classes has -1; expected 0 to 9"),
        said.lines().toList());
  }
}
