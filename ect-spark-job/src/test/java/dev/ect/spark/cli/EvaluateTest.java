package dev.ect.spark.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ect.model.dataset.DatasetOptions;
import dev.ect.model.dataset.EdmDataset;
import dev.ect.model.dataset.ImageShape;
import dev.ect.model.engine.EngineOptions;
import dev.ect.model.io.LocalStore;
import dev.ect.model.io.Sha256;
import dev.ect.model.metrics.CovarianceDivisor;
import dev.ect.model.metrics.Detector;
import dev.ect.model.metrics.DetectorKind;
import dev.ect.model.metrics.FeatureMoments;
import dev.ect.model.metrics.FeatureStatistics;
import dev.ect.model.metrics.FrechetDistance;
import dev.ect.model.metrics.InceptionScore;
import dev.ect.model.metrics.KernelDistance;
import dev.ect.model.metrics.Neighbours;
import dev.ect.model.metrics.SmallestDistances;
import dev.ect.spark.TestGoldens;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands that generate and measure, on a network of 8x8 images and a small detector. */
class EvaluateTest {
  private static final String SNAPSHOT = "network-snapshot-latest.safetensors";

  /** Detectors of a few kilobytes. */
  private static final Path SMALL = Path.of("ect-model/src/test/resources/detectors");

  @TempDir static Path folder;
  private static TestRuns runs;
  private static Path run;
  private static String detector;

  @BeforeAll
  static void tuneOnce() throws Exception {
    runs = new TestRuns(folder);
    run = runs.tune("reference", "tuning.duration=0.00008");
    detector = TestGoldens.detector().toString();
  }

  private static String say(List<String> arguments) throws Exception {
    return TestRuns.run(line -> {}, arguments);
  }

  private static String snapshot() {
    return run.resolve(SNAPSHOT).toString();
  }

  /** Arguments that go to folders of their own. */
  private static List<String> evaluate(String name, String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "evaluate",
                "--network",
                snapshot(),
                "--out",
                folder.resolve(name).toString(),
                "evaluation.cache=" + folder.resolve(name + "-cache")));
    arguments.addAll(detectors());
    arguments.addAll(List.of(more));
    return arguments;
  }

  private static List<String> detectors() {
    return List.of(
        "evaluation.trust-detectors=true",
        "evaluation.inception.path=" + detector,
        "evaluation.inception.width=64",
        "evaluation.vgg16.path=" + SMALL.resolve("vgg.pt"),
        "evaluation.vgg16.width=8",
        "evaluation.dinov2.path=" + SMALL.resolve("dino.pt"),
        "evaluation.dinov2.width=8",
        "spark.master=local[2]",
        "spark.executors=2",
        "engine.threads=1");
  }

  private static List<JsonNode> results(String name, String metric) throws IOException {
    List<JsonNode> lines = new ArrayList<>();
    Path file = folder.resolve(name).resolve("metric-" + metric + ".jsonl");
    for (String line : Files.readAllLines(file)) {
      lines.add(new ObjectMapper().readTree(line));
    }
    return lines;
  }

  private static double value(String name, String metric, String key) throws IOException {
    return results(name, metric).get(0).get("results").get(key).asDouble();
  }

  @Test
  void everyMetricIsMeasuredInOnePassAndRecordedWithWhatDecidesIt() throws Exception {
    String said =
        say(
            evaluate(
                "all",
                "--metrics",
                "fid0.2k_full,two_step_fid0.2k_full,kid0.2k_full,is0.1k,pr0.2k3_full,fd_dinov2_0.1k",
                "--mid-t",
                "0.7"));
    assertEquals(1, said.lines().filter(line -> line.startsWith("generating: 200 images")).count());
    assertEquals(
        1, said.lines().filter(line -> line.startsWith("reading: 60 real images ")).count());
    JsonNode fid = results("all", "two_step_fid0.2k_full").get(0);
    assertTrue(fid.get("results").get("two_step_fid0.2k_full").asDouble() > 0, fid.toString());
    assertEquals("two_step_fid0.2k_full", fid.get("metric").asText());
    assertEquals(snapshot(), fid.get("network").asText());
    assertEquals(64, fid.get("weights_sha256").asText().length());
    assertEquals("0-199", fid.get("seeds").asText());
    assertEquals(2, fid.get("steps").asInt());
    assertEquals(0.7, fid.get("mid_t").get(0).asDouble());
    assertEquals("as in the dataset", fid.get("labels").asText());
    assertEquals("n", fid.get("divisor").asText());
    assertEquals(60, fid.get("real_images").asInt());
    assertEquals(
        Sha256.ofFile(new LocalStore(), detector), fid.get("detector").get("sha256").asText());
    assertEquals(64, fid.get("real").get("content_sha256").asText().length());
    assertTrue(fid.get("quantisation").asText().contains("truncated"), fid.toString());
    assertTrue(fid.get("versions").has("ect") && fid.get("versions").has("spark"));
    assertEquals(2, fid.get("executors").asInt());
    assertEquals("0", fid.at("/configuration/run/seed").asText());
    assertTrue(fid.get("total_time").asDouble() > 0);
    JsonNode dino = results("all", "fd_dinov2_0.1k").get(0);
    assertEquals("dinov2", dino.get("detector").get("kind").asText());
    assertEquals("n-1", dino.get("divisor").asText());
    assertEquals("0-99", dino.get("seeds").asText());
    assertTrue(dino.get("results").get("fd_dinov2_0.1k").asDouble() > 0, dino.toString());
    double score = value("all", "is0.1k", "is0.1k_mean");
    assertTrue(score >= 1 && score <= 10, "IS " + score);
    for (String side : List.of("precision", "recall")) {
      double share = value("all", "pr0.2k3_full", "pr0.2k3_full_" + side);
      assertTrue(share >= 0 && share <= 1, side + " " + share);
    }
    for (String name : List.of("fid0.2k_full", "kid0.2k_full", "is0.1k_mean")) {
      assertTrue(said.lines().anyMatch(line -> line.startsWith(name + " ")), said);
    }
  }

  @Test
  void theNumbersDoNotDependOnTasksAndExecutors() throws Exception {
    List<String> metrics = List.of("fid0.1k_full", "kid0.1k_full", "is0.1k", "pr0.1k3_full");
    String names = String.join(",", metrics);
    say(evaluate("two", "--metrics", names, "evaluation.batch=8"));
    List<String> alone =
        evaluate(
            "one",
            "--metrics",
            names,
            "evaluation.batch=8",
            "spark.master=local[1]",
            "spark.executors=1");
    say(alone);
    for (String metric : metrics) {
      JsonNode expected = results("two", metric).get(0).get("results");
      JsonNode found = results("one", metric).get(0).get("results");
      expected
          .fields()
          .forEachRemaining(
              each ->
                  assertEquals(
                      each.getValue().asDouble(),
                      found.get(each.getKey()).asDouble(),
                      1e-9 * Math.abs(each.getValue().asDouble()) + 1e-14,
                      each.getKey()));
    }
  }

  @Test
  void fidIsThatOfTheWrittenImages() throws Exception {
    Path generated = folder.resolve("images.zip");
    say(
        List.of(
            "sample",
            "--network",
            snapshot(),
            "--num",
            "100",
            "--data",
            runs.data(),
            "--out",
            generated.toString(),
            "spark.master=local[2]",
            "engine.threads=1"));
    FeatureStatistics fake = statistics(generated.toString(), "generated.npz");
    FeatureStatistics real = statistics(runs.data(), "real.npz");
    double expected = FrechetDistance.between(fake, real, 1);
    say(evaluate("written", "--metrics", "fid0.1k_full"));
    double fid = value("written", "fid0.1k_full", "fid0.1k_full");
    assertEquals(expected, fid, 1e-4 * expected);
    // against given statistics, with n-1: those of the file are rescaled, since it says its n
    say(
        evaluate(
            "given",
            "--metrics",
            "fid0.1k_full",
            "evaluation.divisor=n-1",
            "evaluation.inception.reference=" + folder.resolve("real.npz")));
    double unbiased =
        FrechetDistance.between(
            fake.withDivisor(CovarianceDivisor.N_MINUS_1),
            real.withDivisor(CovarianceDivisor.N_MINUS_1),
            1);
    assertEquals(unbiased, value("given", "fid0.1k_full", "fid0.1k_full"), 1e-4 * unbiased);
    assertNotEquals(expected, unbiased, 1e-3 * expected);
  }

  @Test
  void everyMetricIsThatOfTheWrittenImages() throws Exception {
    Path generated = folder.resolve("scored.zip");
    say(
        List.of(
            "sample",
            "--network",
            snapshot(),
            "--num",
            "60",
            "--mid-t",
            "0.7",
            "--data",
            runs.data(),
            "--out",
            generated.toString(),
            "spark.master=local[1]"));
    say(
        evaluate(
            "scored",
            "--mid-t",
            "0.7",
            "--metrics",
            "two_step_kid0.06k_full,two_step_is0.06k,two_step_pr0.06k3_full,"
                + "two_step_fd_dinov2_0.06k"));
    Scores fake = new Scores(generated.toString());
    Scores real = new Scores(runs.data());
    double kid = KernelDistance.unbiased(fake.inception, real.inception, 60, 1);
    assertClose(kid, value("scored", "two_step_kid0.06k_full", "two_step_kid0.06k_full"));
    InceptionScore.Result score =
        new InceptionScore(60, 10).add(0, fake.probabilities, 60).result();
    assertClose(score.mean(), value("scored", "two_step_is0.06k", "two_step_is0.06k_mean"));
    String pr = "two_step_pr0.06k3_full";
    double precision = real.covers(fake);
    double recall = fake.covers(real);
    assertNotEquals(precision, recall);
    assertEquals(precision, value("scored", pr, pr + "_precision"));
    assertEquals(recall, value("scored", pr, pr + "_recall"));
    double dino =
        FrechetDistance.between(
            new FeatureMoments().add(fake.dino, 60).statistics(CovarianceDivisor.N_MINUS_1),
            new FeatureMoments().add(real.dino, 60).statistics(CovarianceDivisor.N_MINUS_1),
            1);
    assertClose(dino, value("scored", "two_step_fd_dinov2_0.06k", "two_step_fd_dinov2_0.06k"));
  }

  private static void assertClose(double expected, double actual) {
    assertEquals(expected, actual, 1e-4 * Math.abs(expected));
  }

  /** What detectors make of the 60 images of a dataset, without Spark. */
  private static final class Scores {
    final float[] inception;
    final float[] probabilities;
    final float[] vgg;
    final float[] dino;

    Scores(String data) throws IOException {
      try (EdmDataset set = EdmDataset.open(new LocalStore(), data, DatasetOptions.ALL);
          Detector first = open(detector, DetectorKind.INCEPTION, 64);
          Detector second = open(SMALL.resolve("vgg.pt").toString(), DetectorKind.VGG16, 8);
          Detector third = open(SMALL.resolve("dino.pt").toString(), DetectorKind.DINOV2, 8)) {
        byte[][] images = new byte[set.size()][];
        for (int i = 0; i < images.length; i++) {
          images[i] = set.image(i);
        }
        inception = first.features(images, set.shape());
        probabilities = first.probabilities(images, set.shape());
        vgg = second.features(images, set.shape());
        dino = third.features(images, set.shape());
      }
    }

    private static Detector open(String path, DetectorKind kind, int width) throws IOException {
      return Detector.open(Path.of(path), path, kind, width, EngineOptions.defaults());
    }

    /** The share of other images that lie within the radius of one of these. */
    double covers(Scores other) {
      float[] own = Neighbours.squaredDistances(vgg, 60, 0, vgg, 60, 0, 1);
      float[] radii = new SmallestDistances(60, 3).add(own, 60).radii();
      float[] across = Neighbours.squaredDistances(other.vgg, 60, vgg, 60, 1);
      return Neighbours.covered(across, 60, radii).cardinality() / 60.0;
    }
  }

  private static FeatureStatistics statistics(String data, String file) throws Exception {
    String path = folder.resolve(file).toString();
    say(
        List.of(
            "stats",
            "compute",
            "--data",
            data,
            "--detector",
            detector,
            "evaluation.inception.width=64",
            "--trust-detectors",
            "spark.master=local[2]",
            "--out",
            path));
    FeatureStatistics found = FeatureStatistics.read(new LocalStore(), path);
    assertEquals(Optional.of(CovarianceDivisor.N), found.divisor());
    return found;
  }

  @Test
  void realImagesAreWorkedOnOncePerContent() throws Exception {
    Path data = folder.resolve("changing.zip");
    Files.copy(Path.of(runs.data()), data);
    List<String> arguments =
        evaluate("cached", "--metrics", "fid0.05k_full", "--data", data.toString());
    assertTrue(say(arguments).contains("reading: 60 real images"));
    assertFalse(say(arguments).contains("reading: "));
    // a copy elsewhere is the same data
    Path copy = Files.copy(data, folder.resolve("copy.zip"));
    assertFalse(
        say(evaluate("cached", "--metrics", "fid0.05k_full", "--data", copy.toString()))
            .contains("reading: "));
    // other images under the same path are not
    Files.delete(data);
    DatasetCommand.Synthesize.write(
        new LocalStore(), data.toString(), ImageShape.square(3, 8), 60, 1);
    assertTrue(say(arguments).contains("reading: 60 real images"));
    List<JsonNode> results = results("cached", "fid0.05k_full");
    assertEquals(4, results.size());
    assertEquals(results.get(0).get("results"), results.get(1).get("results"));
    assertNotEquals(results.get(0).get("results"), results.get(3).get("results"));
  }

  @Test
  void repeatsTakeOtherImagesAndTheLeastIsSaid() throws Exception {
    String said = say(evaluate("repeated", "--metrics", "fid0.05k_full", "--repeats", "3"));
    List<JsonNode> results = results("repeated", "fid0.05k_full");
    assertEquals(
        List.of("0-49", "50-99", "100-149"),
        results.stream().map(each -> each.get("seeds").asText()).toList());
    double least =
        results.stream()
            .mapToDouble(each -> each.get("results").get("fid0.05k_full").asDouble())
            .min()
            .orElseThrow();
    String line =
        said.lines().filter(each -> each.startsWith("fid0.05k_full ")).findFirst().orElseThrow();
    assertTrue(line.contains(String.format("%.4f  least of ", least)), line);
  }

  @Test
  void theSearchFindsTheLeastFidOfItsGrid() throws Exception {
    String said =
        say(
            List.of(
                "search-mid-t",
                "--network",
                snapshot(),
                "--grid",
                "0.3,3,1",
                "--num",
                "60",
                "--out",
                folder.resolve("search").toString(),
                "evaluation.cache=" + folder.resolve("search-cache"),
                "evaluation.inception.path=" + detector,
                "evaluation.inception.sha256=" + Sha256.ofFile(new LocalStore(), detector),
                "evaluation.inception.width=64",
                "spark.master=local[1]"));
    List<JsonNode> results = results("search", "two_step_fid0.06k_full");
    assertEquals(3, results.size());
    JsonNode least =
        results.stream()
            .min(
                (a, b) ->
                    Double.compare(
                        a.get("results").get("two_step_fid0.06k_full").asDouble(),
                        b.get("results").get("two_step_fid0.06k_full").asDouble()))
            .orElseThrow();
    assertTrue(said.contains("at mid_t " + least.get("mid_t").get(0).asDouble() + ";"), said);
    assertTrue(
        Files.readString(folder.resolve("search/search-mid-t.svg")).startsWith("<svg"), said);
    // two steps through 1 are what evaluate measures
    say(evaluate("same", "--metrics", "two_step_fid0.06k_full", "--mid-t", "1"));
    assertEquals(
        value("same", "two_step_fid0.06k_full", "two_step_fid0.06k_full"),
        results.get(1).get("results").get("two_step_fid0.06k_full").asDouble(),
        1e-6);
  }

  @Test
  void sampledImagesFollowFromTheirSeeds() throws Exception {
    Path all = folder.resolve("all.zip");
    Path some = folder.resolve("some");
    List<String> common = List.of("sample", "--network", snapshot(), "--classes", "1");
    List<String> first = new ArrayList<>(common);
    first.addAll(List.of("--num", "16", "--out", all.toString(), "evaluation.batch=4"));
    String said = say(first);
    assertTrue(said.contains("generating: 16 images"), said);
    List<String> second = new ArrayList<>(common);
    second.addAll(List.of("--seeds", "4-7,12-15", "--out", some.toString(), "evaluation.batch=4"));
    say(second);
    try (ZipFile zip = new ZipFile(all.toFile())) {
      assertEquals(17, zip.size());
      for (int i : new int[] {4, 7, 12, 15}) {
        String name = String.format("00000/img%08d.png", i);
        assertArrayEquals(
            zip.getInputStream(zip.getEntry(name)).readAllBytes(),
            Files.readAllBytes(some.resolve(name)),
            name);
      }
    }
    List<String> none = new ArrayList<>(common);
    none.addAll(List.of("--num", "5", "--out", "none"));
    assertTrue(say(none).contains("generating: 5 images"));
  }

  @Test
  void aRunIsEvaluatedWhileItGoesOn() throws Exception {
    Path evaluated =
        runs.tune(
            "evaluated",
            "run.eval-every=2",
            "spark.segment-ticks=10",
            "evaluation.metrics=[fid0.05k_full]",
            "evaluation.inception.path=" + detector,
            "evaluation.inception.width=64",
            "evaluation.trust-detectors=true",
            "evaluation.cache=" + folder.resolve("evaluated-cache"));
    Path plain = runs.tune("plain");
    // ticks 2 and 4, which is the last one
    List<String> lines = Files.readAllLines(evaluated.resolve("metric-fid0.05k_full.jsonl"));
    assertEquals(2, lines.size());
    assertEquals(0.088, new ObjectMapper().readTree(lines.get(0)).get("kimg").asDouble());
    assertEquals(0.16, new ObjectMapper().readTree(lines.get(1)).get("kimg").asDouble());
    String log = Files.readString(evaluated.resolve("log.txt"));
    assertTrue(log.contains("evaluating the network after 0.1 kimg"), log);
    // one that had ended before its evaluation makes up for it
    Files.delete(evaluated.resolve("metric-fid0.05k_full.jsonl"));
    say(List.of("tune", "--resume", evaluated.toString()));
    List<String> again = Files.readAllLines(evaluated.resolve("metric-fid0.05k_full.jsonl"));
    assertEquals(1, again.size());
    assertEquals(
        new ObjectMapper().readTree(lines.get(1)).get("results"),
        new ObjectMapper().readTree(again.get(0)).get("results"));
    // and is no other run for it
    assertEquals(new RunFiles(plain).state(), new RunFiles(evaluated).state());
  }

  /** One that came from elsewhere, say, with a detector of its author's. */
  @Test
  void aRunDirectoryDoesNotSayWhatCodeToTrust() throws Exception {
    Path other =
        runs.tune(
            "foreign",
            "evaluation.metrics=[fid0.05k_full]",
            "evaluation.inception.path=" + detector,
            "evaluation.inception.width=64",
            "evaluation.inception.sha256=" + Sha256.ofFile(new LocalStore(), detector),
            "evaluation.trust-detectors=true",
            "evaluation.cache=" + folder.resolve("foreign-cache"));
    List<String> arguments = List.of("evaluate", "--network", other.resolve(SNAPSHOT).toString());
    String said = TestRuns.refusal(arguments);
    assertTrue(said.contains("nothing says that you trust it"), said);
    assertTrue(said.startsWith(detector), said);
  }

  @Test
  void everyMistakeIsALineAndChangesNothing() throws Exception {
    Path text = Files.writeString(folder.resolve("text.pt"), "not a network");
    Path other = folder.resolve("grey.zip");
    DatasetCommand.Synthesize.write(
        new LocalStore(), other.toString(), ImageShape.square(1, 8), 20, 0);
    // another detector of as many features: the same one with a byte behind its end
    Path view = folder.resolve("other.pt");
    Files.write(view, Files.readAllBytes(Path.of(detector)));
    Files.write(view, new byte[1], StandardOpenOption.APPEND);
    String statistics = folder.resolve("of-detector.npz").toString();
    statistics(runs.data(), "of-detector.npz");
    Map<String, String> before = TestRuns.contents(folder);
    record Mistake(String said, List<String> arguments) {}
    List<Mistake> mistakes =
        List.of(
            new Mistake(
                "evaluation.metrics is 'fid50k'; expected fid50k_full",
                evaluate("m", "--metrics", "fid50k")),
            new Mistake(
                "evaluation.dinov2.path is empty, and fd_dinov2 needs this detector",
                evaluate("m", "--metrics", "fd_dinov2", "evaluation.dinov2.path=")),
            new Mistake(
                "two-inputs.pt: ",
                evaluate("m", "evaluation.inception.path=" + SMALL.resolve("two-inputs.pt"))),
            new Mistake(
                "gone.pt: no such detector (evaluation.inception.path)",
                evaluate("m", "evaluation.inception.path=gone.pt")),
            new Mistake(
                ": is TorchScript, code that runs with your rights, and nothing says that you trust"
                    + " it; if you do, set evaluation.inception.sha256="
                    + Sha256.ofFile(new LocalStore(), detector)
                    + ", or evaluation.trust-detectors=true for any (--trust-detectors)",
                evaluate("m", "--metrics", "fid0.1k_full", "evaluation.trust-detectors=false")),
            new Mistake("text.pt: ", evaluate("m", "evaluation.inception.path=" + text)),
            new Mistake(
                "evaluation.inception.width", evaluate("m", "evaluation.inception.width=2048")),
            new Mistake(
                "(evaluation.inception.sha256)",
                evaluate("m", "evaluation.inception.sha256=" + "0".repeat(64))),
            new Mistake(
                "expected 64 hexadecimal digits", evaluate("m", "evaluation.inception.sha256=12")),
            new Mistake("gone.zip: no such dataset", evaluate("m", "--data", "gone.zip")),
            new Mistake(
                "makes images of 8x8 RGB; expected 8x8 grey",
                evaluate("m", "--data", other.toString())),
            new Mistake("gone.npz", evaluate("m", "evaluation.inception.reference=gone.npz")),
            new Mistake(
                "expected one intermediate time for two_step_fid0.1k_full",
                evaluate("m", "--metrics", "two_step_fid0.1k_full", "run.mid-t=[1, 2]")),
            new Mistake(
                "'gone': no such network snapshot", List.of("evaluate", "--network", "gone")),
            new Mistake("from 10 to", evaluate("m", "--metrics", "is0.005k")),
            new Mistake(
                "is of a detector with SHA-256",
                evaluate(
                    "m",
                    "evaluation.inception.path=" + view,
                    "evaluation.inception.reference=" + statistics)),
            new Mistake(
                "rising seeds",
                List.of("sample", "--network", snapshot(), "--seeds", "5-1", "--out", "none")),
            new Mistake(
                "evaluation.inception.path is empty", runs.arguments("never", "run.eval-every=1")));
    for (Mistake mistake : mistakes) {
      String said = TestRuns.refusal(mistake.arguments());
      assertTrue(said.contains(mistake.said()), mistake.said() + " is not in: " + said);
      assertEquals(1, said.lines().count(), said);
      assertTrue(said.length() < 600, said);
    }
    assertEquals(before, TestRuns.contents(folder));
  }
}
