package dev.ect.model.benchmark;

import dev.ect.model.engine.AdamUpdate;
import dev.ect.model.engine.Engine;
import dev.ect.model.engine.Tensor;
import dev.ect.model.tuning.OptimizerSpec;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** What happens to all parameters after a gradient. */
public class StateVectorBenchmark extends KernelState {
  private static final AdamUpdate UPDATE =
      OptimizerSpec.of(OptimizerSpec.Kind.RADAM, 1e-4).update(100, 0);

  @Param("16000000")
  int parameters;

  private Tensor w;
  private Tensor g;
  private Tensor m;
  private Tensor v;

  @Override
  void prepare(Engine on) {
    w = random(parameters);
    g = random(parameters);
    m = keep(on.zeros(parameters));
    v = keep(on.zeros(parameters));
  }

  /** {@link Engine#adamUpdate}. */
  @Benchmark
  public void adamUpdate() {
    engine().adamUpdate(w, g, m, v, UPDATE);
    done();
  }

  /** {@link Engine#movingAverage}. */
  @Benchmark
  public void movingAverage() {
    engine().movingAverage(m, w, 0.9999);
    done();
  }
}
