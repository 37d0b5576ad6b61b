package dev.ect.model.engine;

import java.nio.FloatBuffer;

/** Doubles in a Java array; a view shares its vector's array. */
final class ReferenceTensor extends Tensor {
  final ReferenceEngine engine;
  final double[] data;
  final int offset;
  private final ReferenceTensor vector;

  ReferenceTensor(ReferenceEngine engine, long... shape) {
    super(shape);
    this.engine = engine;
    data = new double[Math.toIntExact(KernelShapes.elements(shape))];
    offset = 0;
    vector = null;
    engine.opened();
  }

  ReferenceTensor(ReferenceTensor vector, int offset, long... shape) {
    super(shape);
    this.engine = vector.engine;
    this.data = vector.data;
    this.offset = vector.offset + offset;
    this.vector = vector;
    vector.retain();
    engine.opened();
  }

  int count() {
    return Math.toIntExact(elements());
  }

  /** One axis' size as an int. */
  int dim(int axis) {
    return Math.toIntExact(size(axis));
  }

  double get(int i) {
    return data[offset + i];
  }

  void set(int i, double value) {
    data[offset + i] = value;
  }

  void add(int i, double value) {
    data[offset + i] += value;
  }

  /** All values in full precision. */
  double[] toDoubles() {
    double[] values = new double[count()];
    System.arraycopy(data, offset, values, 0, values.length);
    return values;
  }

  @Override
  public void read(long from, FloatBuffer destination) {
    int n = destination.remaining();
    requireRange(from, n);
    for (int i = 0; i < n; i++) {
      destination.put((float) get((int) from + i));
    }
  }

  @Override
  public void write(long from, FloatBuffer source) {
    int n = source.remaining();
    requireRange(from, n);
    for (int i = 0; i < n; i++) {
      set((int) from + i, source.get());
    }
  }

  @Override
  protected void free() {
    engine.freed();
    if (vector != null) {
      vector.close();
    }
  }
}
