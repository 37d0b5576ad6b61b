package dev.ect.model.tuning;

import dev.ect.model.engine.Engine;
import dev.ect.model.engine.Tensor;
import dev.ect.model.io.Sha256;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The flat vectors of a training run, all of the network's {@code ParameterLayout}: weights, EMA,
 * the optimiser's two moments, the gradient, and further EMAs. Owned and closed together.
 *
 * @param weights being trained
 * @param ema their moving average
 * @param expAvg moving average of the gradient (PyTorch: exp_avg)
 * @param expAvgSq moving average of the squared gradient (PyTorch: exp_avg_sq)
 * @param gradient of the step under way
 * @param emas further moving averages of the weights, in the order in which they were asked for
 */
public record TuningVectors(
    Tensor weights,
    Tensor ema,
    Tensor expAvg,
    Tensor expAvgSq,
    Tensor gradient,
    Map<EmaSpec, Tensor> emas)
    implements AutoCloseable {
  public TuningVectors {
    emas = Collections.unmodifiableMap(new LinkedHashMap<>(emas));
  }

  /** Vectors of zeros, without further EMAs. */
  public static TuningVectors zeros(Engine engine, long size) {
    return zeros(engine, size, List.of());
  }

  /**
   * Vectors of zeros.
   *
   * @param emas the further EMAs, all different
   */
  public static TuningVectors zeros(Engine engine, long size, List<EmaSpec> emas) {
    List<Tensor> made = new ArrayList<>();
    Map<EmaSpec, Tensor> averages = new LinkedHashMap<>();
    try {
      while (made.size() < 5) {
        made.add(engine.zeros(size));
      }
      for (EmaSpec each : emas) {
        made.add(engine.zeros(size));
        averages.put(each, made.get(made.size() - 1));
      }
    } catch (RuntimeException | Error e) {
      made.forEach(Tensor::close);
      throw e;
    }
    return new TuningVectors(
        made.get(0), made.get(1), made.get(2), made.get(3), made.get(4), averages);
  }

  /**
   * Fingerprint of the weights, by which replicas find that they are not alike any more: SHA-256
   * (32 bytes) of their float32 bits, little-endian.
   */
  public byte[] weightsDigest() {
    return Sha256.ofFloats(weights.elements(), weights::read);
  }

  @Override
  public void close() {
    Stream.of(weights, ema, expAvg, expAvgSq, gradient).forEach(Tensor::close);
    emas.values().forEach(Tensor::close);
  }
}
