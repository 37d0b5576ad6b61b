package dev.ect.model.dataset;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class AugmentationDrawTest {
  private static final int COUNT = 40_000;

  @ParameterizedTest
  @ValueSource(doubles = {0.12, 1})
  void eachTransformComesAsOftenAsItShould(double p) {
    List<AugmentationDraw> draws = draws(p);
    assertRate(0.5, draws, AugmentationDraw::xflip);
    assertRate(p / 2, draws, AugmentationDraw::yflip);
    assertRate(p, draws, d -> d.scale() != 0);
    assertRate(p, draws, d -> d.rotation() != 0);
    assertRate(p, draws, d -> d.aniso() != 0);
    assertRate(p / 2, draws, d -> d.anisoRotation() != 0);
    assertRate(p, draws, d -> d.translateX() != 0);
    // accepted on their own, but both axes together
    assertRate(p * p, draws, d -> d.scale() != 0 && d.rotation() != 0);
    assertRate(p * p, draws, d -> d.aniso() != 0 && d.translateX() != 0);
    assertRate(p * p / 4, draws, d -> d.xflip() && d.yflip() && d.scale() != 0);
    assertTrue(draws.stream().allMatch(d -> (d.translateX() != 0) == (d.translateY() != 0)));
    assertTrue(draws.stream().noneMatch(d -> d.anisoRotation() != 0 && d.aniso() == 0));
  }

  @Test
  void valuesAreNormalAndAnglesUniform() {
    List<AugmentationDraw> draws = draws(1);
    List<ToDoubleFunction<AugmentationDraw>> normal =
        List.of(
            AugmentationDraw::scale,
            AugmentationDraw::aniso,
            AugmentationDraw::translateX,
            AugmentationDraw::translateY);
    for (ToDoubleFunction<AugmentationDraw> value : normal) {
      assertMean(0, 1, draws, value);
      assertMean(1, Math.sqrt(2), draws, d -> square(value.applyAsDouble(d)));
    }
    assertMean(0, 1, draws, d -> d.translateX() * d.translateY());
    assertMean(0, 1, draws, d -> d.scale() * d.aniso());
    assertTrue(draws.stream().allMatch(d -> Math.abs(d.rotation()) <= Math.PI));
    double sixth = Math.PI * Math.PI / 3;
    double deviation = Math.PI * Math.PI * Math.sqrt(4.0 / 45);
    assertMean(0, Math.sqrt(sixth), draws, AugmentationDraw::rotation);
    assertMean(sixth, deviation, draws, d -> square(d.rotation()));
    List<AugmentationDraw> turned = draws.stream().filter(d -> d.anisoRotation() != 0).toList();
    assertMean(sixth, deviation, turned, d -> square(d.anisoRotation()));
  }

  @Test
  void sameAddressDrawsTheSameAndAnotherAnother() {
    AugmentationDraw draw = AugmentationDraw.of(5, 6, 7, 1);
    assertEquals(draw, AugmentationDraw.of(5, 6, 7, 1));
    assertNotEquals(draw, AugmentationDraw.of(4, 6, 7, 1));
    assertNotEquals(draw, AugmentationDraw.of(5, 5, 7, 1));
    assertNotEquals(draw, AugmentationDraw.of(5, 6, 6, 1));
  }

  @Test
  void whatALowProbabilityAcceptsAHigherOneAcceptsToo() {
    for (int i = 0; i < 1000; i++) {
      AugmentationDraw low = AugmentationDraw.of(1, 0, i, 0.12);
      AugmentationDraw high = AugmentationDraw.of(1, 0, i, 0.5);
      assertEquals(low.xflip(), high.xflip());
      if (low.scale() != 0) {
        assertEquals(low.scale(), high.scale());
      }
      if (low.rotation() != 0) {
        assertEquals(low.rotation(), high.rotation());
      }
    }
  }

  @Test
  void probabilityZeroIsTheIdentity() {
    for (int i = 0; i < 100; i++) {
      assertSame(AugmentationDraw.IDENTITY, AugmentationDraw.of(1, 0, i, 0));
    }
    assertTrue(AugmentationDraw.IDENTITY.isIdentity());
    for (AugmentationDraw draw : draws(0.12)) {
      assertEquals(draw.equals(AugmentationDraw.IDENTITY), draw.isIdentity());
    }
  }

  @Test
  void labelsAreZeroForTheIdentityAndTellEachParameter() {
    assertArrayEquals(new float[9], AugmentationDraw.IDENTITY.labels());
    double third = Math.PI / 3;
    assertArrayEquals(
        new float[] {1, 0, 0.25f, -0.5f, 0.8660254f, 1, -1.7320508f, -0.5f, 1.5f},
        new AugmentationDraw(true, false, 0.25, third, 2, -third, -0.5, 1.5).labels(),
        1e-6f);
    assertArrayEquals(
        new float[] {0, 1, 0, 0, 0, 0, 0, 0, 0},
        new AugmentationDraw(false, true, 0, 0, 0, 0, 0, 0).labels());
  }

  @Test
  void refusesImpossibleProbabilitiesAndValues() {
    for (double p : new double[] {-0.1, 1.1, Double.NaN}) {
      String message =
          assertThrows(IllegalArgumentException.class, () -> AugmentationDraw.of(1, 0, 0, p))
              .getMessage();
      assertEquals("augmentation probability " + p + "; expected 0 (off) to 1", message);
    }
    assertThrows(
        IllegalArgumentException.class,
        () -> new AugmentationDraw(false, false, 0, Double.NaN, 0, 0, 0, 0));
    assertFalse(new AugmentationDraw(false, false, 0, 0, 0, 0, 0, 1).isIdentity());
  }

  private static List<AugmentationDraw> draws(double p) {
    List<AugmentationDraw> draws = new ArrayList<>();
    for (int i = 0; i < COUNT; i++) {
      draws.add(AugmentationDraw.of(11, i / 128, i % 128, p));
    }
    return draws;
  }

  private static void assertRate(
      double rate, List<AugmentationDraw> draws, Predicate<AugmentationDraw> holds) {
    assertMean(rate, Math.sqrt(rate * (1 - rate)), draws, d -> holds.test(d) ? 1 : 0);
  }

  private static void assertMean(
      double expected,
      double deviation,
      List<AugmentationDraw> draws,
      ToDoubleFunction<AugmentationDraw> value) {
    double mean = draws.stream().mapToDouble(value).average().orElseThrow();
    assertEquals(expected, mean, 4 * deviation / Math.sqrt(draws.size()) + 1e-12);
  }

  private static double square(double value) {
    return value * value;
  }
}
