package dev.ect.spark.plan;

import dev.ect.spark.exchange.ThresholdBenchmark;
import dev.ect.spark.plan.NodeSimulation.Frame;
import dev.ect.spark.plan.NodeSimulation.Kind;
import dev.ect.spark.plan.NodeSimulation.Work;

/**
 * The thread that trains in a step with the threshold encoding: pass and own update, its message,
 * those of all others, their sum. Assumes beside {@link NodeSimulation} that messages are as long
 * as those of normal values, and that nothing travels before a message is complete.
 */
final class ThresholdTrainer implements NodeSimulation.Trainer {
  private final NodeSimulation node;
  private final int others;
  private final StationCost reduce;
  private final Pieces message;
  private final Work pass;
  private final Work encode;
  private final Work decode;

  private int stage;
  private int sent;
  private int arrived;
  private int taken;

  /**
   * @param computeSeconds pass and update
   * @param threads that compute
   */
  ThresholdTrainer(
      NodeSimulation node,
      int executors,
      ExchangeCosts costs,
      ThresholdBenchmark.Result codec,
      long values,
      double computeSeconds,
      double threads) {
    this.node = node;
    others = executors - 1;
    reduce = costs.reduce();
    message = Pieces.of(codec.bytes() * values);
    pass = new Work(computeSeconds, threads, () -> stage++);
    encode = new Work(codec.encodeSeconds() * values, 1, () -> stage++);
    double each = codec.decodeSeconds() + codec.messageSeconds() * executors;
    decode = new Work(each * values, 1, () -> stage++);
  }

  @Override
  public Work next() {
    int all = others * message.frames();
    return switch (stage) {
      case 0 -> pass;
      case 1 -> encode;
      case 2 ->
          taken < arrived
              ? copy(taken, () -> taken++)
              : sent < all && sent - taken < others * node.window()
                  ? copy(sent, this::send)
                  : taken == all ? decode : null;
      default -> null;
    };
  }

  private Work copy(int number, Runnable then) {
    return new Work(reduce.seconds(1, message.frame(number / others)), 1, then);
  }

  private void send() {
    node.send(Kind.GATHER, message.frame(sent / others));
    sent++;
  }

  @Override
  public void arrived(Frame frame) {
    arrived++;
  }

  @Override
  public boolean done() {
    return stage == 3;
  }
}
