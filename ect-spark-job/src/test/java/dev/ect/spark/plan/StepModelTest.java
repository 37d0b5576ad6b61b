package dev.ect.spark.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.Config;
import dev.ect.spark.config.ConfigSources;
import dev.ect.spark.config.ExchangeConfig.Encoding;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.config.ObjectiveConfig;
import dev.ect.spark.exchange.ParameterServerNode;
import dev.ect.spark.exchange.ThresholdBenchmark;
import dev.ect.spark.plan.Prediction.Limit;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class StepModelTest {
  private static final long VALUES = 10_000_000;
  private static final double INFINITE = Double.POSITIVE_INFINITY;
  private static final double NO_PRICE = Double.NaN;

  /** Rounds of 10 ms and 5 ms per image, an update of 2 ms. */
  private static final StepCosts STEP =
      new StepCosts(
          List.of(new RoundCost(2, 0.02), new RoundCost(10, 0.06)),
          0,
          List.of(new Ready(0.4, 0.1), new Ready(0.9, 0.8), new Ready(1, 1)),
          0.002,
          0.003,
          1.5,
          1);

  /** CPU seconds for each GB: 0.1 to copy, 0.5 to seal and open, 0.2 to send and receive. */
  private static final ExchangeCosts EXCHANGE =
      new ExchangeCosts(
          new StationCost(1e-6, 1e-10),
          new StationCost(2e-6, 5e-10),
          new StationCost(2e-6, 2e-10),
          new StationCost(2e-6, 2e-10),
          new StationCost(2e-6, 5e-10),
          2e-6,
          1e-6,
          1e-4,
          0);

  private static final ExchangeCosts NOTHING = costless(0);

  private static final ThresholdBenchmark.Result CODEC =
      new ThresholdBenchmark.Result(1e-9, 2e-10, 1e-9, 0.15);

  /** An exchange that takes nothing but so many cores all the time. */
  static ExchangeCosts costless(double idleCores) {
    StationCost none = StationCost.NONE;
    return new ExchangeCosts(none, none, none, none, none, 0, 0, 0, idleCores);
  }

  private static JobConfig config(String... overrides) {
    Config of = ConfigSources.overrides(List.of(overrides));
    return JobConfig.of(ObjectiveConfig.Kind.TUNING, of);
  }

  private static StepModel model(StepCosts step, ExchangeCosts exchange, String... overrides) {
    return new StepModel(
        new Measurements("ddpmpp", VALUES, "torch", "float32", "cpu", 4, 4, step, exchange, CODEC),
        config(overrides));
  }

  private static Prediction predict(
      StepModel model, int executors, double gbps, Encoding encoding) {
    return model.predict(new Site(executors, 4, gbps, 0, 0), encoding, 200_000, NO_PRICE);
  }

  @Test
  void oneExecutorExchangesNothing() {
    Prediction one = predict(model(STEP, EXCHANGE), 1, 1, Encoding.DENSE);
    // 128 images: 10 ms and 5 ms each
    assertEquals(0.65 + 0.002, one.stepSeconds(), 1e-12);
    assertEquals(0, one.exchangeSeconds(), 1e-12);
    assertEquals(0, one.bytesSent());
    assertEquals(1, one.efficiency(), 1e-12);
    assertEquals(Limit.NONE, one.limit());
  }

  @Test
  void roundsOfABatchAddUp() {
    // 42 + 42 + 42 + 2
    Prediction one = predict(model(STEP, EXCHANGE, "tuning.batch-gpu=42"), 1, 1, Encoding.DENSE);
    assertEquals(4 * 0.01 + 128 * 0.005 + 0.002, one.stepSeconds(), 1e-12);
  }

  @Test
  void withoutLinkAndCpuOnlyTheComputationIsLeft() {
    Prediction eight = predict(model(STEP, NOTHING), 8, INFINITE, Encoding.DENSE);
    assertEquals(16, eight.images());
    assertEquals(0.01 + 16 * 0.005 + 0.002, eight.stepSeconds(), 1e-9);
    assertEquals(0, eight.exchangeSeconds(), 1e-9);
    assertEquals(0.652 / 0.092 / 8, eight.efficiency(), 1e-9);
    assertEquals(Limit.COMPUTE, eight.limit());
  }

  @Test
  void threadsThatLookForFramesTakeCoresFromThePasses() {
    Prediction two = predict(model(STEP, costless(0.5)), 2, INFINITE, Encoding.DENSE);
    // four threads on three and a half cores
    assertEquals((0.01 + 64 * 0.005 + 0.002) * 4 / 3.5, two.stepSeconds(), 1e-9);
  }

  @Test
  void aSlowLinkIsWhatTheStepWaitsFor() {
    double gbps = 0.1;
    Prediction two = predict(model(STEP, EXCHANGE), 2, gbps, Encoding.DENSE);
    double link = two.bytesSent() * 8 / (gbps * 1e9);
    assertEquals(Limit.LINK, two.limit());
    // the vector's end travels during the pass, and all sums after it
    assertTrue(two.stepSeconds() > link && two.stepSeconds() < link + 0.65, two::toString);
  }

  @Test
  void theBackwardPassHidesPartOfTheExchange() {
    StepCosts atTheEnd =
        new StepCosts(STEP.rounds(), 0, List.of(new Ready(1, 1)), 0.002, 0.003, 1.5, 1);
    Prediction hidden = predict(model(STEP, EXCHANGE), 4, 1, Encoding.DENSE);
    Prediction exposed = predict(model(atTheEnd, EXCHANGE), 4, 1, Encoding.DENSE);
    assertEquals(exposed.bytesSent(), hidden.bytesSent());
    // of 30 MB at 1 Gbit/s: a tenth, then all that fits into the last tenth of the pass
    assertEquals(0.024 + 0.017, exposed.exchangeSeconds() - hidden.exchangeSeconds(), 0.003);
  }

  @ParameterizedTest
  @EnumSource(Encoding.class)
  void efficiencyFallsWithExecutorsAndRisesWithTheLink(Encoding encoding) {
    StepModel model = model(STEP, EXCHANGE);
    double before = 1;
    for (int executors = 2; executors <= 64; executors *= 2) {
      double slow = predict(model, executors, 1, encoding).efficiency();
      double fast = predict(model, executors, 25, encoding).efficiency();
      assertTrue(slow < before, executors + ": " + slow + " after " + before);
      assertTrue(slow < fast, executors + ": " + slow + " and " + fast);
      before = slow;
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 8, 64})
  void denseSendsTwiceTheOthersShareOfTheVector(int executors) {
    double sent = predict(model(STEP, EXCHANGE), executors, 25, Encoding.DENSE).bytesSent();
    double expected = 2.0 * (executors - 1) / executors * VALUES * Float.BYTES;
    assertEquals(expected, sent, 0.002 * expected);
  }

  @Test
  void thresholdSendsItsMessageToEveryOther() {
    double sent = predict(model(STEP, EXCHANGE), 8, 25, Encoding.THRESHOLD).bytesSent();
    double expected = 7 * 0.15 * VALUES;
    assertEquals(expected, sent, 0.001 * expected);
    assertTrue(sent > expected, sent + " with headers");
  }

  @Test
  void executorsThatShareCoresTakeTheirTurns() {
    StepModel model = model(STEP, NOTHING);
    Site half = new Site(2, 2, INFINITE, 0, 0);
    double shared = model.predict(half, Encoding.DENSE, 1, NO_PRICE).stepSeconds();
    double alone = predict(model, 2, INFINITE, Encoding.DENSE).stepSeconds();
    assertEquals(2 * alone, shared, 1e-9);
  }

  @Test
  void coresThatOthersUseSlowTheExchangeDown() {
    StepCosts atTheEnd =
        new StepCosts(STEP.rounds(), 0, List.of(new Ready(1, 1)), 0.002, 0.003, 1.5, 1);
    ExchangeCosts instant = EXCHANGE.withLatency(0);
    double alone = predict(model(atTheEnd, instant), 4, INFINITE, Encoding.DENSE).exchangeSeconds();
    double shared =
        predict(model(atTheEnd, instant.slowerBy(1.5)), 4, INFINITE, Encoding.DENSE)
            .exchangeSeconds();
    assertEquals(1.5 * alone, shared, 1e-6);
  }

  @Test
  void allWaitForTheSlowest() {
    StepCosts uneven = new StepCosts(STEP.rounds(), 0.1, STEP.ready(), 0.002, 0.003, 1.5, 1);
    double even = predict(model(STEP, NOTHING), 2, INFINITE, Encoding.DENSE).stepSeconds();
    double slowest = predict(model(uneven, NOTHING), 2, INFINITE, Encoding.DENSE).stepSeconds();
    // the larger of two normal draws is expected at 1 / sqrt(pi)
    assertEquals(0.1 * 0.33 / Math.sqrt(Math.PI), slowest - even, 1e-6);
    assertEquals(0, StepModel.expectedLargest(1), 1e-9);
    assertEquals(1.5388, StepModel.expectedLargest(10), 1e-3);
  }

  @Test
  void hoursAndCostAreThoseOfTheIterations() {
    StepModel model = model(STEP, EXCHANGE, "spark.segment-ticks=20");
    Site site = new Site(4, 4, 25, 5e-5, 1500);
    Prediction four = model.predict(site, Encoding.DENSE, 100_000, 2.5);
    // 12,800 images are 100 steps a tick: a checkpoint every 2,000 steps
    double seconds = 100_000 * four.stepSeconds() + 50 * 1.5;
    assertEquals(seconds / 3600, four.hours(), 1e-9);
    assertEquals(4 * four.hours(), four.executorHours(), 1e-9);
    assertEquals(2.5 * four.executorHours(), four.cost(), 1e-9);
    assertEquals(128 / four.stepSeconds(), four.imagesPerSecond(), 1e-9);
    assertEquals(four.speedUp() / 4, four.efficiency(), 1e-12);
  }

  @Test
  void shortDatagramsCostMore() {
    StepModel model = model(STEP, EXCHANGE);
    double jumbo =
        model.predict(new Site(8, 4, 25, 0, 9000), Encoding.DENSE, 1, NO_PRICE).stepSeconds();
    double ethernet =
        model.predict(new Site(8, 4, 25, 0, 1500), Encoding.DENSE, 1, NO_PRICE).stepSeconds();
    assertTrue(jumbo < ethernet, jumbo + " and " + ethernet);
  }

  @Test
  void everyExecutorNeedsAVirtualShard() {
    assertEquals(Optional.of(2), StepModel.images(64, 128, 64));
    assertEquals(Optional.empty(), StepModel.images(65, 128, 64));
    assertEquals(Optional.of(1), StepModel.images(128, 128, 128));
    assertEquals(Optional.empty(), StepModel.images(512, 128, 1000));
    // three have three, three and two
    assertEquals(Optional.of(3), StepModel.images(3, 8, 64));
    StepModel model = model(STEP, EXCHANGE);
    assertThrows(IllegalArgumentException.class, () -> predict(model, 512, 25, Encoding.DENSE));
  }

  @Test
  void piecesHoldEveryByteOnce() {
    Pieces pieces = Pieces.ofVector(1_000_001, 3);
    double sum = 0;
    for (int i = 0; i < pieces.frames(); i++) {
      assertTrue(pieces.frame(i) > 0 && pieces.frame(i) <= ParameterServerNode.frameBytes());
      sum += pieces.frame(i);
    }
    assertEquals(4_000_004 / 3.0, sum, 1e-6);
  }
}
