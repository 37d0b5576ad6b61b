package dev.ect.model.engine;

import java.util.Arrays;
import java.util.Random;

/** Convolution, norm, attention, dropout and resampling with all parameters in one flat vector. */
final class MiniNetwork implements AutoCloseable {
  private static final int CHANNELS = 12;
  private static final int BATCH = 3;
  private static final double[] FILTER = {1, 3, 3, 1};

  private final Engine engine;
  private final Tensor[] state = new Tensor[5];
  private final Tensor noise;
  private final Parameter[] parameters;

  MiniNetwork(Engine engine) {
    this.engine = engine;
    long[][] shapes = {
      {CHANNELS, 3, 3, 3},
      {CHANNELS},
      {CHANNELS},
      {CHANNELS},
      {3 * CHANNELS, CHANNELS, 1, 1},
      {3, 2 * CHANNELS, 3, 3},
      {CHANNELS, 4}
    };
    int size = 0;
    for (long[] shape : shapes) {
      size += (int) KernelShapes.elements(shape);
    }
    Random random = new Random(11);
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) random.nextGaussian() / 4;
    }
    state[0] = engine.create(values, size);
    for (int i = 1; i < state.length; i++) {
      state[i] = engine.zeros(size);
    }
    parameters = new Parameter[shapes.length];
    long offset = 0;
    for (int i = 0; i < shapes.length; i++) {
      Tensor w = engine.view(state[0], offset, shapes[i]);
      parameters[i] = new Parameter("p" + i, w, engine.view(state[1], offset, shapes[i]));
      offset += w.elements();
    }
    noise = engine.create(Arrays.copyOf(values, BATCH * 4), BATCH, 4);
  }

  /** Forward, backward and update on images that depend on the step. */
  void step(int step) {
    float[] pixels = new float[BATCH * 3 * 8 * 8];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (float) Math.sin(0.1 * i * (1 + step % 7));
    }
    engine.clear(state[1]);
    try (Tensor x = engine.create(pixels, BATCH, 3, 8, 8);
        Tape tape = Tape.recording(engine)) {
      Tensor y = forward(tape, x, step);
      try (Tensor gy = engine.addScaled(y, x, 0.5)) {
        tape.backward(y, gy);
      }
    }
    engine.replaceNonFinite(state[1], 0, 1, -1);
    AdamUpdate update = new AdamUpdate(0.9, 0.99, 1e-8, 1e-3, 1);
    engine.adamUpdate(state[0], state[1], state[2], state[3], update);
    engine.movingAverage(state[4], state[0], 0.9);
  }

  private Tensor forward(Tape tape, Tensor x, int step) {
    Tensor h = tape.conv2d(x, parameters[0], parameters[1], 1);
    Tensor embedding = tape.silu(tape.linear(noise, parameters[6], null));
    Tensor shifted = tape.addChannels(h, embedding);
    Tensor normed =
        tape.groupNorm(shifted, parameters[2], parameters[3], null, new GroupNorm(3, 1e-5, true));
    long[] keys = {step, step + 1000L, step + 2000L};
    try (Tensor mask = engine.dropoutMask(0.2, keys, normed.shape())) {
      normed = tape.dropout(normed, mask);
    }
    Tensor small = tape.downsample(normed, FILTER, 1, 1);
    Tensor attended = tape.attention(tape.conv2d(small, parameters[4], null, 0), 2);
    Tensor large = tape.upsample(tape.addScaled(attended, small, Math.sqrt(0.5)), FILTER, 1, 4);
    return tape.conv2d(tape.concatChannels(large, h), parameters[5], null, 1);
  }

  float[] weights() {
    return state[0].toArray();
  }

  @Override
  public void close() {
    for (Parameter p : parameters) {
      p.value().close();
      p.gradient().close();
    }
    for (Tensor t : state) {
      t.close();
    }
    noise.close();
  }
}
