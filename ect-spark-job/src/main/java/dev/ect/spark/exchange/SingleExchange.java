package dev.ect.spark.exchange;

import dev.ect.model.engine.Tensor;

/** One replica, which agrees with itself. */
public final class SingleExchange implements GradientExchange {
  @Override
  public int rank() {
    return 0;
  }

  @Override
  public int world() {
    return 1;
  }

  @Override
  public void average(Tensor gradient) {
    // The only share is the whole.
  }

  @Override
  public boolean any(boolean mine) {
    return mine;
  }

  @Override
  public void abort(String reason) {
    // Nobody waits.
  }

  @Override
  public void close() {
    // Nothing is held.
  }
}
