package dev.ect.model.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The formulas against numbers worked out by hand. */
class PreconditioningTest {
  private static final double EPSILON = 1e-12;

  @Test
  void variancePreservingFormulas() {
    Preconditioning vp = Preconditioning.VP;
    double sigma = 2;
    for (boolean training : new boolean[] {true, false}) {
      assertEquals(1, vp.skip(sigma, training));
      assertEquals(-2, vp.out(sigma, training));
    }
    assertEquals(0.4472135954999579, vp.in(sigma), EPSILON);
    // t = (sqrt(0.01 + 39.8 ln 5) - 0.1) / 19.9, times 999
    assertEquals(396.7938017794516, vp.noise(sigma), 1e-9);
    // At t = 1 the noise is 152.17 times the data: the schedule's end.
    assertEquals(999, vp.noise(Math.sqrt(Math.expm1(0.5 * 19.9 + 0.1))), 1e-9);
  }

  @Test
  void varianceExplodingFormulas() {
    Preconditioning ve = Preconditioning.VE;
    for (boolean training : new boolean[] {true, false}) {
      assertEquals(1, ve.skip(3, training));
      assertEquals(3, ve.out(3, training));
    }
    assertEquals(1, ve.in(3));
    assertEquals(0.4054651081081644, ve.noise(3), EPSILON);
  }

  @Test
  void consistencyModelsMeetTheImageAtTheSmallestNoise() {
    Preconditioning ecm = Preconditioning.ECM;
    assertEquals(1, ecm.skip(0.003, false), EPSILON);
    assertEquals(0, ecm.out(0.003, false), EPSILON);
    assertEquals(0.25 / (4 + 0.25), ecm.skip(2, true), EPSILON);
    assertEquals(Preconditioning.EDM.skip(2, true), Preconditioning.EDM.skip(2, false));
    assertEquals(Math.log(2) / 4, ecm.noise(2), EPSILON);
  }

  @ParameterizedTest
  @ValueSource(strings = {"edm", "ecm", "vp", "ve"})
  void jsonGivesBackTheFormulas(String name) {
    Preconditioning preconditioning = Preconditioning.of(name);
    assertEquals(
        preconditioning, Preconditioning.fromJson(Preconditioning.toJson(preconditioning)));
  }

  @Test
  void filesThatDoNotNameTheFormulasHaveEdms() {
    assertEquals(
        Preconditioning.ECM, Preconditioning.fromJson("{\"sigmaData\":0.5,\"sigmaMin\":0.003}"));
  }

  @Test
  void whatIsNotKnownIsRefused() {
    for (String json : new String[] {"{\"kind\":\"iddpm\"}", "{\"kind\":\"vp\"}", "3", "{}"}) {
      String message =
          assertThrows(IllegalArgumentException.class, () -> Preconditioning.fromJson(json))
              .getMessage();
      assertTrue(message.startsWith("preconditioning is " + json), message);
    }
    assertEquals(
        "preconditioning is 'iddpm'; expected edm, ecm, vp or ve",
        assertThrows(IllegalArgumentException.class, () -> Preconditioning.of("iddpm"))
            .getMessage());
  }
}
