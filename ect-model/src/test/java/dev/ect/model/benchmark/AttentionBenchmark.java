package dev.ect.model.benchmark;

import dev.ect.model.engine.Engine;
import dev.ect.model.engine.Result;
import dev.ect.model.engine.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** Self-attention with one head, as in CIFAR-10's network. */
public class AttentionBenchmark extends KernelState {
  @Param("16")
  int side;

  @Param("256")
  int channels;

  private Tensor qkv;
  private Tensor gy;
  private Result forward;

  @Override
  void prepare(Engine on) {
    qkv = random(BATCH, 3L * channels, side, side);
    gy = random(BATCH, channels, side, side);
    forward = keep(on.attention(qkv, 1, true));
  }

  /** {@link Engine#attention}. */
  @Benchmark
  public void attention() {
    done(engine().attention(qkv, 1, true));
  }

  /** {@link Engine#attentionBackward}. */
  @Benchmark
  public void attentionBackward() {
    done(engine().attentionBackward(gy, qkv, 1, forward));
  }
}
