package dev.ect.model.benchmark;

import dev.ect.model.engine.Engine;
import dev.ect.model.engine.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** Convolutions of the sizes of CIFAR-10's network. */
public class ConvolutionBenchmark extends KernelState {
  @Param({"3", "1"})
  int kernel;

  @Param({"32", "16", "8"})
  int side;

  @Param({"128", "256"})
  int channels;

  private Tensor x;
  private Tensor w;
  private Tensor b;
  private Tensor gy;
  private Tensor gw;
  private Tensor gb;

  @Override
  void prepare(Engine on) {
    x = random(BATCH, channels, side, side);
    gy = random(BATCH, channels, side, side);
    w = random(channels, channels, kernel, kernel);
    b = random(channels);
    gw = random(channels, channels, kernel, kernel);
    gb = random(channels);
  }

  /** {@link Engine#conv2d}. */
  @Benchmark
  public void conv2d() {
    done(engine().conv2d(x, w, b, kernel / 2));
  }

  /** {@link Engine#conv2dBackward}, with all gradients. */
  @Benchmark
  public void conv2dBackward() {
    done(engine().conv2dBackward(gy, x, w, kernel / 2, true, gw, gb));
  }
}
