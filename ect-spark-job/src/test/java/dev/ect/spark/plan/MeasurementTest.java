package dev.ect.spark.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.model.engine.Engine;
import dev.ect.model.engine.EngineOptions;
import dev.ect.model.engine.Engines;
import dev.ect.model.engine.Precision;
import dev.ect.model.engine.Tensor;
import dev.ect.spark.config.ConfigSources;
import dev.ect.spark.config.ExchangeConfig;
import dev.ect.spark.config.ExchangeConfig.Encoding;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.config.ObjectiveConfig;
import dev.ect.spark.exchange.GradientExchange;
import dev.ect.spark.exchange.ThresholdBenchmark;
import dev.ect.spark.exchange.Traffic;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is measured, and what the model takes from it, against the real exchange. */
class MeasurementTest {
  private static final int STEPS = 3;

  private static Engine engine() {
    return Engines.open("auto", new EngineOptions(Precision.FLOAT32, 1, "cpu"));
  }

  private static ExchangeConfig config(Encoding encoding) {
    return JobConfig.of(
            ObjectiveConfig.Kind.TUNING,
            ConfigSources.overrides(List.of("exchange.encoding=" + encoding.id())))
        .exchange();
  }

  /** Credits and heartbeats, which the model does not count, are a few hundred bytes. */
  @ParameterizedTest
  @EnumSource(Encoding.class)
  void theModelSendsWhatTheExchangeSends(Encoding encoding) throws Exception {
    int world = 3;
    long values = 400_001;
    double sent = 0;
    double bytes;
    try (LocalNodes nodes = new LocalNodes(world, config(encoding))) {
      for (Traffic each : nodes.run(node -> traffic(node, values))) {
        sent += (double) each.bytesSent() / world / STEPS;
      }
    }
    try (Engine engine = engine()) {
      ThresholdBenchmark.Result codec =
          ThresholdBenchmark.run(engine, config(encoding).threshold(), values, 0, STEPS);
      Site site = new Site(world, 4, 10, 0, 0);
      ExchangeCosts costs = StepModelTest.costless(0);
      NodeSimulation node = new NodeSimulation(site, costs);
      node.run(
          encoding == Encoding.DENSE
              ? new DenseTrainer(node, world, costs, values, 0, 0, List.of(), 1, 0)
              : new ThresholdTrainer(node, world, costs, codec, values, 0, 1));
      bytes = node.bytesSent();
    }
    assertEquals(sent, bytes, (encoding == Encoding.DENSE ? 0.002 : 0.02) * sent);
  }

  private static Traffic traffic(GradientExchange node, long values) {
    try (Engine engine = engine();
        Tensor vector = engine.zeros(values)) {
      Random random = new Random(node.rank());
      float[] normal = new float[(int) values];
      Traffic before = node.traffic();
      for (int step = 0; step < STEPS; step++) {
        for (int i = 0; i < normal.length; i++) {
          normal[i] = (float) random.nextGaussian() * 1e-4f;
        }
        vector.write(0, FloatBuffer.wrap(normal));
        node.begin(vector);
        node.finish(new byte[1]);
      }
      // what was sent last has been counted when the others have it
      node.gather(new byte[1]);
      Traffic after = node.traffic();
      return new Traffic(
          after.bytesSent() - before.bytesSent(),
          after.bytesReceived() - before.bytesReceived(),
          0);
    }
  }

  @Test
  void anExchangeCostsTimeAndItsThreadsAreMostlyIdle() throws Exception {
    ExchangeCosts found =
        ExchangeMeasurement.run(
            config(Encoding.DENSE), MeasurementTest::engine, 100_000, line -> {});
    for (StationCost each :
        List.of(found.reduce(), found.seal(), found.send(), found.receive(), found.open())) {
      assertTrue(each.byteSeconds() > 0 && each.frameSeconds() > 0, found::toString);
    }
    assertTrue(found.idleCores() > 0 && found.idleCores() < 1, found::toString);
    assertTrue(found.latencySeconds() > 0, found::toString);
  }

  @Test
  void encodedUpdatesTakeTheShareOfTheirDensity() {
    try (Engine engine = engine()) {
      ThresholdBenchmark.Result found =
          ThresholdBenchmark.run(engine, config(Encoding.THRESHOLD).threshold(), 200_000, 1, 2);
      // a quarter of the values at 4 to 5 bits
      assertTrue(found.bytes() > 0.1 && found.bytes() < 0.2, found::toString);
      assertTrue(found.encodeSeconds() > 0 && found.messageSeconds() >= 0, found::toString);
    }
  }
}
