package dev.ect.spark.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.model.checkpoint.NetworkSnapshot;
import dev.ect.model.checkpoint.TrainingState;
import dev.ect.model.engine.Engine;
import dev.ect.model.engine.EngineOptions;
import dev.ect.model.engine.Engines;
import dev.ect.model.engine.Precision;
import dev.ect.model.engine.Tensor;
import dev.ect.model.io.LocalStore;
import dev.ect.model.network.Network;
import dev.ect.model.tuning.Progress;
import dev.ect.model.tuning.Tuner;
import dev.ect.model.tuning.TuningVectors;
import dev.ect.spark.ForwardingStore;
import dev.ect.spark.cli.TestRuns;
import dev.ect.spark.config.ConfigSources;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.config.ObjectiveConfig;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class SaverTest {
  /** Every file waits before it is made, or cannot be made at all. */
  private static final class Disturbed extends ForwardingStore {
    final CountDownLatch begun = new CountDownLatch(1);
    final CountDownLatch goOn = new CountDownLatch(1);
    volatile String failure = "";
    volatile RuntimeException crash;

    @Override
    public OutputStream create(String path) throws IOException {
      begun.countDown();
      try {
        goOn.await();
      } catch (InterruptedException e) {
        throw new InterruptedIOException("interrupted");
      }
      if (crash != null) {
        throw crash;
      }
      if (!failure.isEmpty()) {
        throw new IOException(failure);
      }
      return super.create(path);
    }
  }

  @TempDir Path folder;
  private final Disturbed store = new Disturbed();
  private TestRuns runs;
  private RunPlan plan;
  private Engine engine;
  private Tuner tuner;
  private Saver saver;

  private RunPlan plan(String... more) throws IOException {
    List<String> arguments = runs.arguments("runs", more);
    JobConfig config =
        JobConfig.of(
            ObjectiveConfig.Kind.TUNING,
            ConfigSources.overrides(arguments.subList(1, arguments.size())));
    return RunPlanner.plan(new LocalStore(), config, 1).plan();
  }

  @BeforeEach
  void makeReplica() throws Exception {
    runs = new TestRuns(folder);
    plan = plan("run.checkpoint-every=50", "run.sample-every=50", "run.ema-every=3");
    engine = Engines.open(Engines.AUTO, new EngineOptions(Precision.FLOAT32, 1, "cpu"));
    Network network = plan.network();
    tuner =
        new Tuner(
            engine,
            network,
            plan.preconditioning(),
            network.initialBuffers(0),
            plan.objective().optimizer(),
            plan.objective().ema(),
            plan.objective().emas(),
            0);
    fill(1);
    saver = new Saver(store, plan, tuner, 1);
  }

  @AfterEach
  void nothingStaysOpen() {
    store.goOn.countDown();
    saver.close();
    tuner.close();
    assertEquals(0, engine.openTensors());
    engine.close();
  }

  private static float[] values(long size, int from) {
    float[] values = new float[Math.toIntExact(size)];
    for (int i = 0; i < values.length; i++) {
      values[i] = from + i * 1e-3f;
    }
    return values;
  }

  private List<Tensor> vectors(TuningVectors v) {
    List<Tensor> vectors = new ArrayList<>(List.of(v.weights(), v.ema(), v.expAvg(), v.expAvgSq()));
    vectors.addAll(v.emas().values());
    return vectors;
  }

  /** Gives each vector values of its own, and progress to match. */
  private void fill(int seed) {
    int number = 0;
    for (Tensor vector : vectors(tuner.vectors())) {
      vector.write(0, FloatBuffer.wrap(values(vector.elements(), 10 * seed + number++)));
    }
    tuner.resume(new Progress(seed, 8L * seed));
  }

  /** The latest checkpoint holds what was filled in with the same seed. */
  private void assertSaved(int seed) throws IOException {
    Network network = plan.network();
    long size = network.parameters().size();
    LocalStore files = new LocalStore();
    try (TuningVectors read = TuningVectors.zeros(engine, size, plan.objective().emas());
        TrainingState state = TrainingState.open(files, plan.directory().latestState());
        NetworkSnapshot snapshot = NetworkSnapshot.open(files, plan.directory().latestSnapshot())) {
      state.read(network, read);
      int number = 0;
      assertEquals(6, vectors(read).size());
      for (Tensor vector : vectors(read)) {
        assertArrayEquals(values(size, 10 * seed + number), vector.toArray(), "vector " + number);
        number++;
      }
      assertEquals(new Progress(seed, 8L * seed), state.progress(0));
      snapshot.read(network, read.gradient()::write);
      assertArrayEquals(values(size, 10 * seed + 1), read.gradient().toArray());
      assertTrue(snapshot.metadata().get("progress").contains("\"step\":" + seed));
    }
  }

  private void saveAtSegmentEnd() throws IOException, InterruptedException {
    saver.save(new Saver.Moment(1, true, true, false));
  }

  @Test
  void aSaveDoesNotWaitForTheWritingAndKeepsTheValuesOfItsMoment() throws Exception {
    saveAtSegmentEnd();
    store.begun.await();
    assertFalse(store.exists(plan.directory().latestState()));
    fill(2);
    store.goOn.countDown();
    saver.finish();
    assertSaved(1);
    saveAtSegmentEnd();
    saver.finish();
    assertSaved(2);
  }

  @Test
  void theNextSaveWaitsForTheOneBefore() throws Exception {
    saveAtSegmentEnd();
    store.begun.await();
    fill(2);
    ExecutorService other = Executors.newSingleThreadExecutor();
    try {
      Future<?> second =
          other.submit(
              () -> {
                saveAtSegmentEnd();
                return null;
              });
      assertThrows(TimeoutException.class, () -> second.get(200, TimeUnit.MILLISECONDS));
      store.goOn.countDown();
      second.get();
    } finally {
      other.shutdownNow();
    }
    saver.finish();
    assertSaved(2);
  }

  @Test
  void aFailedWriteSurfacesWhenTheRunFinishes() throws Exception {
    store.failure = "the disk is full";
    store.goOn.countDown();
    saveAtSegmentEnd();
    assertEquals("the disk is full", assertThrows(IOException.class, saver::finish).getMessage());
    saver.finish();
  }

  @Test
  void aFailedWriteSurfacesAtTheNextSaveAndTheOneAfterSucceeds() throws Exception {
    store.crash = new IllegalStateException("out of order");
    store.goOn.countDown();
    saveAtSegmentEnd();
    IOException e = assertThrows(IOException.class, this::saveAtSegmentEnd);
    assertEquals(
        "cannot write a checkpoint: java.lang.IllegalStateException: out of order", e.getMessage());
    store.crash = null;
    saveAtSegmentEnd();
    saver.finish();
    assertSaved(1);
  }

  @Test
  void nothingIsSavedInsideASegmentUnlessItIsDue() throws Exception {
    store.goOn.countDown();
    saver.save(new Saver.Moment(1, true, false, false));
    saver.finish();
    assertFalse(store.exists(plan.directory().path()));
    saver.save(new Saver.Moment(1, false, true, false));
    saver.finish();
    assertEquals(
        List.of(plan.directory().latestSnapshot(), plan.directory().latestState()),
        store.list(plan.directory().path(), false).stream().map(f -> f.path()).toList());
  }

  @Test
  void furtherAveragesAreKeptWhenTheyAreDueAndAtTheEnd() throws Exception {
    saver.save(new Saver.Moment(3, true, false, false));
    store.begun.await();
    fill(2);
    store.goOn.countDown();
    saver.finish();
    List<String> files =
        store.list(plan.directory().path(), false).stream()
            .map(f -> f.name())
            .filter(name -> name.startsWith("ema-"))
            .toList();
    assertEquals(
        List.of(
            "ema-sigma-rel=0.05-000000.008.safetensors",
            "ema-sigma-rel=0.1-000000.008.safetensors"),
        files);
    float[] read = new float[Math.toIntExact(plan.network().parameters().size())];
    for (int i = 0; i < files.size(); i++) {
      try (NetworkSnapshot snapshot =
          NetworkSnapshot.open(store, plan.directory().file(files.get(i)))) {
        snapshot.read(
            plan.network(), (offset, part) -> part.get(read, (int) offset, part.remaining()));
        assertArrayEquals(values(read.length, 10 + 4 + i), read);
        assertEquals(files.get(i).substring(4, files.get(i).lastIndexOf('-')), average(snapshot));
        assertEquals(new Progress(1, 8), snapshot.progress());
      }
    }
    saver.save(new Saver.Moment(4, false, true, true));
    saver.finish();
    assertTrue(store.exists(plan.directory().file("ema-sigma-rel=0.05-000000.016.safetensors")));
    try (NetworkSnapshot own = NetworkSnapshot.open(store, plan.directory().latestSnapshot())) {
      assertNull(average(own));
    }
  }

  @Test
  void furtherAveragesAreKeptAtTheEndOnlyWhereThereIsNoIntervalForThem() throws Exception {
    store.goOn.countDown();
    RunPlan without = plan("run.sample-every=50", "run.ema-every=0");
    String file = without.directory().ema("sigma-rel=0.1", "000000.008");
    try (Saver other = new Saver(store, without, tuner, 1)) {
      other.save(new Saver.Moment(2, true, true, false));
      other.finish();
      assertTrue(store.exists(without.directory().snapshot("000000.008")));
      assertFalse(store.exists(file));
      other.save(new Saver.Moment(3, true, true, true));
      other.finish();
      assertTrue(store.exists(file));
    }
  }

  private static String average(NetworkSnapshot snapshot) {
    return snapshot.metadata().get(NetworkSnapshot.EMA);
  }

  @Test
  void furtherAveragesAreOfARunsIdentityOnlyWhereThereAreAny() throws Exception {
    Map<String, String> identity = plan.identity();
    assertEquals("EmaSpec[beta=0.9, halfLifeImages=0.0, rampUpRatio=0.0]", identity.get("ema"));
    assertEquals("[sigma-rel=0.05, sigma-rel=0.1]", identity.get("emas"));
    Map<String, String> without =
        plan("tuning.emas=[]", "tuning.ema-beta=auto", "tuning.ema-rampup-ratio=0.05").identity();
    assertEquals(
        "EmaSpec[beta=-1.0, halfLifeImages=500000.0, rampUpRatio=0.05]", without.get("ema"));
    assertFalse(without.containsKey("emas"));
  }

  @Test
  void closingWaitsForTheWriteUnderWay() throws Exception {
    saveAtSegmentEnd();
    store.begun.await();
    ExecutorService other = Executors.newSingleThreadExecutor();
    try {
      Future<?> closing = other.submit(saver::close);
      assertThrows(TimeoutException.class, () -> closing.get(200, TimeUnit.MILLISECONDS));
      store.goOn.countDown();
      closing.get();
    } finally {
      other.shutdownNow();
    }
    assertSaved(1);
  }

  @Test
  void aCopyGivesBackAnyPartOfALargeVector() {
    float[] expected = values((2 << 22) + 3, 0);
    VectorCopy host = new VectorCopy();
    try (Tensor vector = engine.create(expected, expected.length)) {
      host.copy(vector);
    }
    for (int[] range : new int[][] {{0, 5}, {(1 << 22) - 2, 4}, {(1 << 22) - 1, (1 << 22) + 4}}) {
      float[] part = new float[range[1]];
      host.read(range[0], FloatBuffer.wrap(part));
      assertArrayEquals(Arrays.copyOfRange(expected, range[0], range[0] + range[1]), part);
    }
    try (Tensor shorter = engine.create(new float[] {7, 8}, 2)) {
      host.copy(shorter);
    }
    float[] two = new float[2];
    host.read(0, FloatBuffer.wrap(two));
    assertArrayEquals(new float[] {7, 8}, two);
  }
}
