package dev.ect.model.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.model.random.Philox;
import dev.ect.model.random.Purpose;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class RandomFeatureDistanceTest {
  private static final int COUNT = 128;
  private static final int SIZE = 32;
  private static final double FLOOR = 0.02;

  /** Of this class itself: a change means that old values can no longer be compared. */
  private static final double PINNED = 3.9421410827513763;

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void isNearZeroForTwoSetsOfTheSameKind(int channels) {
    RandomFeatureDistance distance = distanceFromData(channels);
    for (int seed = 2; seed < 6; seed++) {
      assertEquals(0, distance.of(images(seed, COUNT, channels, SIZE, SIZE)), FLOOR);
    }
  }

  @Test
  void isUnbiasedForFewImages() {
    double sum = 0;
    for (int seed = 0; seed < 40; seed++) {
      float[] some = images(100 + seed, 16, 3, SIZE, SIZE);
      float[] others = images(200 + seed, 16, 3, SIZE, SIZE);
      sum += new RandomFeatureDistance(some, 3, SIZE, SIZE).of(others);
    }
    assertEquals(0, sum / 40, FLOOR);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void isLargeForWhatTheDataIsNot(int channels) {
    RandomFeatureDistance distance = distanceFromData(channels);
    float[] data = images(2, COUNT, channels, SIZE, SIZE);
    float[] one = Arrays.copyOf(data, channels * SIZE * SIZE);
    float[] copies = new float[data.length];
    for (int i = 0; i < data.length; i++) {
      copies[i] = one[i % one.length];
    }
    assertTrue(distance.of(noise(data.length)) > 100 * FLOOR, "noise");
    assertTrue(distance.of(new float[data.length]) > 50 * FLOOR, "grey");
    assertTrue(distance.of(copies) > 20 * FLOOR, "copies of one image");
    double once = distance.of(blurred(data, SIZE, SIZE));
    double twice = distance.of(blurred(blurred(data, SIZE, SIZE), SIZE, SIZE));
    assertTrue(once > FLOOR, "blurred once: " + once);
    assertTrue(twice > 1.3 * once, "blurred twice: " + twice);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void fallsAsNoiseIsBlendedTowardsData(int channels) {
    RandomFeatureDistance distance = distanceFromData(channels);
    float[] data = images(2, COUNT, channels, SIZE, SIZE);
    float[] noise = noise(data.length);
    double before = Double.POSITIVE_INFINITY;
    for (float part = 0; part <= 1; part += 0.25f) {
      float[] blend = new float[data.length];
      for (int i = 0; i < blend.length; i++) {
        blend[i] = part * data[i] + (1 - part) * noise[i];
      }
      double now = distance.of(blend);
      assertTrue(now < before, part + ": " + now + " after " + before);
      before = now;
    }
  }

  @Test
  void seesThatColoursAreMissing() {
    float[] data = images(2, COUNT, 3, SIZE, SIZE);
    int plane = SIZE * SIZE;
    for (int i = 0; i < data.length; i += 3 * plane) {
      for (int p = i; p < i + plane; p++) {
        float mean = (data[p] + data[p + plane] + data[p + 2 * plane]) / 3;
        data[p] = mean;
        data[p + plane] = mean;
        data[p + 2 * plane] = mean;
      }
    }
    assertTrue(distanceFromData(3).of(data) > 10 * FLOOR);
  }

  @Test
  void isTheSameEveryTimeAndUpToTheOrderOfImages() {
    float[] data = images(2, COUNT, 3, SIZE, SIZE);
    double first = distanceFromData(3).of(data);
    assertEquals(first, distanceFromData(3).of(data));
    int half = data.length / 2;
    float[] swapped = Arrays.copyOfRange(data, half, half + data.length);
    System.arraycopy(data, 0, swapped, half, half);
    assertEquals(first, distanceFromData(3).of(swapped), 1e-9);
  }

  @Test
  void staysWhatItWas() {
    float[] real = images(1, 8, 3, 9, 11);
    assertEquals(
        PINNED, new RandomFeatureDistance(real, 3, 9, 11).of(noise(real.length)), 1e-6 * PINNED);
  }

  @Test
  void takesAnySizeFromEightPixels() {
    for (int[] size : new int[][] {{8, 8}, {9, 8}, {13, 21}}) {
      for (int channels : new int[] {1, 3}) {
        float[] real = images(1, 64, channels, size[0], size[1]);
        var distance = new RandomFeatureDistance(real, channels, size[0], size[1]);
        double same = distance.of(images(2, 64, channels, size[0], size[1]));
        assertEquals(0, same, 0.1);
        double noise = distance.of(noise(real.length));
        assertTrue(noise > 1, "noise: " + noise);
      }
    }
  }

  @Test
  void clampsGeneratedValues() {
    float[] data = images(2, 4, 1, SIZE, SIZE);
    float[] wide = data.clone();
    float[] clamped = data.clone();
    wide[5] = 7;
    clamped[5] = 1;
    RandomFeatureDistance distance = distanceFromData(1);
    assertEquals(distance.of(clamped), distance.of(wide));
  }

  @Test
  void isFiniteWhereAllRealImagesAreEqual() {
    var distance = new RandomFeatureDistance(new float[4 * 64], 1, 8, 8);
    assertEquals(0, distance.of(new float[4 * 64]));
    assertTrue(distance.of(noise(4 * 64)) > 0.1);
  }

  @Test
  void refusesWhatItCannotCompare() {
    RandomFeatureDistance distance = new RandomFeatureDistance(new float[2 * 64], 1, 8, 8);
    float[] broken = new float[3 * 64];
    broken[2 * 64 + 1] = Float.NaN;
    assertMessage("generated image 2 has the value NaN", () -> distance.of(broken));
    assertMessage("64 values of generated images", () -> distance.of(new float[64]));
    assertMessage("[N,1,8,8] with N at least 2", () -> distance.of(new float[130]));
    assertMessage(
        "images of 1 channels, 7x8", () -> new RandomFeatureDistance(new float[112], 1, 7, 8));
    assertMessage("images of 2 channels", () -> new RandomFeatureDistance(new float[256], 2, 8, 8));
  }

  private static void assertMessage(String part, Executable call) {
    String message = assertThrows(IllegalArgumentException.class, call).getMessage();
    assertTrue(message.contains(part), message);
  }

  private static RandomFeatureDistance distanceFromData(int channels) {
    return new RandomFeatureDistance(images(1, COUNT, channels, SIZE, SIZE), channels, SIZE, SIZE);
  }

  /**
   * Discs and squares of ten colours, of random places and sizes, on dark grounds of any colour.
   */
  private static float[] images(int seed, int count, int channels, int height, int width) {
    float[] images = new float[count * channels * height * width];
    int next = 0;
    for (int i = 0; i < count; i++) {
      Philox random = new Philox(seed, Purpose.SYNTHESIS, 0, i);
      int kind = random.nextInt(10);
      double centreX = 0.3 + 0.4 * random.nextDouble();
      double centreY = 0.3 + 0.4 * random.nextDouble();
      double radius = 0.15 + 0.2 * random.nextDouble();
      for (int c = 0; c < channels; c++) {
        double ground = -random.nextDouble();
        double colour = Math.cos(2 * Math.PI * (kind / 10.0 + c / 3.0));
        for (int y = 0; y < height; y++) {
          for (int x = 0; x < width; x++) {
            double dx = Math.abs((x + 0.5) / width - centreX);
            double dy = Math.abs((y + 0.5) / height - centreY);
            double distance = kind % 2 == 0 ? Math.hypot(dx, dy) : Math.max(dx, dy);
            images[next++] = (float) (distance < radius ? colour : ground);
          }
        }
      }
    }
    return images;
  }

  private static float[] noise(int count) {
    return new Philox(7, Purpose.NOISE, 0, 0).gaussians(count);
  }

  /** Means over 3x3 pixels, edges repeated. */
  private static float[] blurred(float[] images, int height, int width) {
    float[] out = new float[images.length];
    for (int i = 0; i < images.length; i++) {
      int x = i % width;
      int y = i / width % height;
      int plane = i - y * width - x;
      float sum = 0;
      for (int dy = -1; dy <= 1; dy++) {
        for (int dx = -1; dx <= 1; dx++) {
          int row = Math.min(Math.max(y + dy, 0), height - 1);
          int column = Math.min(Math.max(x + dx, 0), width - 1);
          sum += images[plane + row * width + column];
        }
      }
      out[i] = sum / 9;
    }
    return out;
  }
}
