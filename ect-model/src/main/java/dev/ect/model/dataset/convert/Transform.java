package dev.ect.model.dataset.convert;

import dev.ect.model.dataset.ImageDecoder.Decoded;
import dev.ect.model.dataset.ResizeFilter;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** How images of any size become images of one size. All resizing is Pillow's, bit by bit. */
public enum Transform {
  /** Resizes with Lanczos, whatever that does to the proportions. */
  NONE {
    @Override
    Decoded apply(Decoded image, Resolution to) {
      return to == null
          ? image
          : Planes.resize(image, to.height(), to.width(), ResizeFilter.LANCZOS);
    }
  },

  /** Cuts the square out of the middle, and resizes it with Lanczos. Grey becomes RGB. */
  CENTER_CROP {
    @Override
    Decoded apply(Decoded image, Resolution to) {
      int height = image.shape().height();
      int width = image.shape().width();
      int side = Math.min(height, width);
      Decoded square = Planes.crop(image, (height - side) / 2, (width - side) / 2, side, side);
      return Planes.resize(Planes.toRgb(square), to.height(), to.width(), ResizeFilter.LANCZOS);
    }
  },

  /**
   * Cuts rows off to the proportions of W x H, resizes to that with Lanczos, and puts it into the
   * middle of a black square of W. Images that are too small are skipped. Grey becomes RGB.
   */
  CENTER_CROP_WIDE {
    @Override
    Decoded apply(Decoded image, Resolution to) {
      int height = image.shape().height();
      int width = image.shape().width();
      int rows = (int) Math.rint((double) to.width() * height / width);
      if (width < to.width() || rows < to.height()) {
        return null;
      }
      Decoded wide = Planes.toRgb(Planes.crop(image, (height - rows) / 2, 0, rows, width));
      Decoded resized = Planes.resize(wide, to.height(), to.width(), ResizeFilter.LANCZOS);
      return Planes.centred(resized, to.width(), to.width());
    }
  },

  /**
   * As Dhariwal and Nichol prepare ImageNet (2021): halves with a box filter while the shorter side
   * is at least twice the target, resizes it to the target with a bicubic one, and cuts the square
   * out of the middle. Grey becomes RGB, since a part of ImageNet is grey.
   */
  CENTER_CROP_DHARIWAL {
    @Override
    Decoded apply(Decoded image, Resolution to) {
      int side = to.width();
      Decoded halved = Planes.toRgb(image);
      int height = image.shape().height();
      int width = image.shape().width();
      while (Math.min(height, width) >= 2 * side) {
        height /= 2;
        width /= 2;
        halved = Planes.resize(halved, height, width, ResizeFilter.BOX);
      }
      double scale = (double) side / Math.min(height, width);
      height = (int) Math.rint(height * scale);
      width = (int) Math.rint(width * scale);
      Decoded resized = Planes.resize(halved, height, width, ResizeFilter.BICUBIC);
      return Planes.crop(resized, (height - side) / 2, (width - side) / 2, side, side);
    }
  };

  /** All names. */
  public static final List<String> IDS = Arrays.stream(values()).map(Transform::id).toList();

  /** Its name on the command line, such as {@code center-crop-wide}. */
  public String id() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /**
   * The transform of a name.
   *
   * @throws IllegalArgumentException if there is none, with a message for the user
   */
  public static Transform of(String id) {
    return Arrays.stream(values())
        .filter(each -> each.id().equals(id))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "no transform is called "
                        + id
                        + "; expected "
                        + IDS.stream().collect(Collectors.joining(", "))));
  }

  /**
   * What is wrong with a resolution for it; empty if nothing is.
   *
   * @param to null for none
   */
  public String problemWith(Resolution to) {
    if (to == null) {
      return this == NONE ? "" : id() + " needs a resolution: WxH, such as 64x64";
    }
    if (this == CENTER_CROP_WIDE) {
      return to.height() > to.width() || !isPowerOfTwo(to.width())
          ? to
              + " does not suit "
              + id()
              + "; expected a width that is a power of two and a height"
              + " of at most that"
          : "";
    }
    return to.height() != to.width() || !isPowerOfTwo(to.width())
        ? to
            + " is no square of a power of two, as datasets are made of; expected WxH such as 64x64"
        : "";
  }

  private static boolean isPowerOfTwo(int size) {
    return Integer.bitCount(size) == 1;
  }

  /**
   * Transforms an image.
   *
   * @param to null for the image's own, where the transform allows that
   * @return null if the image is to be skipped
   */
  abstract Decoded apply(Decoded image, Resolution to);
}
