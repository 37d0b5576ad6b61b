package dev.ect.model.tuning;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

final class PostHocFitTest {
  private static PowerFunctionProfile profile(double sigmaRel, double images) {
    return new PowerFunctionEma(sigmaRel).at(images);
  }

  /** Two widths at so many times, the last after 1e6 images. */
  private static List<PowerFunctionProfile> stored(int times) {
    List<PowerFunctionProfile> stored = new ArrayList<>();
    for (int i = 1; i <= times; i++) {
      stored.add(profile(0.05, 1e6 * i / times));
      stored.add(profile(0.1, 1e6 * i / times));
    }
    return stored;
  }

  private static double value(PowerFunctionProfile p, double t) {
    return t > p.images() ? 0 : (p.gamma() + 1) / p.images() * Math.pow(t / p.images(), p.gamma());
  }

  /** The integral of (sum of weighted profiles - wanted)^2, by the midpoint rule. */
  private static double square(
      List<PowerFunctionProfile> stored, List<Double> weights, PowerFunctionProfile wanted) {
    double sum = 0;
    int pieces = 100_000;
    for (int i = 0; i < pieces; i++) {
      double t = 1e6 * (i + 0.5) / pieces;
      double difference = -value(wanted, t);
      for (int j = 0; j < weights.size(); j++) {
        difference += weights.get(j) * value(stored.get(j), t);
      }
      sum += difference * difference * 1e6 / pieces;
    }
    return sum;
  }

  private static double sum(PostHocFit fit) {
    return fit.weights().stream().mapToDouble(w -> w).sum();
  }

  @Test
  void scalarProductsAreTheIntegrals() {
    PowerFunctionProfile early = profile(0.1, 4e5);
    PowerFunctionProfile late = profile(0.05, 1e6);
    double integral = 0;
    for (int i = 0; i < 400_000; i++) {
      integral += value(early, i + 0.5) * value(late, i + 0.5);
    }
    assertEquals(integral, early.dot(late), 1e-8 * integral);
    assertEquals(early.dot(late), late.dot(early), 1e-22);
    assertEquals(1, square(List.of(), List.of(), late) / late.dot(late), 1e-7);
  }

  @Test
  void aStoredAverageIsTakenAsItIs() {
    List<PowerFunctionProfile> stored = stored(5);
    PostHocFit fit = PostHocFit.of(stored, profile(0.1, 6e5));
    List<Double> expected = new ArrayList<>(Collections.nCopies(10, 0.0));
    expected.set(5, 1.0);
    assertEquals(new PostHocFit(expected, 0), fit);
  }

  @Test
  void noOtherWeightsThatSumToOneComeCloser() {
    List<PowerFunctionProfile> stored = stored(3);
    PowerFunctionProfile wanted = profile(0.15, 9e5);
    PostHocFit fit = PostHocFit.of(stored, wanted);
    assertEquals(1, sum(fit), 1e-12);
    double least = square(stored, fit.weights(), wanted);
    assertEquals(fit.error(), Math.sqrt(least) / wanted.norm(), 1e-4 * fit.error());
    for (int i = 1; i < stored.size(); i++) {
      for (double change : new double[] {-1e-3, 1e-3}) {
        List<Double> other = new ArrayList<>(fit.weights());
        other.set(i, other.get(i) + change);
        other.set(0, other.get(0) - change);
        assertTrue(square(stored, other, wanted) > least, "weight " + i);
      }
    }
  }

  @Test
  void theErrorShrinksWithMoreSnapshotsAndGrowsBeyondTheStoredWidths() {
    PowerFunctionProfile between = profile(0.075, 1e6);
    assertEquals(0.0335, PostHocFit.of(stored(4), between).error(), 5e-4);
    assertEquals(0.0035, PostHocFit.of(stored(16), between).error(), 5e-5);
    assertTrue(PostHocFit.of(stored(16), profile(0.02, 1e6)).error() > 0.1);
    assertTrue(PostHocFit.of(stored(16), profile(0.28, 1e6)).error() > 0.2);
  }

  @Test
  void profilesThatAreNearlyAlikeStillGiveModerateWeights() {
    List<PowerFunctionProfile> stored = new ArrayList<>(stored(200));
    stored.addAll(stored(200));
    for (int i = 0; i < 20; i++) {
      stored.add(profile(0.1 + i * 1e-9, 1e6));
    }
    PostHocFit fit = PostHocFit.of(stored, profile(0.07, 1e6));
    assertEquals(1, sum(fit), 1e-9);
    assertTrue(fit.error() < 1e-4, "error " + fit.error());
    assertTrue(fit.weights().stream().allMatch(w -> Math.abs(w) < 2), fit.weights().toString());
  }

  @Test
  void aTimeAfterTheLastSnapshotIsRefused() {
    assertThrows(
        IllegalArgumentException.class, () -> PostHocFit.of(stored(3), profile(0.07, 1e6 + 1)));
  }
}
