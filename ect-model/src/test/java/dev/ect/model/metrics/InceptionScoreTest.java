package dev.ect.model.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InceptionScoreTest {
  private static final int CLASSES = 7;

  @ParameterizedTest
  @CsvSource({"10,10", "103,10", "96,5", "17,1", "12,7"})
  void isThePapersFormulaOverContiguousParts(int images, int splits) {
    float[] probabilities = probabilities(images, 3);
    double[] scores = new double[splits];
    for (int part = 0; part < splits; part++) {
      int from = part * images / splits;
      int to = (part + 1) * images / splits;
      double[] marginal = new double[CLASSES];
      for (int i = from; i < to; i++) {
        for (int c = 0; c < CLASSES; c++) {
          marginal[c] += probabilities[i * CLASSES + c] / (double) (to - from);
        }
      }
      double divergence = 0;
      for (int i = from; i < to; i++) {
        for (int c = 0; c < CLASSES; c++) {
          double p = probabilities[i * CLASSES + c];
          divergence += p == 0 ? 0 : p * (Math.log(p) - Math.log(marginal[c])) / (to - from);
        }
      }
      scores[part] = Math.exp(divergence);
    }
    double mean = Arrays.stream(scores).average().orElseThrow();
    double variance =
        Arrays.stream(scores).map(s -> (s - mean) * (s - mean)).average().orElseThrow();
    InceptionScore.Result result =
        new InceptionScore(images, splits).add(0, probabilities, images).result();
    assertEquals(mean, result.mean(), 1e-12);
    assertEquals(Math.sqrt(variance), result.deviation(), 1e-12);
  }

  @Test
  void rangesFromOneToTheNumberOfClasses() {
    float[] certain = {1, 0, 0, 1, 1, 0, 0, 1};
    assertEquals(
        new InceptionScore.Result(2, 0), new InceptionScore(4, 2).add(0, certain, 4).result());
    float[] same = {0.25f, 0.75f, 0.25f, 0.75f};
    assertEquals(1, new InceptionScore(2, 1).add(0, same, 2).result().mean(), 1e-15);
  }

  @Test
  void doesNotDependOnTheCut() throws Exception {
    int images = 103;
    float[] all = probabilities(images, 5);
    InceptionScore.Result whole = new InceptionScore(images, 10).add(0, all, images).result();
    Random random = new Random(2);
    for (int trial = 0; trial < 10; trial++) {
      InceptionScore total = new InceptionScore(images, 10);
      InceptionScore part = new InceptionScore(images, 10);
      for (int from = 0; from < images; ) {
        int to = Math.min(images, from + 1 + random.nextInt(30));
        part.add(from, Arrays.copyOfRange(all, from * CLASSES, to * CLASSES), to - from);
        if (random.nextBoolean()) {
          assertSame(total, total.merge(copy(part)));
          part = new InceptionScore(images, 10);
        }
        from = to;
      }
      InceptionScore.Result merged = part.merge(total).result();
      assertEquals(whole.mean(), merged.mean(), 1e-12);
      assertEquals(whole.deviation(), merged.deviation(), 1e-12);
    }
  }

  @Test
  void wantsEveryImageOnce() {
    InceptionScore score = new InceptionScore(4, 2).add(0, new float[0], 0);
    assertEquals(
        "part 0 has 0 images; expected 2",
        assertThrows(IllegalStateException.class, score::result).getMessage());
    score.add(0, new float[] {1, 0, 0, 1, 1, 0}, 3);
    assertEquals(
        "part 1 has 1 images; expected 2",
        assertThrows(IllegalStateException.class, score::result).getMessage());
    score.merge(new InceptionScore(4, 2).add(2, new float[] {1, 0, 0, 1}, 2));
    assertEquals(
        "part 1 has 3 images; expected 2",
        assertThrows(IllegalStateException.class, score::result).getMessage());
  }

  @Test
  void refusesWhatAreNoProbabilitiesOfItsImages() {
    InceptionScore score = new InceptionScore(4, 2).add(0, new float[] {1, 0}, 1);
    assertMessage("3 classes; expected 2 as before", () -> score.add(3, new float[] {1, 0, 0}, 1));
    assertMessage("3 probabilities do not make 2 images", () -> score.add(2, new float[3], 2));
    assertMessage(
        "2 images from 3 on; expected some of 4", () -> score.add(3, new float[] {1, 0, 1, 0}, 2));
    assertMessage(
        "1 images from -1 on; expected some of 4", () -> score.add(-1, new float[] {1, 0}, 1));
    assertMessage(
        "image 3 has the probability -0.5; expected 0 to 1",
        () -> score.add(2, new float[] {1, 0, -0.5f, 1.5f}, 2));
    assertMessage(
        "image 2 has the probability NaN; expected 0 to 1",
        () -> score.add(2, new float[] {Float.NaN, 1}, 1));
    assertMessage(
        "the probabilities of image 2 sum to 3.5; expected 1",
        () -> score.add(2, new float[] {3, 0.5f}, 1));
    assertMessage(
        "score of 5 images in 2 parts; expected 4 in 2",
        () -> score.merge(new InceptionScore(5, 2)));
    assertMessage(
        "3 classes; expected 2 as before",
        () -> score.merge(new InceptionScore(4, 2).add(2, new float[] {1, 0, 0}, 1)));
    assertMessage(
        "9 images in 10 parts; expected at least one part and one image each",
        () -> new InceptionScore(9, 10));
    score.add(1, new float[] {1, 0, 1, 0, 1, 0}, 3);
    assertEquals(new InceptionScore.Result(1, 0), score.result());
  }

  private static void assertMessage(String message, Runnable call) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, call::run).getMessage());
  }

  private static float[] probabilities(int images, long seed) {
    Random random = new Random(seed);
    float[] values = new float[images * CLASSES];
    for (int i = 0; i < images; i++) {
      double[] row = random.doubles(CLASSES).map(u -> Math.exp(4 * u)).toArray();
      row[random.nextInt(CLASSES)] = 0;
      double sum = Arrays.stream(row).sum();
      for (int c = 0; c < CLASSES; c++) {
        values[i * CLASSES + c] = (float) (row[c] / sum);
      }
    }
    return values;
  }

  private static InceptionScore copy(InceptionScore score) throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(score);
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      return (InceptionScore) in.readObject();
    }
  }
}
