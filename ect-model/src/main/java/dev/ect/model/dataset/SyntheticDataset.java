package dev.ect.model.dataset;

import dev.ect.model.random.Philox;
import dev.ect.model.random.Purpose;
import java.util.Locale;

/**
 * Procedural images of ten classes, each a shape in a colour of its own on a dark, plain
 * background: something to learn on without downloading anything. Place, size and shade vary a
 * little; edges are soft. Image i depends on the seed, the shape and i only; its class is i mod 10.
 *
 * @param shape of every image
 * @param seed of the images
 */
public record SyntheticDataset(ImageShape shape, long seed) {
  /** Number of classes. */
  public static final int CLASSES = 10;

  /** Width of an edge, in pixels. */
  private static final double EDGE = 1.5;

  /** Largest shift along each axis, as a part of the image. */
  private static final double JITTER = 0.06;

  private static final double DIAGONAL = Math.sqrt(0.5);

  /** A shape and its colour. */
  private enum Figure {
    DISC(245, 72, 66),
    RING(70, 160, 255),
    SQUARE(70, 210, 98),
    TRIANGLE(255, 210, 63),
    CROSS(240, 92, 226),
    ROWS(52, 211, 214),
    COLUMNS(255, 140, 48),
    DIAGONALS(150, 108, 255),
    CHECKERBOARD(236, 226, 204),
    GLOW(186, 230, 66);

    private final int red;
    private final int green;
    private final int blue;

    Figure(int red, int green, int blue) {
      this.red = red;
      this.green = green;
      this.blue = blue;
    }

    int colour(int channel) {
      return channel == 0 ? red : channel == 1 ? green : blue;
    }

    /**
     * Signed distance from the figure's edge at (x, y), negative inside. The figure stands around
     * the origin; 1 is the shorter side of the image.
     *
     * @param size about 1
     */
    double distance(double x, double y, double size) {
      return switch (this) {
        case DISC -> Math.sqrt(x * x + y * y) - 0.33 * size;
        case RING -> Math.abs(Math.sqrt(x * x + y * y) - 0.29 * size) - 0.09 * size;
        case SQUARE -> Math.max(Math.abs(x), Math.abs(y)) - 0.28 * size;
        case TRIANGLE -> Math.max(0.894 * Math.abs(x) - 0.447 * y - 0.19 * size, y - 0.28 * size);
        case CROSS -> {
          double longer = Math.max(Math.abs(x), Math.abs(y)) - 0.36 * size;
          yield Math.max(longer, Math.min(Math.abs(x), Math.abs(y)) - 0.11 * size);
        }
        case ROWS -> stripe(y, size);
        case COLUMNS -> stripe(x, size);
        case DIAGONALS -> stripe((x + y) * DIAGONAL, size);
        case CHECKERBOARD -> {
          double a = stripe(x - size / 6, 5 * size / 3);
          double b = stripe(y - size / 6, 5 * size / 3);
          yield Math.max(Math.min(a, b), -Math.max(a, b));
        }
        case GLOW -> Math.sqrt(x * x + y * y);
      };
    }

    /** Stripes that repeat after four tenths of the image, one in the middle. */
    private static double stripe(double at, double size) {
      double period = 0.4 * size;
      double phase = at / period;
      return (Math.abs(phase - Math.rint(phase)) - 0.25) * period;
    }
  }

  /** Class of image i. */
  public static int classOf(int i) {
    return i % CLASSES;
  }

  /** Name of a class, for example {@code disc}. */
  public static String className(int label) {
    return Figure.values()[label].name().toLowerCase(Locale.ROOT);
  }

  /** Image i as bytes [C,H,W]. */
  public byte[] image(int i) {
    Figure figure = Figure.values()[classOf(i)];
    Philox random = new Philox(seed, Purpose.SYNTHESIS, 0, i);
    double shiftX = JITTER * (2 * random.nextDouble() - 1);
    double shiftY = JITTER * (2 * random.nextDouble() - 1);
    double size = 0.88 + 0.24 * random.nextDouble();
    double shade = 0.84 + 0.16 * random.nextDouble();
    double ground = 0.1 + 0.12 * random.nextDouble();
    double[] front = new double[3];
    double[] back = new double[3];
    for (int channel = 0; channel < 3; channel++) {
      front[channel] = shade * figure.colour(channel);
      // The background is a dark slate with a touch of the figure's colour.
      back[channel] = ground * (150 + 20 * channel + 0.4 * figure.colour(channel));
    }
    int side = Math.min(shape.height(), shape.width());
    int plane = shape.height() * shape.width();
    byte[] pixels = new byte[shape.size()];
    for (int row = 0; row < shape.height(); row++) {
      for (int column = 0; column < shape.width(); column++) {
        double x = (column + 0.5 - shape.width() / 2.0) / side - shiftX;
        double y = (row + 0.5 - shape.height() / 2.0) / side - shiftY;
        double distance = figure.distance(x, y, size);
        double cover =
            figure == Figure.GLOW
                ? StrictMath.exp(-distance * distance / (0.07 * size * size))
                : Math.min(Math.max(0.5 - distance * side / EDGE, 0), 1);
        double light = 1 - 0.15 * (y + 0.5);
        int at = row * shape.width() + column;
        if (shape.channels() == 1) {
          pixels[at] = mix(luma(front) * light, luma(back), cover);
        } else {
          for (int channel = 0; channel < 3; channel++) {
            pixels[channel * plane + at] = mix(front[channel] * light, back[channel], cover);
          }
        }
      }
    }
    return pixels;
  }

  private static double luma(double[] colour) {
    return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2];
  }

  private static byte mix(double front, double back, double cover) {
    return (byte) Math.min(Math.round(front * cover + back * (1 - cover)), 255);
  }
}
