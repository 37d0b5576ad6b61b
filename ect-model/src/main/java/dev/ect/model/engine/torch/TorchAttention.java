package dev.ect.model.engine.torch;

import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Self-attention in float32, slab by slab of images and heads, so that the weights {@code [slab, T,
 * T]} never fill the memory.
 */
final class TorchAttention {
  /** Weights that may exist at a time, and that may be saved. */
  private static final long SLAB = 1L << 24;

  /** {@code [N*heads, C/heads, 3, T]}, float32. */
  private final Tensor qkv;

  private final long planes;
  private final long width;
  private final long positions;
  private final double scale;

  /**
   * @param qkv as {@link dev.ect.model.engine.Engine#attention} has it
   */
  TorchAttention(Tensor qkv, int heads) {
    planes = qkv.size(0) * heads;
    width = qkv.size(1) / (3L * heads);
    positions = qkv.size(2) * qkv.size(3);
    scale = 1 / Math.sqrt((double) width);
    this.qkv = Native.asFloat(qkv).view(planes, width, 3, positions);
  }

  /**
   * Whether the weights of all images and heads are few enough to be kept from forward to backward.
   */
  boolean savesWeights() {
    return planes * positions * positions <= SLAB;
  }

  /** {@code [N*heads, T, T]}: the weights of all images and heads. */
  Tensor weights() {
    return weights(0, planes);
  }

  /**
   * @param weights {@link #weights()}, or null to compute them slab by slab
   * @return {@code [N*heads, C/heads, T]}, float32
   */
  Tensor forward(Tensor weights) {
    Tensor y = empty(planes, width, positions);
    for (long from = 0; from < planes; from += slab()) {
      long count = Math.min(slab(), planes - from);
      try (Scope slab = new Scope()) {
        Tensor w = weights(weights, from, count);
        torch.bmm_out(y.narrow(0, from, count), part(2, from, count), w.transpose(1, 2));
      }
    }
    return y;
  }

  /**
   * @param gy {@code [N, C, H, W]}, float32
   * @param weights as in {@link #forward}
   * @return the gradient of qkv: {@code [N*heads, C/heads, 3, T]}, float32
   */
  Tensor backward(Tensor gy, Tensor weights) {
    Tensor g = empty(planes, width, 3, positions);
    Tensor outputs = gy.view(planes, width, positions);
    for (long from = 0; from < planes; from += slab()) {
      long count = Math.min(slab(), planes - from);
      try (Scope slab = new Scope()) {
        Tensor w = weights(weights, from, count);
        Tensor out = outputs.narrow(0, from, count);
        Tensor gq = g.narrow(0, from, count).select(2, 0);
        Tensor gk = g.narrow(0, from, count).select(2, 1);
        g.narrow(0, from, count).select(2, 2).copy_(torch.bmm(out, w));
        // softmax: ds = w * (dw - sum(dw * w))
        Tensor ds = torch.bmm(out.transpose(1, 2), part(2, from, count));
        ds.mul_(w);
        Tensor sums = torch.sum(ds, new long[] {2}, true, new ScalarTypeOptional());
        ds.addcmul_(w, sums, new Scalar(-1.0));
        ds.mul_(new Scalar(scale));
        gq.copy_(torch.bmm(part(1, from, count), ds.transpose(1, 2)));
        gk.copy_(torch.bmm(part(0, from, count), ds));
      }
    }
    return g;
  }

  private long slab() {
    return Math.max(1, SLAB / (positions * positions));
  }

  private Tensor weights(Tensor all, long from, long count) {
    return all == null ? weights(from, count) : all.narrow(0, from, count);
  }

  private Tensor weights(long from, long count) {
    Tensor products = torch.bmm(part(0, from, count).transpose(1, 2), part(1, from, count));
    products.mul_(new Scalar(scale));
    return torch.softmax(products, 2);
  }

  /** {@code [count, C/heads, T]}: 0 queries, 1 keys, 2 values. */
  private Tensor part(int which, long from, long count) {
    return qkv.narrow(0, from, count).select(2, which);
  }

  private Tensor empty(long... shape) {
    return torch.empty(shape, qkv.options(), new MemoryFormatOptional());
  }
}
