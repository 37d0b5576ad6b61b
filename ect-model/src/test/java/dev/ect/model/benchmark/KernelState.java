package dev.ect.model.benchmark;

import dev.ect.model.engine.Engine;
import dev.ect.model.engine.EngineOptions;
import dev.ect.model.engine.Engines;
import dev.ect.model.engine.Precision;
import dev.ect.model.engine.Result;
import dev.ect.model.engine.Tensor;
import dev.ect.model.random.Philox;
import dev.ect.model.random.Purpose;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** An engine, and random tensors that live as long as the benchmark of one kernel. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(1)
public abstract class KernelState {
  /** Images at a time. */
  static final int BATCH = 8;

  /** Engine and number format; {@link KernelBenchmarks} sets those that are of use here. */
  @Param("nd4j float32")
  String engine;

  private final List<Tensor> tensors = new ArrayList<>();
  private Engine opened;

  /** {@code torch bfloat16} and its like. */
  static Engine open(String engine) {
    int space = engine.indexOf(' ');
    Precision precision = Precision.of(engine.substring(space + 1));
    return Engines.open(
        engine.substring(0, space), EngineOptions.defaults().withPrecision(precision));
  }

  /** Opens the engine and makes the tensors. */
  @Setup
  public final void setUp() {
    opened = open(engine);
    prepare(opened);
  }

  /** Makes the tensors with {@link #random} and {@link #keep}. */
  abstract void prepare(Engine on);

  /** Closes everything. */
  @TearDown
  public final void tearDown() {
    tensors.forEach(Tensor::close);
    opened.close();
  }

  final Engine engine() {
    return opened;
  }

  /** Normally distributed values. */
  final Tensor random(long... shape) {
    int size = 1;
    for (long axis : shape) {
      size *= (int) axis;
    }
    float[] values = new Philox(tensors.size(), Purpose.SYNTHESIS, 0, 0).gaussians(size);
    return keep(opened.create(FloatBuffer.wrap(values), shape));
  }

  /** What a kernel has made for its backward. */
  final Result keep(Result result) {
    keep(result.output());
    result.saved().forEach(this::keep);
    return result;
  }

  final Tensor keep(Tensor tensor) {
    tensors.add(tensor);
    return tensor;
  }

  /** Ends a kernel: waits for it, and frees what it made. */
  final void done(Tensor... made) {
    opened.synchronize();
    for (Tensor each : made) {
      if (each != null) {
        each.close();
      }
    }
  }

  /** {@link #done(Tensor...)} for a result. */
  final void done(Result made) {
    done(made.output());
    made.saved().forEach(Tensor::close);
  }
}
