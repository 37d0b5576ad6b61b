package dev.ect.model.dataset.convert;

import dev.ect.model.dataset.ImageDecoder.Decoded;
import dev.ect.model.dataset.ImageShape;
import dev.ect.model.dataset.PillowResize;
import dev.ect.model.dataset.ResizeFilter;

/** What transforms do with images of bytes [C,H,W]. None of it changes what it is given. */
final class Planes {
  private Planes() {}

  /** Three equal channels of a grey image; others stay. */
  static Decoded toRgb(Decoded image) {
    if (image.shape().channels() == 3) {
      return image;
    }
    int plane = image.pixels().length;
    byte[] pixels = new byte[3 * plane];
    for (int channel = 0; channel < 3; channel++) {
      System.arraycopy(image.pixels(), 0, pixels, channel * plane, plane);
    }
    return new Decoded(new ImageShape(3, image.shape().height(), image.shape().width()), pixels);
  }

  static Decoded crop(Decoded image, int top, int left, int height, int width) {
    ImageShape from = image.shape();
    ImageShape to = new ImageShape(from.channels(), height, width);
    if (to.equals(from)) {
      return image;
    }
    byte[] pixels = new byte[to.size()];
    copy(image.pixels(), from, top, left, pixels, to, 0, 0, height, width);
    return new Decoded(to, pixels);
  }

  /** The image in the middle of a black one. */
  static Decoded centred(Decoded image, int height, int width) {
    ImageShape from = image.shape();
    ImageShape to = new ImageShape(from.channels(), height, width);
    byte[] pixels = new byte[to.size()];
    int top = (height - from.height()) / 2;
    int left = (width - from.width()) / 2;
    copy(image.pixels(), from, 0, 0, pixels, to, top, left, from.height(), from.width());
    return new Decoded(to, pixels);
  }

  static Decoded resize(Decoded image, int height, int width, ResizeFilter filter) {
    if (image.shape().height() == height && image.shape().width() == width) {
      return image;
    }
    PillowResize resize = new PillowResize(image.shape(), height, width, filter);
    return new Decoded(resize.shape(), resize.resize(image.pixels()));
  }

  private static void copy(
      byte[] in,
      ImageShape from,
      int top,
      int left,
      byte[] out,
      ImageShape to,
      int toTop,
      int toLeft,
      int height,
      int width) {
    for (int channel = 0; channel < from.channels(); channel++) {
      for (int y = 0; y < height; y++) {
        System.arraycopy(
            in,
            (channel * from.height() + top + y) * from.width() + left,
            out,
            (channel * to.height() + toTop + y) * to.width() + toLeft,
            width);
      }
    }
  }
}
