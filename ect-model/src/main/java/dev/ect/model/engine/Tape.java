package dev.ect.model.engine;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/**
 * Applies kernels, and, where it records, remembers what their backward kernels need and plays them
 * backwards, freeing as it goes.
 *
 * <p>The tape owns every tensor it makes. {@link #frame()} bounds the life of intermediate results:
 * what a frame does not {@link Frame#keep keep} is freed at its end, unless a recorded kernel still
 * needs it. {@link #close()} frees the rest.
 *
 * <pre>{@code
 * try (Tape tape = Tape.recording(engine)) {
 *   Tensor y = network.forward(tape, ...);
 *   tape.backward(y, gy); // adds into the parameters' gradients
 * }
 * }</pre>
 */
public final class Tape implements AutoCloseable {
  private interface Backward {
    void run(Tensor gy);
  }

  /**
   * @param parameters those that no earlier step uses: playing backwards, this is their last use
   */
  private record Step(
      Tensor output, Tensor[] saved, List<Parameter> parameters, Backward backward) {
    void release() {
      for (Tensor t : saved) {
        t.close();
      }
    }
  }

  private final Engine engine;
  private final boolean recording;
  private final Deque<Step> steps = new ArrayDeque<>();
  private final Set<Tensor> tracked = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Set<Parameter> used = new HashSet<>();
  private final IdentityHashMap<Tensor, Tensor> gradients = new IdentityHashMap<>();
  private Frame frame = new Frame(null);

  private Tape(Engine engine, boolean recording) {
    this.engine = engine;
    this.recording = recording;
  }

  /** A tape that can play backwards. */
  public static Tape recording(Engine engine) {
    return new Tape(engine, true);
  }

  /** A tape that only applies kernels and keeps nothing. */
  public static Tape inference(Engine engine) {
    return new Tape(engine, false);
  }

  public Engine engine() {
    return engine;
  }

  // ---- ownership ----

  /** Opens a frame; tensors made until it is closed belong to it. Frames nest. */
  public Frame frame() {
    frame = new Frame(frame);
    return frame;
  }

  /** Bounds the life of the tensors made while it is the innermost one. */
  public final class Frame implements AutoCloseable {
    private final Frame outer;
    private final List<Tensor> owned = new ArrayList<>();

    private Frame(Frame outer) {
      this.outer = outer;
    }

    /**
     * Hands a tensor on to the surrounding frame.
     *
     * @return the tensor
     */
    public Tensor keep(Tensor t) {
      if (remove(t)) {
        outer.owned.add(t);
      }
      return t;
    }

    private boolean remove(Tensor t) {
      for (int i = owned.size() - 1; i >= 0; i--) {
        if (owned.get(i) == t) {
          owned.remove(i);
          return true;
        }
      }
      return false;
    }

    @Override
    public void close() {
      owned.forEach(Tensor::close);
      owned.clear();
      frame = outer;
    }
  }

  /** Makes the tape the owner of a tensor that was made without it. */
  public Tensor own(Tensor t) {
    frame.owned.add(t);
    return t;
  }

  /**
   * Says that the caller needs a tensor of the innermost frame no more; tensors of other owners are
   * left alone.
   */
  public void release(Tensor t) {
    if (frame.remove(t)) {
      t.close();
    }
  }

  /**
   * Makes the caller the owner of a tensor, beyond the tape's life.
   *
   * @return the tensor
   */
  public Tensor detach(Tensor t) {
    return frame.remove(t) ? t : t.retain();
  }

  // ---- differentiation ----

  /**
   * Asks for the gradient of a tensor that was not made by this tape.
   *
   * @return the tensor
   */
  public Tensor watch(Tensor x) {
    tracked.add(x);
    return x;
  }

  /**
   * Plays the tape backwards and empties it.
   *
   * @param y a tensor made by this tape
   * @param gy the gradient of y; stays the caller's
   */
  public void backward(Tensor y, Tensor gy) {
    backward(y, gy, BackwardListener.NONE);
  }

  /**
   * Plays the tape backwards and empties it, telling as early as possible which parameters'
   * gradients are complete; otherwise as {@link #backward(Tensor, Tensor)}.
   */
  public void backward(Tensor y, Tensor gy, BackwardListener listener) {
    if (!recording) {
      throw new IllegalStateException("this tape does not record; use Tape.recording");
    }
    KernelShapes.same("backward", y, gy);
    give(y, gy.retain());
    listener.begin(Set.copyOf(used));
    while (!steps.isEmpty()) {
      Step step = steps.removeLast();
      try (Tensor g = gradients.remove(step.output)) {
        if (g != null) {
          step.backward.run(g);
        }
      } finally {
        step.release();
      }
      step.parameters.forEach(listener::complete);
    }
    used.clear();
  }

  /**
   * The gradient of a watched tensor, after {@link #backward}. The caller owns it; each gradient is
   * given once.
   *
   * @return null if none reached the tensor
   */
  public Tensor takeGradient(Tensor x) {
    return gradients.remove(x);
  }

  @Override
  public void close() {
    while (frame != null) {
      frame.close();
    }
    steps.forEach(Step::release);
    steps.clear();
    gradients.values().forEach(Tensor::close);
    gradients.clear();
  }

  private boolean tracked(Tensor x) {
    return recording && tracked.contains(x);
  }

  private boolean trained(Parameter p) {
    return recording && p != null && p.gradient() != null;
  }

  /** Remembers how the gradient of y becomes those of its inputs. */
  private void record(Tensor y, Backward backward, Tensor... saved) {
    record(y, List.of(), backward, saved);
  }

  /**
   * Remembers how the gradient of y becomes those of its inputs and parameters.
   *
   * @param parameters may hold nulls
   */
  private void record(Tensor y, List<Parameter> parameters, Backward backward, Tensor... saved) {
    for (Tensor t : saved) {
      t.retain();
    }
    tracked.add(y);
    List<Parameter> first = parameters.stream().filter(p -> trained(p) && used.add(p)).toList();
    steps.add(new Step(y, saved, first, backward));
  }

  /** Adds g, which it takes over, to the gradient of x. */
  private void give(Tensor x, Tensor g) {
    if (!tracked(x)) {
      g.close();
      return;
    }
    Tensor sum = gradients.get(x);
    if (sum == null) {
      gradients.put(x, g);
      return;
    }
    try (g) {
      if (sum.isShared()) {
        gradients.put(x, engine.addScaled(sum, g, 1));
        sum.close();
      } else {
        engine.accumulate(sum, 1, g);
      }
    }
  }

  private static Tensor value(Parameter p) {
    return p == null ? null : p.value();
  }

  private static Tensor gradient(Parameter p) {
    return p == null ? null : p.gradient();
  }

  // ---- kernels; shapes and formulas are those of Engine ----

  /** {@link Engine#conv2d}; b may be null. */
  public Tensor conv2d(Tensor x, Parameter w, Parameter b, int padding) {
    Tensor y = own(engine.conv2d(x, w.value(), value(b), padding));
    if (tracked(x) || trained(w) || trained(b)) {
      record(
          y,
          Arrays.asList(w, b),
          gy -> {
            Tensor gx =
                engine.conv2dBackward(
                    gy, x, w.value(), padding, tracked(x), w.gradient(), gradient(b));
            if (gx != null) {
              give(x, gx);
            }
          },
          x);
    }
    return y;
  }

  /** {@link Engine#linear}; b may be null. */
  public Tensor linear(Tensor x, Parameter w, Parameter b) {
    Tensor y = own(engine.linear(x, w.value(), value(b)));
    if (tracked(x) || trained(w) || trained(b)) {
      record(
          y,
          Arrays.asList(w, b),
          gy -> {
            Tensor gx =
                engine.linearBackward(gy, x, w.value(), tracked(x), w.gradient(), gradient(b));
            if (gx != null) {
              give(x, gx);
            }
          },
          x);
    }
    return y;
  }

  /** {@link Engine#groupNorm}; scaleShift may be null. */
  public Tensor groupNorm(
      Tensor x, Parameter gamma, Parameter beta, Tensor scaleShift, GroupNorm norm) {
    boolean save =
        tracked(x)
            || trained(gamma)
            || trained(beta)
            || (scaleShift != null && tracked(scaleShift));
    Result forward = engine.groupNorm(x, gamma.value(), beta.value(), scaleShift, norm, save);
    Tensor y = own(forward.output());
    if (save) {
      List<Tensor> saved = new ArrayList<>(forward.saved());
      saved.add(x);
      if (scaleShift != null) {
        saved.add(scaleShift);
      }
      record(
          y,
          List.of(gamma, beta),
          gy -> {
            Tensor[] g =
                engine.groupNormBackward(
                    gy,
                    x,
                    gamma.value(),
                    beta.value(),
                    scaleShift,
                    norm,
                    forward,
                    gamma.gradient(),
                    beta.gradient());
            give(x, g[0]);
            if (scaleShift != null) {
              give(scaleShift, g[1]);
            }
          },
          saved.toArray(Tensor[]::new));
    }
    forward.saved().forEach(Tensor::close);
    return y;
  }

  /** {@link Engine#silu}. */
  public Tensor silu(Tensor x) {
    Tensor y = own(engine.silu(x));
    if (tracked(x)) {
      record(y, gy -> give(x, engine.siluBackward(gy, x)), x);
    }
    return y;
  }

  /** {@link Engine#addChannels}. */
  public Tensor addChannels(Tensor x, Tensor p) {
    Tensor y = own(engine.addChannels(x, p));
    if (tracked(x) || tracked(p)) {
      record(
          y,
          gy -> {
            if (tracked(p)) {
              give(p, engine.sumChannels(gy));
            }
            give(x, gy.retain());
          });
    }
    return y;
  }

  /** The product with a mask, which is a constant; see {@link Engine#dropoutMask}. */
  public Tensor dropout(Tensor x, Tensor mask) {
    Tensor y = own(engine.multiply(x, mask));
    if (tracked(x)) {
      record(y, gy -> give(x, engine.multiply(gy, mask)), mask);
    }
    return y;
  }

  /** {@link Engine#downsample}. */
  public Tensor downsample(Tensor x, double[] filter, int padding, double gain) {
    Tensor y = own(engine.downsample(x, filter, padding, gain));
    if (tracked(x)) {
      record(y, gy -> give(x, engine.upsample(gy, filter, padding, gain)));
    }
    return y;
  }

  /** {@link Engine#upsample}. */
  public Tensor upsample(Tensor x, double[] filter, int padding, double gain) {
    Tensor y = own(engine.upsample(x, filter, padding, gain));
    if (tracked(x)) {
      record(y, gy -> give(x, engine.downsample(gy, filter, padding, gain)));
    }
    return y;
  }

  /** {@link Engine#attention}. */
  public Tensor attention(Tensor qkv, int heads) {
    Result forward = engine.attention(qkv, heads, tracked(qkv));
    Tensor y = own(forward.output());
    if (tracked(qkv)) {
      List<Tensor> saved = new ArrayList<>(forward.saved());
      saved.add(qkv);
      record(
          y,
          gy -> give(qkv, engine.attentionBackward(gy, qkv, heads, forward)),
          saved.toArray(Tensor[]::new));
    }
    forward.saved().forEach(Tensor::close);
    return y;
  }

  /** {@link Engine#concatChannels}. */
  public Tensor concatChannels(Tensor a, Tensor b) {
    Tensor y = own(engine.concatChannels(a, b));
    if (tracked(a) || tracked(b)) {
      long split = a.size(1);
      long end = y.size(1);
      record(
          y,
          gy -> {
            if (tracked(a)) {
              give(a, engine.sliceChannels(gy, 0, split));
            }
            if (tracked(b)) {
              give(b, engine.sliceChannels(gy, split, end));
            }
          });
    }
    return y;
  }

  /** {@link Engine#addScaled}. */
  public Tensor addScaled(Tensor a, Tensor b, double scale) {
    Tensor y = own(engine.addScaled(a, b, scale));
    if (tracked(a) || tracked(b)) {
      record(
          y,
          gy -> {
            Tensor g = scale == 1 ? gy.retain() : engine.scale(gy, scale);
            give(a, g.retain());
            give(b, g);
          });
    }
    return y;
  }

  /** {@link Engine#combine}; y may be null. */
  public Tensor combine(Tensor x, double[] a, Tensor y, double[] b) {
    Tensor z = own(engine.combine(x, a, y, b));
    if (tracked(x) || (y != null && tracked(y))) {
      record(
          z,
          gz -> {
            if (tracked(x)) {
              give(x, engine.combine(gz, a, null, null));
            }
            if (y != null && tracked(y)) {
              give(y, engine.combine(gz, b, null, null));
            }
          });
    }
    return z;
  }
}
