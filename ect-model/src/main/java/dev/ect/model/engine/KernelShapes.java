package dev.ect.model.engine;

import java.util.Arrays;

/**
 * Checks of kernel arguments, the same for every engine. Each check also refuses closed tensors.
 */
public final class KernelShapes {
  private KernelShapes() {}

  /**
   * @throws IllegalArgumentException unless x has {@code rank} axes
   */
  public static void rank(String kernel, Tensor x, int rank) {
    x.requireOpen();
    if (x.rank() != rank) {
      throw new IllegalArgumentException(
          kernel + ": found shape " + text(x) + "; expected " + rank + " axes");
    }
  }

  /**
   * @throws IllegalArgumentException unless x has exactly this shape
   */
  public static void shape(String kernel, String what, Tensor x, long... expected) {
    x.requireOpen();
    if (!Arrays.equals(x.shape(), expected)) {
      throw new IllegalArgumentException(
          kernel
              + ": "
              + what
              + " has shape "
              + text(x)
              + "; expected "
              + Arrays.toString(expected));
    }
  }

  /**
   * @throws IllegalArgumentException unless both have the same shape
   */
  public static void same(String kernel, Tensor a, Tensor b) {
    a.requireOpen();
    shape(kernel, "the second tensor", b, a.shape());
  }

  /** Checks {@link Engine#conv2d}'s arguments and gives the shape of its output. */
  public static long[] conv2d(Tensor x, Tensor w, Tensor b, int padding) {
    rank("conv2d", x, 4);
    rank("conv2d weight", w, 4);
    if (w.size(1) != x.size(1) || w.size(3) != w.size(2)) {
      throw new IllegalArgumentException(
          "conv2d: the weight has shape "
              + text(w)
              + "; expected [out, "
              + x.size(1)
              + ", k, k] for images "
              + text(x));
    }
    if (b != null) {
      shape("conv2d", "the bias", b, w.size(0));
    }
    long grown = 2L * padding - w.size(2) + 1;
    if (x.size(2) + grown < 1 || x.size(3) + grown < 1) {
      throw new IllegalArgumentException(
          "conv2d: images " + text(x) + " are smaller than the kernel " + text(w));
    }
    return new long[] {x.size(0), w.size(0), x.size(2) + grown, x.size(3) + grown};
  }

  /** Checks {@link Engine#linear}'s arguments and gives the shape of its output. */
  public static long[] linear(Tensor x, Tensor w, Tensor b) {
    rank("linear", x, 2);
    rank("linear weight", w, 2);
    if (w.size(1) != x.size(1)) {
      throw new IllegalArgumentException(
          "linear: the weight has shape "
              + text(w)
              + "; expected [out, "
              + x.size(1)
              + "] for rows "
              + text(x));
    }
    if (b != null) {
      shape("linear", "the bias", b, w.size(0));
    }
    return new long[] {x.size(0), w.size(0)};
  }

  /** Checks {@link Engine#groupNorm}'s arguments. */
  public static void groupNorm(
      Tensor x, Tensor gamma, Tensor beta, Tensor scaleShift, GroupNorm norm) {
    rank("groupNorm", x, 4);
    shape("groupNorm", "gamma", gamma, x.size(1));
    shape("groupNorm", "beta", beta, x.size(1));
    if (scaleShift != null) {
      shape("groupNorm", "scaleShift", scaleShift, x.size(0), 2 * x.size(1));
    }
    if (norm.groups() < 1 || x.size(1) % norm.groups() != 0) {
      throw new IllegalArgumentException(
          "groupNorm: " + x.size(1) + " channels do not divide into " + norm.groups() + " groups");
    }
  }

  /** Checks {@link Engine#attention}'s arguments and gives the shape of its output. */
  public static long[] attention(Tensor qkv, int heads) {
    rank("attention", qkv, 4);
    if (heads < 1 || qkv.size(1) % (3L * heads) != 0) {
      throw new IllegalArgumentException(
          "attention: "
              + qkv.size(1)
              + " channels do not divide into query, key and value of "
              + heads
              + " heads");
    }
    return new long[] {qkv.size(0), qkv.size(1) / 3, qkv.size(2), qkv.size(3)};
  }

  /** Checks {@link Engine#downsample}'s arguments and gives the shape of its output. */
  public static long[] downsample(Tensor x, double[] filter, int padding) {
    rank("downsample", x, 4);
    long h = x.size(2) + 2L * padding - filter.length;
    long w = x.size(3) + 2L * padding - filter.length;
    if (h < 0 || w < 0 || h % 2 != 0 || w % 2 != 0) {
      throw new IllegalArgumentException(
          "downsample: images "
              + text(x)
              + " do not halve with a filter of "
              + filter.length
              + " taps and padding "
              + padding);
    }
    return new long[] {x.size(0), x.size(1), h / 2 + 1, w / 2 + 1};
  }

  /** Checks {@link Engine#upsample}'s arguments and gives the shape of its output. */
  public static long[] upsample(Tensor x, double[] filter, int padding) {
    rank("upsample", x, 4);
    long h = 2 * (x.size(2) - 1) + filter.length - 2L * padding;
    long w = 2 * (x.size(3) - 1) + filter.length - 2L * padding;
    if (h < 1 || w < 1) {
      throw new IllegalArgumentException(
          "upsample: padding " + padding + " leaves nothing of images " + text(x));
    }
    return new long[] {x.size(0), x.size(1), h, w};
  }

  /** Checks {@link Engine#concatChannels}'s arguments and gives the shape of its output. */
  public static long[] concatChannels(Tensor a, Tensor b) {
    rank("concatChannels", a, 4);
    rank("concatChannels", b, 4);
    shape("concatChannels", "the second tensor", b, a.size(0), b.size(1), a.size(2), a.size(3));
    return new long[] {a.size(0), a.size(1) + b.size(1), a.size(2), a.size(3)};
  }

  /** Checks {@link Engine#sliceChannels}'s arguments and gives the shape of its output. */
  public static long[] sliceChannels(Tensor x, long from, long to) {
    rank("sliceChannels", x, 4);
    if (from < 0 || from >= to || to > x.size(1)) {
      throw new IllegalArgumentException(
          "sliceChannels: channels " + from + " to " + to + " of shape " + text(x));
    }
    return new long[] {x.size(0), to - from, x.size(2), x.size(3)};
  }

  /** Checks {@link Engine#combine}'s arguments. */
  public static void combine(Tensor x, double[] a, Tensor y, double[] b) {
    x.requireOpen();
    factors(a, x);
    if (y != null) {
      factors(b, y);
      same("combine", x, y);
    }
  }

  private static void factors(double[] factors, Tensor x) {
    if (factors.length != x.size(0)) {
      throw new IllegalArgumentException(
          "combine: "
              + factors.length
              + " factors for shape "
              + text(x)
              + "; expected one per image");
    }
  }

  /** Checks {@link Engine#dropoutMask}'s arguments. */
  public static void dropoutMask(long[] keys, long... shape) {
    if (shape.length == 0 || keys.length != shape[0]) {
      throw new IllegalArgumentException(
          "dropoutMask: "
              + keys.length
              + " keys for shape "
              + Arrays.toString(shape)
              + "; expected one per image");
    }
  }

  /** Checks {@link Engine#view}'s arguments. */
  public static void view(Tensor vector, long offset, long... shape) {
    rank("view", vector, 1);
    long n = elements(shape);
    if (offset < 0 || offset + n > vector.elements()) {
      throw new IllegalArgumentException(
          "view: "
              + Arrays.toString(shape)
              + " from "
              + offset
              + " reaches beyond a vector of "
              + vector.elements());
    }
  }

  /** Checks the values given to {@link Engine#create}. */
  public static void create(long values, long... shape) {
    if (values != elements(shape)) {
      throw new IllegalArgumentException(
          "create: "
              + values
              + " values for shape "
              + Arrays.toString(shape)
              + "; expected "
              + elements(shape));
    }
  }

  /** The product of the sizes. */
  public static long elements(long... shape) {
    long n = 1;
    for (long s : shape) {
      n = Math.multiplyExact(n, s);
    }
    return n;
  }

  private static String text(Tensor x) {
    return Arrays.toString(x.shape());
  }
}
