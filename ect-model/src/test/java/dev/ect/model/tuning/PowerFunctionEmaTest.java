package dev.ect.model.tuning;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

final class PowerFunctionEmaTest {
  private static double gamma(double sigmaRel) {
    return new PowerFunctionEma(sigmaRel).gamma();
  }

  @Test
  void widthsOfThePaperHaveItsExponents() {
    assertEquals(16.97, gamma(0.05), 0.005);
    assertEquals(6.94, gamma(0.10), 0.005);
    assertEquals(1 / Math.sqrt(12), PowerFunctionEma.sigmaRel(0), 1e-16);
  }

  @Test
  void widthAndExponentFollowFromEachOther() {
    for (double s = 0.2886; s > 1e-300; s *= 0.9) {
      assertEquals(s, PowerFunctionEma.sigmaRel(gamma(s)), 1e-14 * s);
    }
    for (double g = 1e-3; g < 1e6; g *= 1.5) {
      assertEquals(g, gamma(PowerFunctionEma.sigmaRel(g)), 1e-9 * Math.max(1, g));
    }
  }

  @Test
  void theWidthIsTheStandardDeviationOfTheTimesAveraged() {
    double gamma = gamma(0.07);
    double mean = 0;
    double square = 0;
    int pieces = 100_000;
    for (int i = 0; i < pieces; i++) {
      double t = (i + 0.5) / pieces;
      double weight = (gamma + 1) * Math.pow(t, gamma) / pieces;
      mean += weight * t;
      square += weight * t * t;
    }
    assertEquals(0.07, Math.sqrt(square - mean * mean), 1e-7);
  }

  @Test
  void stepByStepItIsTheAverageOfTheWholeTrajectory() {
    for (double sigmaRel : List.of(0.05, 0.1, 0.25)) {
      PowerFunctionEma ema = new PowerFunctionEma(sigmaRel);
      double gamma = ema.gamma();
      long batch = 128;
      int steps = 3000;
      double average = 1e9;
      double integral = 0;
      double total = Math.pow(batch * (double) steps, gamma + 1);
      for (int k = 1; k <= steps; k++) {
        double weight = Math.sin(k * 0.01) + Math.cos(k * 1.7);
        double beta = ema.beta(batch, (double) (k - 1) * batch);
        average = weight + beta * (average - weight);
        // The integral of t^gamma (gamma + 1) over the step.
        integral +=
            weight
                * (Math.pow(k * (double) batch, gamma + 1)
                    - Math.pow((k - 1) * (double) batch, gamma + 1));
      }
      assertEquals(integral / total, average, 1e-12);
    }
  }

  @Test
  void idsAreReadBackAndAreTheSameForTheSameAverage() {
    assertEquals(new PowerFunctionEma(0.1), EmaSpec.parse("sigma-rel=0.10"));
    assertEquals("sigma-rel=0.1", new PowerFunctionEma(0.1).id());
    assertEquals(EmaSpec.halfLife(500_000, 0), EmaSpec.parse("halflife-kimg=500"));
    assertEquals("halflife-kimg=500", EmaSpec.halfLife(500_000, 0).id());
    assertEquals(EmaSpec.fixed(0.9999), EmaSpec.parse("beta=0.9999"));
    assertEquals("beta=0", EmaSpec.fixed(0).id());
    for (String id : List.of("sigma-rel=0.05", "halflife-kimg=0.5", "beta=0.999", "beta=1.0E-4")) {
      assertEquals(id, EmaSpec.parse(id).id());
    }
  }

  @Test
  void othersAreRefused() {
    for (String wrong :
        List.of(
            "",
            "0.5",
            "=0.5",
            "gamma=7",
            "sigma-rel",
            "sigma-rel=",
            "sigma-rel=x",
            "sigma-rel=0",
            "sigma-rel=-0.1",
            "sigma-rel=0.2886752",
            "sigma-rel=NaN",
            "sigma-rel=1e-320",
            "beta=1",
            "beta=-0.1",
            "halflife-kimg=0",
            "halflife-kimg=Infinity")) {
      String message =
          assertThrows(IllegalArgumentException.class, () -> EmaSpec.parse(wrong), wrong)
              .getMessage();
      assertTrue(message.startsWith("moving average '" + wrong + "'; expected beta=B"), message);
    }
    assertThrows(IllegalArgumentException.class, () -> new PowerFunctionEma(0.3));
  }
}
