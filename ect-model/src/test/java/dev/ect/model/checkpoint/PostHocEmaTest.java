package dev.ect.model.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ect.model.io.LocalStore;
import dev.ect.model.io.Sha256;
import dev.ect.model.io.Store;
import dev.ect.model.network.Network;
import dev.ect.model.network.Preconditioning;
import dev.ect.model.tuning.EmaSpec;
import dev.ect.model.tuning.PostHocFit;
import dev.ect.model.tuning.PowerFunctionEma;
import dev.ect.model.tuning.Progress;
import dev.ect.model.tuning.TinyRun;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On averages of weights that wander, kept in two widths at 16 times. */
final class PostHocEmaTest {
  private static final Store STORE = new LocalStore();
  private static final Network NETWORK = TinyRun.network(0);
  private static final PowerFunctionEma NARROW = new PowerFunctionEma(0.05);
  private static final PowerFunctionEma WIDE = new PowerFunctionEma(0.1);
  private static final PowerFunctionEma UNSTORED = new PowerFunctionEma(0.075);
  private static final long BATCH = 8;
  private static final int STEPS = 320;
  private static final int EVERY = 20;

  /** A step between two snapshots. */
  private static final int BETWEEN = STEPS - 30;

  @TempDir static java.nio.file.Path folder;

  /** The average of the unstored width at the end, and between two snapshots. */
  private static final Map<Integer, float[]> DIRECT = new TreeMap<>();

  private static String file(String name) {
    return folder.resolve(name).toString();
  }

  private static String name(EmaSpec ema, int step) {
    return file("ema-" + ema.id() + "-" + String.format("%06d", step * BATCH) + ".safetensors");
  }

  private static void write(
      String path, Network network, String ema, Progress progress, float[] values, String identity)
      throws IOException {
    NetworkSnapshot.write(
        STORE,
        path,
        network,
        Preconditioning.ECM,
        FloatSource.of(values),
        network.initialBuffers(0),
        Map.of(
            NetworkSnapshot.EMA,
            ema,
            NetworkSnapshot.PROGRESS,
            CheckpointWriter.toJson(progress),
            "identity",
            identity,
            "dataset",
            "wandering"));
  }

  @BeforeAll
  static void wander() throws IOException {
    int size = (int) NETWORK.parameters().size();
    List<PowerFunctionEma> specs = List.of(NARROW, WIDE, UNSTORED);
    double[][] averages = new double[specs.size()][size];
    double[] weights = new double[size];
    for (int step = 1; step <= STEPS; step++) {
      for (int i = 0; i < size; i++) {
        weights[i] = 1 + 0.01 * Math.sin(i + step * 0.02) + 2e-4 * (i * 7 * step % 11 - 5);
      }
      for (int e = 0; e < averages.length; e++) {
        double beta = specs.get(e).beta(BATCH, (double) (step - 1) * BATCH);
        for (int i = 0; i < size; i++) {
          averages[e][i] = weights[i] + beta * (averages[e][i] - weights[i]);
        }
      }
      if (step % EVERY == 0) {
        Progress progress = new Progress(step, step * BATCH);
        for (int e = 0; e < 2; e++) {
          write(
              name(specs.get(e), step),
              NETWORK,
              specs.get(e).id(),
              progress,
              floats(averages[e]),
              "one");
        }
      }
      if (step == STEPS || step == BETWEEN) {
        DIRECT.put(step, floats(averages[2]));
      }
    }
  }

  private static float[] floats(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }

  private static PostHocEma open(String... paths) throws IOException {
    List<String> problems = new ArrayList<>();
    PostHocEma opened = PostHocEma.open(STORE, List.of(paths), problems);
    assertEquals(List.of(), problems);
    return opened;
  }

  private static List<String> problems(String... paths) throws IOException {
    List<String> problems = new ArrayList<>();
    PostHocEma.open(STORE, List.of(paths), problems).close();
    return problems;
  }

  private static float[] weights(String path) throws IOException {
    float[] values = new float[(int) NETWORK.parameters().size()];
    try (NetworkSnapshot snapshot = NetworkSnapshot.open(STORE, path)) {
      snapshot.read(NETWORK, (offset, from) -> from.get(values, (int) offset, from.remaining()));
    }
    return values;
  }

  private static double distance(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (a[i] - b[i]) * (double) (a[i] - b[i]);
    }
    return Math.sqrt(sum / a.length);
  }

  private static float[] putTogether(PostHocEma parts, PowerFunctionEma wanted, int step)
      throws IOException {
    String path = file("together-" + wanted.id() + "-" + step + ".safetensors");
    parts.write(path, wanted, step * BATCH, parts.fit(wanted, step * BATCH));
    return weights(path);
  }

  @Test
  void anAverageThatWasNotKeptComesOutAsIfItHadBeen() throws IOException {
    try (PostHocEma parts = open(folder.toString())) {
      assertEquals(2 * STEPS / EVERY, parts.parts().size());
      assertEquals(new Progress(STEPS, STEPS * BATCH), parts.latest());
      for (int step : new int[] {STEPS, BETWEEN}) {
        float[] direct = DIRECT.get(step);
        double nearest = Double.POSITIVE_INFINITY;
        for (PostHocEma.Part part : parts.parts()) {
          nearest = Math.min(nearest, distance(weights(part.path()), direct));
        }
        double together = distance(putTogether(parts, UNSTORED, step), direct);
        double most = step == STEPS ? 1e-6 : 1e-4;
        assertTrue(together < most, "off by " + together);
        assertTrue(together < nearest / 5, together + " against " + nearest);
      }
    }
  }

  @Test
  void aKeptAverageIsGivenBackBitForBit() throws IOException {
    try (PostHocEma parts = open(folder.toString())) {
      assertArrayEquals(weights(name(WIDE, 200)), putTogether(parts, WIDE, 200));
    }
  }

  @Test
  void theResultSaysWhatItIsMadeOf() throws IOException {
    String early = name(NARROW, STEPS);
    String late = name(WIDE, STEPS);
    String path = file("made.safetensors");
    PostHocFit fit;
    try (PostHocEma parts = open(late, early, late)) {
      fit = parts.fit(UNSTORED, 1280);
      parts.write(path, UNSTORED, 1280, fit);
    }
    float[] a = weights(early);
    float[] b = weights(late);
    float[] made = weights(path);
    for (int i = 0; i < a.length; i++) {
      double expected = fit.weights().get(0) * a[i] + fit.weights().get(1) * b[i];
      assertEquals((float) expected, made[i]);
    }
    try (NetworkSnapshot snapshot = NetworkSnapshot.open(STORE, path)) {
      assertEquals(NETWORK.spec(), snapshot.spec());
      assertEquals(Preconditioning.ECM, snapshot.preconditioning());
      assertEquals(new Progress(160, 1280), snapshot.progress());
      assertEquals("sigma-rel=0.075", snapshot.metadata().get("ema"));
      assertEquals("wandering", snapshot.metadata().get("dataset"));
      JsonNode origin = new ObjectMapper().readTree(snapshot.metadata().get("post-hoc"));
      assertEquals(fit.error(), origin.get("error").asDouble());
      assertEquals(2, origin.get("parts").size());
      JsonNode part = origin.get("parts").get(1);
      assertEquals(late, part.get("path").asText());
      assertEquals(Sha256.ofFile(STORE, late), part.get("sha256").asText());
      assertEquals("sigma-rel=0.1", part.get("ema").asText());
      assertEquals(2560, part.get("images").asLong());
      assertEquals(fit.weights().get(1), part.get("weight").asDouble());
    }
    assertEquals(
        List.of(
            path
                + ": holds sigma-rel=0.075 put together afterwards; expected a power-function"
                + " average that a run has kept, such as sigma-rel=0.05"),
        problems(path));
  }

  @Test
  void allThatCannotBeUsedIsReportedTogether() throws IOException {
    float[] values = weights(name(WIDE, STEPS));
    Progress progress = new Progress(1, 8);
    Network wider = TinyRun.network(0.3);
    String other = file("other.safetensors");
    String stranger = file("stranger.safetensors");
    String fixed = file("fixed.safetensors");
    String start = file("start.safetensors");
    write(other, wider, WIDE.id(), progress, values, "one");
    write(stranger, NETWORK, WIDE.id(), progress, values, "another");
    write(fixed, NETWORK, "beta=0.9", progress, values, "one");
    write(start, NETWORK, WIDE.id(), Progress.START, values, "one");
    java.nio.file.Path empty = java.nio.file.Files.createDirectory(folder.resolve("empty"));
    List<String> problems =
        problems(name(WIDE, STEPS), "gone", empty.toString(), other, stranger, fixed, start);
    assertEquals(6, problems.size(), () -> String.join("\n", problems));
    assertEquals("gone: no such file or folder", problems.get(0));
    assertTrue(problems.get(1).startsWith(empty + ": holds no ema-sigma-rel=*.safetensors; "));
    assertTrue(problems.get(2).startsWith(other + ": its network is "), problems.get(2));
    assertTrue(problems.get(3).startsWith(stranger + ": was not made by the run of "));
    assertTrue(problems.get(4).startsWith(fixed + ": holds beta=0.9; expected a power-function"));
    assertTrue(problems.get(5).startsWith(start + ": was taken after 0 images; expected"));
    String one = name(WIDE, STEPS);
    assertEquals(
        List.of(
            one
                + ": 1 snapshots of power-function averages; expected at least two, of several"
                + " widths or times"),
        problems(one));
    assertFalse(problems(name(WIDE, STEPS), one).isEmpty());
  }
}
