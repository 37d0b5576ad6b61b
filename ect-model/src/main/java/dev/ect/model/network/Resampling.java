package dev.ect.model.network;

import dev.ect.model.engine.Tape;
import dev.ect.model.engine.Tensor;

/** Whether a layer changes the resolution by 2. */
enum Resampling {
  NONE,
  DOWN,
  UP;

  /** Keeps the mean brightness: the filter sums to 1, and spread over four pixels to 4. */
  Tensor apply(Tape tape, Tensor x, double[] filter) {
    int padding = (filter.length - 1) / 2;
    return switch (this) {
      case NONE -> x;
      case DOWN -> tape.downsample(x, filter, padding, 1);
      case UP -> tape.upsample(x, filter, padding, 4);
    };
  }
}
