package dev.ect.model.network;

import dev.ect.model.engine.Engine;
import dev.ect.model.engine.Parameter;
import dev.ect.model.engine.Tensor;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A network's parameters on an engine: named views of one flat vector, each with its place in the
 * gradient vector where there is one. Owns the views, not the vectors.
 */
public final class Weights implements AutoCloseable {
  private final Engine engine;
  private final ParameterLayout layout;
  private final Tensor values;
  private final Map<String, Parameter> parameters = new HashMap<>();
  private final List<Tensor> views = new ArrayList<>();

  /**
   * @param values {@code [layout.size()]}; stays the caller's and must outlive this
   * @param gradients of the same shape, receiving gradients by addition; null for inference
   */
  public Weights(Engine engine, ParameterLayout layout, Tensor values, Tensor gradients) {
    this.engine = engine;
    this.layout = layout;
    this.values = values;
    try {
      for (ParameterLayout.Entry e : layout.entries()) {
        Tensor gradient = gradients == null ? null : view(gradients, e);
        parameters.put(e.name(), new Parameter(e.name(), view(values, e), gradient));
      }
    } catch (RuntimeException | Error e) {
      views.forEach(Tensor::close);
      throw e;
    }
  }

  private Tensor view(Tensor vector, ParameterLayout.Entry e) {
    Tensor view = engine.view(vector, e.offset(), e.shape());
    views.add(view);
    return view;
  }

  public Engine engine() {
    return engine;
  }

  public ParameterLayout layout() {
    return layout;
  }

  /** The flat vector. */
  public Tensor values() {
    return values;
  }

  /**
   * @throws IllegalArgumentException if the network has no such parameter
   */
  public Parameter get(String name) {
    Parameter p = parameters.get(name);
    if (p == null) {
      layout.entry(name);
    }
    return p;
  }

  /** Overwrites the vector. */
  public void write(float[] newValues) {
    values.write(0, FloatBuffer.wrap(newValues));
  }

  @Override
  public void close() {
    views.forEach(Tensor::close);
    views.clear();
    parameters.clear();
  }
}
