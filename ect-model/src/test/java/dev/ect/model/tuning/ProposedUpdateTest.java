package dev.ect.model.tuning;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.model.engine.Engine;
import dev.ect.model.engine.EngineOptions;
import dev.ect.model.engine.Engines;
import dev.ect.model.engine.Tensor;
import dev.ect.model.network.Network;
import java.nio.FloatBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Replicas that exchange updates, exactly. */
final class ProposedUpdateTest {
  private static final int BATCH = 4;
  private static final Loss LOSS = EctLoss.DEFAULT.atStage(0);

  private static Engine open() {
    return Engines.open("torch", EngineOptions.defaults());
  }

  /** The part of the replica that has images {@code from} to {@code to} of the batch. */
  private static Tensor propose(Tuner tuner, long step, int from, int to) {
    Batch part = TinyRun.batch(BATCH, step).slice(from, to);
    tuner.gradient(LOSS, part, part.size(), 2);
    return tuner.proposeUpdate(part.size(), BATCH);
  }

  @Test
  void singleReplicaMovesAsWithoutProposals() {
    Network network = TinyRun.network(0.2);
    try (Engine engine = open();
        Tuner direct = TinyRun.tuner(engine, network);
        Tuner proposing = TinyRun.tuner(engine, network)) {
      for (int step = 0; step < 4; step++) {
        direct.gradient(LOSS, TinyRun.batch(BATCH, step), BATCH, 2);
        direct.update(BATCH);
        float[] before = proposing.vectors().weights().toArray();
        propose(proposing, step, 0, BATCH);
        assertArrayEquals(before, proposing.vectors().weights().toArray());
        proposing.applyUpdate(BATCH);
        // Same rounding only where both replicas start the step from the same bits.
        float[] expected = direct.vectors().weights().toArray();
        assertArrayEquals(expected, proposing.vectors().weights().toArray(), 3e-7f);
        assertArrayEquals(
            direct.vectors().expAvg().toArray(), proposing.vectors().expAvg().toArray());
        assertArrayEquals(
            direct.vectors().expAvgSq().toArray(), proposing.vectors().expAvgSq().toArray());
        assertArrayEquals(
            direct.vectors().ema().toArray(), proposing.vectors().ema().toArray(), 3e-7f);
        assertEquals(direct.progress(), proposing.progress());
        proposing.vectors().weights().write(0, FloatBuffer.wrap(expected));
      }
    }
  }

  @Test
  void replicasOfUnevenPartsStayAlikeAndLearn() {
    Network network = TinyRun.network(0);
    try (Engine engine = open();
        Tuner first = TinyRun.tuner(engine, network);
        Tuner second = TinyRun.tuner(engine, network)) {
      double before = loss(first);
      for (int step = 0; step < 12; step++) {
        Tensor mine = propose(first, 0, 0, 1);
        Tensor other = propose(second, 0, 1, BATCH);
        engine.accumulate(mine, 1, other);
        engine.accumulate(other, 0, mine);
        first.applyUpdate(BATCH);
        second.applyUpdate(BATCH);
      }
      assertArrayEquals(first.vectors().weights().toArray(), second.vectors().weights().toArray());
      assertArrayEquals(first.vectors().ema().toArray(), second.vectors().ema().toArray());
      assertFalse(
          Arrays.equals(first.vectors().expAvg().toArray(), second.vectors().expAvg().toArray()));
      double after = loss(first);
      assertTrue(after < before, before + " before, " + after + " after");
    }
  }

  private static double loss(Tuner tuner) {
    return Arrays.stream(tuner.gradient(LOSS, TinyRun.batch(BATCH, 0), BATCH, BATCH)).sum();
  }

  @Test
  void partWeighsTheSquareRootOfItsShare() {
    Network network = TinyRun.network(0);
    try (Engine engine = open();
        Tuner alone = TinyRun.tuner(engine, network);
        Tuner quarter = TinyRun.tuner(engine, network)) {
      Batch image = TinyRun.batch(1, 0);
      alone.gradient(LOSS, image, 1, 1);
      quarter.gradient(LOSS, image, 1, 1);
      float[] whole = alone.proposeUpdate(1, 1).toArray();
      float[] part = quarter.proposeUpdate(1, 4).toArray();
      for (int i = 0; i < whole.length; i++) {
        assertEquals(whole[i] / 2, part[i], Math.ulp(whole[i]));
      }
    }
  }

  @Test
  void valuesThatAreNotFiniteDoNotReachTheWeights() {
    Network network = TinyRun.network(0);
    try (Engine engine = open();
        Tuner tuner = TinyRun.tuner(engine, network)) {
      tuner.vectors().gradient().write(0, FloatBuffer.wrap(new float[] {Float.NaN}));
      tuner.proposeUpdate(1, 1);
      tuner.applyUpdate(1);
      float[] weights = tuner.vectors().weights().toArray();
      assertArrayEquals(network.initialParameters(TinyRun.SEED), weights);
    }
  }

  @Test
  void closedTunersLeaveNoProposalOpen() {
    try (Engine engine = open()) {
      Tuner tuner = TinyRun.tuner(engine, TinyRun.network(0));
      propose(tuner, 0, 0, 2);
      tuner.close();
      assertEquals(0, engine.openTensors());
    }
  }
}
