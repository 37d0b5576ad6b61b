package dev.ect.model.network;

import dev.ect.model.random.Philox;
import dev.ect.model.random.Purpose;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Gathers the tensors of a network while it is built, in PyTorch's order of registration, each with
 * the way its first values are drawn.
 */
final class ParameterList {
  private final Map<String, long[]> shapes = new LinkedHashMap<>();
  private final List<Initialisation.Draw> draws = new ArrayList<>();

  void add(String name, Initialisation.Draw draw, long... shape) {
    shapes.put(name, shape);
    draws.add(draw);
  }

  /** A square convolution with bias. */
  void conv(String name, int in, int out, int kernel, Initialisation init) {
    long fanIn = (long) in * kernel * kernel;
    long fanOut = (long) out * kernel * kernel;
    add(name + ".weight", init.weight(fanIn, fanOut), out, in, kernel, kernel);
    add(name + ".bias", init.bias(fanIn, fanOut), out);
  }

  void linear(String name, int in, int out, boolean bias, Initialisation init) {
    add(name + ".weight", init.weight(in, out), out, in);
    if (bias) {
      add(name + ".bias", init.bias(in, out), out);
    }
  }

  /**
   * @throws IllegalArgumentException if the channels do not divide into groups
   */
  void norm(String name, int channels) {
    if (channels % Pass.groups(channels) != 0) {
      throw new IllegalArgumentException(
          "network: "
              + name
              + " has "
              + channels
              + " channels, which do not divide into "
              + Pass.groups(channels)
              + " groups; choose model_channels and channel_mult so that widths above 128 are multiples of 32");
    }
    add(name + ".weight", Initialisation.constant(1), channels);
    add(name + ".bias", Initialisation.constant(0), channels);
  }

  ParameterLayout layout() {
    return new ParameterLayout(shapes);
  }

  /**
   * Draws each tensor from a stream of its own.
   *
   * @param kind tells the streams of several lists apart
   */
  float[] draw(long seed, int kind) {
    List<ParameterLayout.Entry> entries = layout().entries();
    ParameterLayout.Entry last = entries.isEmpty() ? null : entries.get(entries.size() - 1);
    float[] values = new float[last == null ? 0 : Math.toIntExact(last.offset() + last.elements())];
    for (int i = 0; i < entries.size(); i++) {
      ParameterLayout.Entry e = entries.get(i);
      Philox stream = new Philox(seed, Purpose.INITIALISATION, kind, i);
      draws.get(i).fill(stream, values, Math.toIntExact(e.offset()), Math.toIntExact(e.elements()));
    }
    return values;
  }
}
