package dev.ect.model.network;

import dev.ect.model.engine.Tensor;

/**
 * A residual block with an optional change of resolution before its first convolution and optional
 * self-attention after its second.
 */
final class UNetBlock {
  private final String name;
  private final int number;
  private final int in;
  private final int out;
  private final Resampling resampling;
  private final boolean projectsSkip;
  private final int heads;
  private final double dropout;
  private final UNetSettings settings;

  /**
   * Registers the block's parameters.
   *
   * @param number of the block in the network; addresses its dropout mask
   */
  UNetBlock(
      String name,
      int number,
      int in,
      int out,
      Resampling resampling,
      boolean attention,
      NetworkSpec spec,
      UNetSettings settings,
      ParameterList parameters) {
    this.name = name;
    this.number = number;
    this.in = in;
    this.out = out;
    this.resampling = resampling;
    this.projectsSkip = in != out || (resampling != Resampling.NONE && settings.projectResampled());
    this.heads = attention ? settings.heads(out) : 0;
    this.dropout = spec.dropout();
    this.settings = settings;
    if (heads > 0 && out % heads != 0) {
      throw new IllegalArgumentException(
          "network: "
              + name
              + " has "
              + out
              + " channels, which do not divide into "
              + heads
              + " attention heads");
    }
    parameters.norm(name + ".norm0", in);
    parameters.conv(name + ".conv0", in, out, 3, settings.init());
    parameters.linear(
        name + ".affine",
        spec.embeddingChannels(),
        settings.adaptive() ? 2 * out : out,
        true,
        settings.init());
    parameters.norm(name + ".norm1", out);
    parameters.conv(name + ".conv1", out, out, 3, settings.initLast());
    if (projectsSkip) {
      parameters.conv(name + ".skip", in, out, 1, settings.init());
    }
    if (heads > 0) {
      parameters.norm(name + ".norm2", out);
      parameters.conv(name + ".qkv", out, 3 * out, 1, settings.initAttention());
      parameters.conv(name + ".proj", out, out, 1, settings.initLast());
    }
  }

  String name() {
    return name;
  }

  int in() {
    return in;
  }

  int out() {
    return out;
  }

  Resampling resampling() {
    return resampling;
  }

  /**
   * @param x {@code [N, in, H, W]}
   * @param emb {@code [N, E]}
   * @return {@code [N, out, H', W']}, owned by the frame that is innermost at the call
   */
  Tensor forward(Pass pass, Tensor x, Tensor emb) {
    try (var frame = pass.tape().frame()) {
      Tensor h = residual(pass, x, emb);
      Tensor y = pass.then(h, pass.tape().addScaled(h, shortcut(pass, x), settings.skipScale()));
      return frame.keep(heads > 0 ? attend(pass, y) : y);
    }
  }

  private Tensor residual(Pass pass, Tensor x, Tensor emb) {
    double eps = settings.eps();
    Tensor h = pass.norm(name + ".norm0", x, null, eps, true);
    h = pass.then(h, resampling.apply(pass.tape(), h, settings.filter()));
    h = pass.then(h, pass.conv(name + ".conv0", h, 1));
    Tensor p = pass.linear(name + ".affine", emb);
    if (settings.adaptive()) {
      h = pass.then(h, pass.norm(name + ".norm1", h, p, eps, true));
    } else {
      h = pass.then(h, pass.tape().addChannels(h, p));
      h = pass.then(h, pass.norm(name + ".norm1", h, null, eps, true));
    }
    if (pass.dropout() != null && dropout > 0) {
      h = pass.then(h, pass.tape().dropout(h, pass.dropout().mask(number, dropout, h.shape())));
    }
    return pass.then(h, pass.conv(name + ".conv1", h, 1));
  }

  private Tensor shortcut(Pass pass, Tensor x) {
    Tensor s = resampling.apply(pass.tape(), x, settings.filter());
    return projectsSkip ? pass.then(s, pass.conv(name + ".skip", s, 0)) : s;
  }

  private Tensor attend(Pass pass, Tensor x) {
    Tensor a = pass.norm(name + ".norm2", x, null, settings.eps(), false);
    a = pass.then(a, pass.conv(name + ".qkv", a, 0));
    a = pass.then(a, pass.tape().attention(a, heads));
    a = pass.then(a, pass.conv(name + ".proj", a, 0));
    return pass.tape().addScaled(a, x, settings.skipScale());
  }
}
