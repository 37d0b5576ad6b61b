package dev.ect.spark.plan;

import dev.ect.spark.config.ExchangeConfig;

/**
 * A row of a plan.
 *
 * @param executors that train together
 * @param linkGbps of each
 * @param encoding of the exchange
 * @param images of the executor that has most, per step
 * @param stepSeconds from step to step
 * @param exchangeSeconds of these, what the exchange adds to the passes and the update
 * @param bytesSent per executor and step, with headers, without credits
 * @param imagesPerSecond all executors together
 * @param efficiency speed-up / executors
 * @param speedUp against one executor with the whole batch
 * @param limit what costs most of the efficiency that is lost
 * @param hours of all iterations, with checkpoints
 * @param executorHours hours of all executors together
 * @param cost of them; NaN without a price
 */
public record Prediction(
    int executors,
    double linkGbps,
    ExchangeConfig.Encoding encoding,
    int images,
    double stepSeconds,
    double exchangeSeconds,
    double bytesSent,
    double imagesPerSecond,
    double efficiency,
    double speedUp,
    Limit limit,
    double hours,
    double executorHours,
    double cost) {

  /** What keeps executors from being as fast together as they are many. */
  public enum Limit {
    /** Nothing worth a name. */
    NONE("-"),
    /** Small rounds, the update that all repeat, the slowest of them. */
    COMPUTE("compute"),
    /** Bytes on the network. */
    LINK("link"),
    /** CPU time of the exchange: sealing, sending, adding up, encoding. */
    EXCHANGE_CPU("exchange CPU"),
    /** Waiting for messages under way. */
    LATENCY("latency");

    private final String words;

    Limit(String words) {
      this.words = words;
    }

    /** For people. */
    public String words() {
      return words;
    }
  }
}
