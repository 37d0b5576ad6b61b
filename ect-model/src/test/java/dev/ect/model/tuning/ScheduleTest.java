package dev.ect.model.tuning;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ect.model.engine.AdamUpdate;
import org.junit.jupiter.api.Test;

/** Ticks, stages, learning rates and decays. */
final class ScheduleTest {
  private static final TickSchedule CIFAR10 = new TickSchedule(128, 12.8, 250, 25_600_000);

  @Test
  void tickZeroIsASingleBatch() {
    assertEquals(0, CIFAR10.tick(0));
    assertEquals(1, CIFAR10.tickEnd(0));
    assertEquals(1, CIFAR10.tick(1));
    assertEquals(1, CIFAR10.tick(100));
    assertEquals(2, CIFAR10.tick(101));
    assertEquals(101, CIFAR10.tickEnd(1));
  }

  @Test
  void ticksRoundUpToWholeBatches() {
    TickSchedule uneven = new TickSchedule(96, 1, 10, 10_000);
    assertEquals(11, uneven.stepsPerTick());
    assertEquals(105, uneven.totalSteps());
    assertEquals(105, uneven.tickEnd(10));
  }

  @Test
  void stageRisesEveryDoubleTicksNotCountingTickZero() {
    assertEquals(0, CIFAR10.stage(0));
    assertEquals(0, CIFAR10.stage(25_000));
    assertEquals(1, CIFAR10.stage(25_001));
    assertEquals(7, CIFAR10.stage(199_999));
  }

  @Test
  void radamStartsWithoutDenominatorAndRectifiesFromTheSixthStep() {
    OptimizerSpec radam = OptimizerSpec.of(OptimizerSpec.Kind.RADAM, 1e-3);
    for (int step = 1; step <= 5; step++) {
      AdamUpdate update = radam.update(step, 0);
      assertEquals(0, update.vScale());
      assertEquals(1e-3 / (1 - Math.pow(0.9, step)), update.step(), 1e-15);
    }
    // rho_inf = 1999, rho_6 = 1999 - 12 * 0.999^6 / (1 - 0.999^6)
    AdamUpdate sixth = radam.update(6, 0);
    double rho = 1999 - 12 * Math.pow(0.999, 6) / (1 - Math.pow(0.999, 6));
    double rectification = Math.sqrt((rho - 4) * (rho - 2) * 1999 / (1995 * 1997 * rho));
    double expected =
        1e-3 * rectification * Math.sqrt(1 - Math.pow(0.999, 6)) / (1 - Math.pow(0.9, 6));
    assertEquals(expected, sixth.step(), 1e-9 * expected);
    assertEquals(1, sixth.vScale());
  }

  @Test
  void adamCorrectsBothMoments() {
    AdamUpdate update = OptimizerSpec.of(OptimizerSpec.Kind.ADAM, 2e-3).update(3, 0);
    assertEquals(2e-3 / (1 - Math.pow(0.9, 3)), update.step(), 1e-15);
    assertEquals(1 / Math.sqrt(1 - Math.pow(0.999, 3)), update.vScale(), 1e-9);
  }

  @Test
  void learningRateRisesLinearlyFromZero() {
    OptimizerSpec ramp =
        new OptimizerSpec(OptimizerSpec.Kind.ADAM, 1e-3, 0.9, 0.999, 1e-8, 10_000_000);
    assertEquals(0, ramp.update(1, 0).step());
    assertEquals(0.25e-3, ramp.update(1, 2_500_000).step() * 0.1, 1e-12);
    assertEquals(1e-3, ramp.update(1, 20_000_000).step() * 0.1, 1e-12);
  }

  @Test
  void decayFollowsFromTheHalfLife() {
    EmaSpec ema = EmaSpec.halfLife(500_000, 0.05);
    assertEquals(0, ema.beta(512, 0));
    assertEquals(Math.pow(0.5, 512 / 500.0), ema.beta(512, 10_000), 1e-12);
    assertEquals(Math.pow(0.5, 512 / 500_000.0), ema.beta(512, 100_000_000), 1e-12);
    assertEquals(Math.pow(0.5, 512 / 500_000.0), EmaSpec.halfLife(500_000, 0).beta(512, 0), 1e-12);
    assertEquals(0.9999, EmaSpec.fixed(0.9999).beta(512, 7));
  }
}
