package dev.ect.model.benchmark;

import dev.ect.model.engine.Engine;
import dev.ect.model.engine.GroupNorm;
import dev.ect.model.engine.Result;
import dev.ect.model.engine.Tensor;
import java.util.stream.LongStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** What comes between the convolutions of CIFAR-10's network. */
public class ActivationBenchmark extends KernelState {
  private static final GroupNorm NORM = new GroupNorm(32, 1e-6, true);
  private static final double DROPOUT = 0.2;

  @Param({"32", "16", "8"})
  int side;

  @Param({"128", "256"})
  int channels;

  private Tensor x;
  private Tensor gy;
  private Tensor gamma;
  private Tensor beta;
  private Tensor gGamma;
  private Tensor gBeta;
  private Result forward;
  private final long[] keys = LongStream.range(0, BATCH).toArray();

  @Override
  void prepare(Engine on) {
    x = random(BATCH, channels, side, side);
    gy = random(BATCH, channels, side, side);
    gamma = random(channels);
    beta = random(channels);
    gGamma = random(channels);
    gBeta = random(channels);
    forward = keep(on.groupNorm(x, gamma, beta, null, NORM, true));
  }

  /** {@link Engine#groupNorm} with SiLU. */
  @Benchmark
  public void groupNorm() {
    done(engine().groupNorm(x, gamma, beta, null, NORM, true));
  }

  /** {@link Engine#groupNormBackward} with SiLU. */
  @Benchmark
  public void groupNormBackward() {
    done(engine().groupNormBackward(gy, x, gamma, beta, null, NORM, forward, gGamma, gBeta));
  }

  /** {@link Engine#silu}. */
  @Benchmark
  public void silu() {
    done(engine().silu(x));
  }

  /** {@link Engine#dropoutMask}. */
  @Benchmark
  public void dropoutMask() {
    done(engine().dropoutMask(DROPOUT, keys, BATCH, channels, side, side));
  }
}
