package dev.ect.model.network;

import dev.ect.model.engine.GroupNorm;
import dev.ect.model.engine.Parameter;
import dev.ect.model.engine.Tape;
import dev.ect.model.engine.Tensor;

/**
 * One evaluation of a network: applies layers by their names.
 *
 * @param dropout masks, or null for none
 */
record Pass(Tape tape, Weights weights, Dropout dropout) {
  /** Number of groups of a group normalisation: at most 32, of at least 4 channels. */
  static int groups(int channels) {
    return Math.min(32, channels / 4);
  }

  Tensor conv(String name, Tensor x, int padding) {
    return tape.conv2d(x, weights.get(name + ".weight"), weights.get(name + ".bias"), padding);
  }

  Tensor linear(String name, Tensor x) {
    Parameter bias = weights.layout().contains(name + ".bias") ? weights.get(name + ".bias") : null;
    return tape.linear(x, weights.get(name + ".weight"), bias);
  }

  /** {@code silu(norm(x) * (scale + 1) + shift)}, all of it optional but the norm. */
  Tensor norm(String name, Tensor x, Tensor scaleShift, double eps, boolean silu) {
    GroupNorm norm = new GroupNorm(groups(Math.toIntExact(x.size(1))), eps, silu);
    return tape.groupNorm(
        x, weights.get(name + ".weight"), weights.get(name + ".bias"), scaleShift, norm);
  }

  /** The next one of a chain; the one before is not needed any more. */
  Tensor then(Tensor before, Tensor next) {
    if (before != next) {
      tape.release(before);
    }
    return next;
  }
}
