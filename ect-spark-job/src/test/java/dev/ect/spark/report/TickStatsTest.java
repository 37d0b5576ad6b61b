package dev.ect.spark.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class TickStatsTest {
  private static TickStats tick(long step, double loss, long images, double seconds, Phases p) {
    double wait = p.share(Phase.READ);
    return new TickStats(
        3,
        step,
        400,
        1,
        loss,
        images,
        10,
        1000 - images,
        seconds,
        p,
        wait,
        seconds,
        2 * seconds,
        1);
  }

  @Test
  void replicasOfATickAreMergedByWhatEachNumberMeans() {
    TickStats merged =
        TickStats.merge(
            List.of(
                tick(30, 1, 30, 4, new Phases(1, 2, 3, 4, 5, 6)),
                tick(30, 2, 10, 5, new Phases(3, 2, 1, 0, 5, 0)),
                tick(30, Double.NaN, 0, 1, new Phases(2, 2, 2, 2, 2, 0))));
    assertEquals(
        new TickStats(
            3, 30, 400, 1, 1.25, 40, 10, 970, 5, new Phases(2, 2, 2, 2, 4, 2), 3 / 11.0, 5, 10, 3),
        merged);
    assertEquals(2 / 12.0, merged.dataWait(), 1e-12);
  }

  @Test
  void replicasThatDidDifferentStepsAreNotMerged() {
    List<TickStats> differing =
        List.of(tick(30, 1, 30, 4, Phases.NONE), tick(31, 1, 30, 4, Phases.NONE));
    assertEquals(
        "replicas differ: one did 10 steps of tick 3 to step 30, another 10 steps of tick 3 to step"
            + " 31; expected the same",
        assertThrows(IllegalArgumentException.class, () -> TickStats.merge(differing))
            .getMessage());
  }

  @Test
  void phasesAddUp() {
    Phases one = new Phases(1, 2, 3, 4, 5, 6);
    Phases two = new Phases(6, 5, 4, 3, 2, 1);
    assertEquals(21, one.total());
    assertEquals(new Phases(7, 7, 7, 7, 7, 7), one.plus(two));
    assertEquals(new Phases(6, 5, 4, 4, 5, 6), Phases.max(List.of(one, two)));
    assertEquals(new Phases(3.5, 3.5, 3.5, 3.5, 3.5, 3.5), Phases.mean(List.of(one, two)));
    assertEquals(Phases.NONE, Phases.mean(List.of()));
  }

  @Test
  void theClockGivesEveryMomentToOnePhase() {
    PhaseClock clock = new PhaseClock();
    long begin = System.nanoTime();
    clock.start();
    clock.lap(Phase.READ);
    clock.lap(Phase.EXCHANGE);
    clock.lap(Phase.UPDATE);
    double elapsed = (System.nanoTime() - begin) / 1e9;
    double exchange = clock.phases().exchangeSeconds();
    clock.move(Phase.EXCHANGE, Phase.WAIT, 1_000_000_000);
    Phases taken = clock.take();
    assertTrue(taken.total() > 0 && taken.total() <= elapsed, taken.toString());
    assertEquals(1, taken.waitSeconds());
    assertEquals(exchange - 1, taken.exchangeSeconds(), 1e-9);
    assertEquals(0, taken.computeSeconds());
    assertEquals(Phases.NONE, clock.phases());
  }
}
