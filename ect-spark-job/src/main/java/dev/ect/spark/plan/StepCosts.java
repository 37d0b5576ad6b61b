package dev.ect.spark.plan;

import java.io.Serializable;
import java.util.List;

/**
 * What the steps of a replica cost beside the exchange.
 *
 * @param rounds of different sizes, rising, one at least
 * @param spread standard deviation of the seconds of a round, as a share of them
 * @param ready how the gradient becomes ready in the last round of a step, rising
 * @param updateSeconds optimiser and EMA on an averaged gradient
 * @param proposalSeconds the same where updates are exchanged: both halves
 * @param checkpointSeconds what a checkpoint keeps the steps waiting for: the hash of the weights
 *     and the copy of all vectors
 * @param teacherShare share of the images for which the teacher was evaluated
 */
public record StepCosts(
    List<RoundCost> rounds,
    double spread,
    List<Ready> ready,
    double updateSeconds,
    double proposalSeconds,
    double checkpointSeconds,
    double teacherShare)
    implements Serializable {
  private static final long serialVersionUID = 1L;

  public StepCosts {
    rounds = List.copyOf(rounds);
    ready = List.copyOf(ready);
  }

  /**
   * Seconds of a round: on the line through the two measured sizes around it, or the nearest two;
   * proportional to the larger one where that line would make a round without images cost less than
   * nothing.
   *
   * @param images at least 1
   */
  double roundSeconds(int images) {
    RoundCost low = rounds.get(0);
    if (rounds.size() == 1) {
      return low.seconds() * images / low.images();
    }
    RoundCost high = rounds.get(1);
    for (int i = 2; i < rounds.size() && images > high.images(); i++) {
      low = rounds.get(i - 1);
      high = rounds.get(i);
    }
    double slope = Math.max(0, (high.seconds() - low.seconds()) / (high.images() - low.images()));
    double none = low.seconds() - slope * low.images();
    return none < 0 ? high.seconds() * images / high.images() : none + slope * images;
  }

  /**
   * Seconds of the passes of a step.
   *
   * @param images of the replica, at least 1
   * @param round most images of a round
   */
  double passSeconds(int images, int round) {
    int full = images / round;
    int rest = images % round;
    return (full == 0 ? 0 : full * roundSeconds(round)) + (rest == 0 ? 0 : roundSeconds(rest));
  }

  /** Seconds of the last round of a step, during which the gradient becomes ready. */
  double lastRoundSeconds(int images, int round) {
    int rest = images % round;
    return roundSeconds(rest == 0 ? Math.min(images, round) : rest);
  }
}
