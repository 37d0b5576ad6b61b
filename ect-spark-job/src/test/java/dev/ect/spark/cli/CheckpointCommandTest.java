package dev.ect.spark.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import dev.ect.model.checkpoint.NetworkSnapshot;
import dev.ect.model.checkpoint.SafetensorsFile;
import dev.ect.model.checkpoint.SafetensorsWriter;
import dev.ect.model.checkpoint.TensorInfo;
import dev.ect.model.dataset.ImageShape;
import dev.ect.model.io.LocalStore;
import dev.ect.model.io.Sha256;
import dev.ect.spark.TestGoldens;
import dev.ect.spark.config.UserError;
import dev.ect.spark.report.Provenance;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checkpoints of PyTorch in, out, and through tuning runs. */
class CheckpointCommandTest {
  private static final String STATE = "training-state-latest.safetensors";
  private static final int STOPPED = 5;
  private static final int STEPS = 10;

  @TempDir static Path folder;

  private static final LocalStore STORE = new LocalStore();

  /** A network and a training state as ECT writes them. */
  private static String pickle;

  private static String ectState;

  /** A run from the pickle that was stopped half-way. */
  private static Path stopped;

  @BeforeAll
  static void tuneHalfWay() throws Exception {
    pickle = golden("network-snapshot-000001.pkl");
    ectState = golden("training-state-000001.pt");
    DatasetCommand.Synthesize.write(
        STORE, folder.resolve("data.zip").toString(), ImageShape.square(3, 16), 40, 0);
    stopped = tune("stopped", STOPPED, "--transfer", pickle);
  }

  private static String golden(String name) throws IOException {
    Path copy = folder.resolve(name);
    Files.copy(TestGoldens.builtIn(name), copy, StandardCopyOption.REPLACE_EXISTING);
    return copy.toString();
  }

  /** Runs to the given step; returns the run directory. */
  private static Path tune(String outdir, int steps, String... more) throws Exception {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "tune",
                "network.model-channels=16",
                "network.channel-mult=[1, 1]",
                "network.num-blocks=1",
                "network.attn-resolutions=[8]",
                "tuning.batch=4",
                "tuning.tick=0.02",
                "tuning.lr=1e-3",
                "tuning.duration=" + steps * 4 / 1e6,
                "data.path=" + folder.resolve("data.zip"),
                "engine.threads=1",
                "run.grid=4",
                "run.outdir=" + folder.resolve(outdir),
                "spark.master=local[1]"));
    arguments.addAll(List.of(more));
    say(arguments.toArray(String[]::new));
    try (Stream<Path> runs = Files.list(folder.resolve(outdir))) {
      return runs.findFirst().orElseThrow();
    }
  }

  private static String say(String... arguments) throws Exception {
    return TestRuns.run(line -> {}, List.of(arguments));
  }

  private static String refusal(String... arguments) {
    return assertThrows(UserError.class, () -> say(arguments)).getMessage();
  }

  private static String file(String name) {
    return folder.resolve(name).toString();
  }

  @Test
  void exportedImportedAndResumedEqualsNeverStopped() throws Exception {
    Path whole = tune("whole", STEPS, "--transfer", pickle);
    assertNotEquals(new RunFiles(whole).state(), new RunFiles(stopped).state());
    say("checkpoint", "export", stopped.resolve(STATE).toString(), "--out", file("state.pt"));
    say("checkpoint", "import", file("state.pt"), "--out", file("state.safetensors"));
    for (String state : List.of("state.pt", "state.safetensors")) {
      Path outdir = folder.resolve("resumed-" + state);
      // The file knows what run it is, not where and how it is to run.
      String[] resume = {
        "tune",
        "--resume",
        file(state),
        "tuning.duration=" + STEPS * 4 / 1e6,
        "engine.threads=1",
        "run.outdir=" + outdir,
        "run.id=once"
      };
      String said = say(resume);
      assertTrue(said.contains("going on from " + file(state) + " after step 5"), said);
      RunFiles resumed = new RunFiles(only(outdir));
      assertEquals(new RunFiles(whole).state(), resumed.state(), state);
      assertEquals(new RunFiles(whole).snapshot(), resumed.snapshot(), state);
      // A scheduler's second try finds the run, not the file.
      assertTrue(say(resume).contains("after step 10"), state);
      assertEquals(resumed.directory(), only(outdir));
    }
  }

  private static Path only(Path outdir) throws IOException {
    try (Stream<Path> runs = Files.list(outdir)) {
      List<Path> all = runs.toList();
      assertEquals(1, all.size(), all.toString());
      return all.get(0);
    }
  }

  @Test
  void ectsTrainingStateGoesOn() throws Exception {
    Path run = tune("ect", 3, "--resume", ectState);
    String log = Files.readString(run.resolve("log.txt"));
    assertTrue(log.contains("going on from " + ectState + " after step 1 (0.0 kimg)"), log);
    try (SafetensorsFile state = SafetensorsFile.open(STORE, run.resolve(STATE).toString())) {
      assertEquals("{\"step\":3,\"images\":12}", state.metadata().get("progress"));
    }
  }

  @Test
  void checkpointsSayWhatTheyAreMadeOf() throws Exception {
    String sha256 = Sha256.ofFile(STORE, pickle);
    try (NetworkSnapshot snapshot =
        NetworkSnapshot.open(
            STORE, stopped.resolve("network-snapshot-latest.safetensors").toString())) {
      JsonNode provenance = new ObjectMapper().readTree(snapshot.metadata().get(Provenance.KEY));
      assertEquals(sha256, provenance.at("/source/sha256").textValue());
      assertEquals(pickle, provenance.at("/source/path").textValue());
      assertEquals(64, provenance.at("/dataset/content_sha256").textValue().length());
      assertEquals(file("data.zip"), provenance.at("/dataset/path").textValue());
      assertEquals("float32", provenance.get("precision").textValue());
      assertFalse(provenance.get("engine").textValue().isEmpty());
      assertEquals(1, provenance.get("executors").intValue());
      assertEquals(0, provenance.get("seed").intValue());
      assertEquals("4", provenance.at("/configuration/tuning/batch").asText());
      for (String version : List.of("ect", "java", "spark", "hadoop", "libtorch", "nd4j")) {
        assertFalse(provenance.at("/versions/" + version).asText().isEmpty(), version);
      }
    }
  }

  @Test
  void inspectSaysWhatIsInside() throws Exception {
    String said = say("checkpoint", "inspect", pickle);
    for (String expected :
        List.of(
            "kind             network-snapshot",
            "  arch ddpmpp",
            "  model_channels 16",
            "  sigmaMin 0.003",
            "parameters       78,963",
            "class            ECMPrecond",
            "usable           yes")) {
      assertTrue(said.contains(expected), expected + " in " + said);
    }
    said = say("checkpoint", "inspect", ectState);
    assertTrue(said.contains("kind             training-state"), said);
    assertTrue(said.contains("step             1\n"), said);
    said = say("checkpoint", "inspect", stopped.resolve(STATE).toString());
    assertTrue(said.contains("  step 5\n"), said);
    assertTrue(said.contains("provenance\n  versions\n"), said);
    assertTrue(said.contains("usable           yes"), said);
  }

  @Test
  void inspectLooksIntoFilesThatCannotBeUsed() throws Exception {
    Files.writeString(folder.resolve("text.pt"), "no checkpoint");
    String said = say("checkpoint", "inspect", file("text.pt"));
    assertTrue(said.contains("format           unknown"), said);
    assertTrue(said.contains("usable           no: "), said);
    Files.copy(Path.of(ectState), folder.resolve("training-state-alone.pt"));
    said = say("checkpoint", "inspect", file("training-state-alone.pt"));
    assertTrue(said.contains("top level        net, optimizer_state"), said);
    assertTrue(said.contains("class of net     ECMPrecond"), said);
    assertTrue(
        said.contains(
            "usable           no: holds no EMA; expected network-snapshot-alone.pkl beside it"),
        said);
  }

  @Test
  void diffNamesWhatDiffers() throws Exception {
    String initial = stopped.resolve("network-snapshot-initial.safetensors").toString();
    String latest = stopped.resolve("network-snapshot-latest.safetensors").toString();
    assertTrue(say("checkpoint", "diff", initial, pickle).contains(" 0 differ, 0 in one file"));
    String said = say("checkpoint", "diff", initial, latest, "--top", "3");
    assertTrue(said.contains("progress.step: 0 -> 5\n"), said);
    assertTrue(said.contains("metadata: 2 of "), said);
    assertTrue(said.contains("... and "), said);
    assertFalse(said.contains("relative difference (L2) 0\n"), said);
    assertEquals(
        initial + ": has other weights than " + latest,
        refusal("checkpoint", "diff", initial, latest, "--require-equal"));
    say("checkpoint", "diff", latest, latest, "--require-equal");
  }

  @Test
  void anExportIsStillACheckpointOfThisProject() throws Exception {
    String latest = stopped.resolve("network-snapshot-latest.safetensors").toString();
    for (String name : List.of("exported.safetensors", "exported.pt")) {
      say("checkpoint", "export", latest, "--out", file(name));
      String said = say("checkpoint", "diff", latest, file(name), "--require-equal");
      assertTrue(said.contains("metadata: 0 of "), said);
    }
  }

  @Test
  void aStateDictSaysNotHowItIsPreconditioned() throws Exception {
    String latest = stopped.resolve("network-snapshot-latest.safetensors").toString();
    SafetensorsWriter bare = new SafetensorsWriter();
    try (SafetensorsFile from = SafetensorsFile.open(STORE, latest)) {
      for (TensorInfo tensor : from.tensors().values()) {
        // As the state dict of a wrapped U-Net.
        bare.floats(
            tensor.name().replaceFirst("model", "module"),
            from.floats(tensor.name()),
            tensor.shape());
      }
    }
    bare.write(STORE, file("bare.safetensors"));
    assertEquals(
        file("bare.safetensors")
            + ": does not say how its network is preconditioned; expected --preconditioning edm,"
            + " ecm, vp or ve",
        refusal(
            "checkpoint", "import", file("bare.safetensors"), "--out", file("back.safetensors")));
    say(
        "checkpoint",
        "import",
        file("bare.safetensors"),
        "--preconditioning",
        "ecm",
        "--out",
        file("back.safetensors"));
    assertTrue(
        say("checkpoint", "diff", latest, file("back.safetensors")).contains(" 0 differ, 0 in"));
    // To tune on, its preconditioning does not matter.
    tune("bare", 1, "--transfer", file("bare.safetensors"));
  }

  @Test
  void everyMistakeIsALine() throws Exception {
    assertEquals(
        "--out is out.zip; expected a name ending in .pt, .pth or .safetensors\n"
            + file("none")
            + ": no such file",
        refusal("checkpoint", "export", file("none"), "--out", "out.zip"));
    assertEquals(
        ectState + ": counts 1 steps but not their images; expected --batch with it",
        refusal("checkpoint", "import", ectState, "--out", file("state1.safetensors")));
    assertFalse(Files.exists(folder.resolve("state1.safetensors")));
    assertEquals(
        "--preconditioning: preconditioning is 'iddpm'; expected edm, ecm, vp or ve",
        refusal(
            "checkpoint",
            "import",
            pickle,
            "--out",
            file("other.safetensors"),
            "--preconditioning",
            "iddpm"));
    String wrong =
        assertThrows(UserError.class, () -> tune("wrong", STEPS, "--transfer", ectState))
            .getMessage();
    assertEquals(ectState + ": holds a training-state; expected a network-snapshot", wrong);
    String other =
        assertThrows(
                UserError.class,
                () ->
                    tune(
                        "wrong",
                        STEPS,
                        "--resume",
                        stopped.resolve(STATE).toString(),
                        "tuning.batch=8"))
            .getMessage();
    assertTrue(other.contains("was made with batch 4; now it is 8"), other);
    assertFalse(Files.exists(folder.resolve("wrong")));
  }

  @Test
  void filesBehindAddressesAreTakenDirectly() throws Exception {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          byte[] content =
              Files.readAllBytes(folder.resolve(exchange.getRequestURI().getPath().substring(1)));
          exchange.sendResponseHeaders(200, content.length);
          exchange.getResponseBody().write(content);
          exchange.close();
        });
    server.start();
    System.setProperty("spark.hadoop.ect.cache", file("cache"));
    try {
      String host = "http://localhost:" + server.getAddress().getPort() + "/";
      String pin = "#sha256=" + Sha256.ofFile(STORE, pickle);
      Path run =
          tune(
              "address",
              2,
              "--transfer",
              host + "network-snapshot-000001.pkl?token=hush" + pin,
              "spark.executors=2",
              "spark.master=local[2]");
      try (SafetensorsFile state = SafetensorsFile.open(STORE, run.resolve(STATE).toString())) {
        String provenance = state.metadata().get(Provenance.KEY);
        assertTrue(provenance.contains(host + "network-snapshot-000001.pkl\""), provenance);
        assertFalse(provenance.contains("hush"), provenance);
      }
      // The EMA lies beside it, there as here.
      String said =
          say(
              "checkpoint",
              "import",
              host + "training-state-000001.pt#sha256=" + Sha256.ofFile(STORE, ectState),
              "--batch",
              "4",
              "--out",
              file("downloaded.safetensors"));
      assertTrue(said.startsWith("wrote " + file("downloaded.safetensors")), said);
      assertTrue(
          say("checkpoint", "inspect", file("downloaded.safetensors"))
              .contains("path " + host + "network-snapshot-000001.pkl\n"));
    } finally {
      System.clearProperty("spark.hadoop.ect.cache");
      server.stop(0);
    }
  }

  @Test
  void aRunThatDiedBeforeItsFirstStateStartsOver() throws Exception {
    for (String start : List.of("--transfer", "--resume")) {
      String from = file(start + ".file");
      Files.copy(
          start.equals("--resume") ? stopped.resolve(STATE) : Path.of(pickle), Path.of(from));
      String outdir = "again" + start;
      Path run = tune(outdir, STEPS, start, from, "run.id=again");
      Map<String, String> whole = new RunFiles(run).state();
      for (String name : TestRuns.contents(run).keySet()) {
        // Where a network is transferred it has come into the directory, and its source is gone.
        if (!name.equals("transfer.safetensors")) {
          Files.delete(run.resolve(name));
        }
      }
      if (start.equals("--transfer")) {
        Files.delete(Path.of(from));
      }
      assertEquals(run, tune(outdir, STEPS, start, from, "run.id=again"));
      assertEquals(whole, new RunFiles(run).state(), start);
      assertTrue(Files.exists(run.resolve("configuration.conf")), start);
    }
  }

  @Test
  void aStateOfAnotherKindOfNetworkOrWithoutStepsIsRefused() throws Exception {
    for (String[] each :
        new String[][] {
          {
            "preconditioning",
            "{\"kind\":\"edm\",\"sigmaData\":0.5,\"sigmaMin\":0.0}",
            "is trained with"
          },
          {"progress", "{\"step\":0,\"images\":0}", "is of a run without steps"}
        }) {
      SafetensorsWriter changed = new SafetensorsWriter();
      try (SafetensorsFile from = SafetensorsFile.open(STORE, stopped.resolve(STATE).toString())) {
        from.metadata()
            .forEach((key, value) -> changed.metadata(key, key.equals(each[0]) ? each[1] : value));
        for (TensorInfo tensor : from.tensors().values()) {
          changed.floats(tensor.name(), from.floats(tensor.name()), tensor.shape());
        }
      }
      String path = file("changed-" + each[0] + ".safetensors");
      changed.write(STORE, path);
      String said =
          assertThrows(UserError.class, () -> tune("changed", STEPS, "--resume", path))
              .getMessage();
      assertTrue(said.startsWith(path + ": ") && said.contains(each[2]), said);
    }
  }

  /** A file from elsewhere does not decide what code runs, and where. */
  @Test
  void onlyWhatMakesItTheSameRunIsTakenFromAState() throws Exception {
    SafetensorsWriter changed = new SafetensorsWriter();
    try (SafetensorsFile from = SafetensorsFile.open(STORE, stopped.resolve(STATE).toString())) {
      from.metadata()
          .forEach(
              (key, value) ->
                  changed.metadata(key, value.replace("\"eval-every\":0", "\"eval-every\":1")));
      assertNotEquals(
          from.metadata().get(Provenance.KEY).replace("\"eval-every\":0", ""),
          from.metadata().get(Provenance.KEY));
      for (TensorInfo tensor : from.tensors().values()) {
        changed.floats(tensor.name(), from.floats(tensor.name()), tensor.shape());
      }
    }
    changed.write(STORE, file("evil.safetensors"));
    String said =
        say("tune", "--resume", file("evil.safetensors"), "--dry-run", "run.outdir=" + file("no"));
    assertTrue(said.contains("evaluation     none"), said);
    assertTrue(said.contains(" of 4 images; "), said);
  }
}
