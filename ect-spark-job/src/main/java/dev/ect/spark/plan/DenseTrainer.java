package dev.ect.spark.plan;

import dev.ect.spark.plan.NodeSimulation.Frame;
import dev.ect.spark.plan.NodeSimulation.Kind;
import dev.ect.spark.plan.NodeSimulation.Work;
import java.util.List;

/**
 * The thread that trains in a step with the dense encoding: backward pass, shares of the gradient
 * as they become ready, sums, update. What it assumes beside {@link NodeSimulation}:
 *
 * <ul>
 *   <li>During the pass only shares travel, and of each peer's piece no more than its window:
 *       nobody adds them up before the pass is over.
 *   <li>The pieces of all owners become ready evenly. (Really the last owner's comes first; what
 *       may be sent during the pass is the same.)
 *   <li>Adding up n shares of a piece costs as much as copying n + 2 of them.
 * </ul>
 */
final class DenseTrainer implements NodeSimulation.Trainer {
  private final NodeSimulation node;
  private final int others;
  private final StationCost reduce;
  private final Pieces piece;
  private final double passSeconds;
  private final double lastRoundSeconds;
  private final List<Ready> ready;
  private final double threads;
  private final double updateSeconds;

  private int points;
  private double computed;
  private double readyShare;
  private boolean passed;
  private int notes;
  private int partsSent;
  private int partsArrived;
  private int summed;
  private int sumsSent;
  private int sumsArrived;
  private int sumsTaken;
  private boolean updated;

  /**
   * @param passSeconds of all rounds
   * @param threads that compute
   */
  DenseTrainer(
      NodeSimulation node,
      int executors,
      ExchangeCosts costs,
      long values,
      double passSeconds,
      double lastRoundSeconds,
      List<Ready> ready,
      double threads,
      double updateSeconds) {
    this.node = node;
    others = executors - 1;
    reduce = costs.reduce();
    piece = Pieces.ofVector(values, executors);
    this.passSeconds = passSeconds;
    this.lastRoundSeconds = lastRoundSeconds;
    this.ready = ready;
    this.threads = threads;
    this.updateSeconds = updateSeconds;
  }

  @Override
  public Work next() {
    if (!passed) {
      return mayCopy() ? copy() : compute();
    }
    if (sumsTaken < sumsArrived) {
      double bytes = piece.frame(sumsTaken / others);
      return new Work(reduce.seconds(1, bytes), 1, () -> sumsTaken++);
    }
    if (maySum()) {
      return sum();
    }
    if (mayCopy()) {
      return copy();
    }
    if (exchanged() && !updated) {
      return new Work(updateSeconds, threads, () -> updated = true);
    }
    return null;
  }

  /** Goes on with the pass to the next moment at which more of the gradient is ready. */
  private Work compute() {
    double end = passSeconds;
    double share = 1;
    boolean last = points == ready.size();
    if (!last) {
      Ready point = ready.get(points++);
      end = Math.max(computed, passSeconds - lastRoundSeconds * (1 - point.time()));
      share = point.share();
    }
    double seconds = end - computed;
    double nowReady = share;
    computed = end;
    return new Work(
        seconds,
        threads,
        () -> {
          readyShare = nowReady;
          if (last) {
            passed = true;
            for (int i = 0; i < others; i++) {
              node.send(Kind.NOTE, 0);
            }
          }
        });
  }

  private boolean mayCopy() {
    int all = others * piece.frames();
    int under = partsSent - summed * others;
    if (partsSent == all || under >= others * node.window()) {
      return false;
    }
    int mostInPass = others * Math.min(piece.frames(), node.window());
    return passed || partsSent < (int) (readyShare * mostInPass);
  }

  private Work copy() {
    double bytes = piece.frame(partsSent / others);
    return new Work(
        reduce.seconds(1, bytes),
        1,
        () -> {
          partsSent++;
          node.send(Kind.PART, bytes);
        });
  }

  private boolean maySum() {
    return summed < piece.frames()
        && partsArrived >= (summed + 1) * others
        && sumsSent - sumsTaken + others <= others * node.window();
  }

  private Work sum() {
    double bytes = piece.frame(summed);
    return new Work(
        reduce.seconds(others + 1, (others + 3) * bytes),
        1,
        () -> {
          summed++;
          sumsSent += others;
          for (int i = 0; i < others; i++) {
            node.send(Kind.SUM, bytes);
          }
        });
  }

  private boolean exchanged() {
    return notes == others && summed == piece.frames() && sumsTaken == others * piece.frames();
  }

  @Override
  public void arrived(Frame frame) {
    switch (frame.kind()) {
      case NOTE -> notes++;
      case PART -> partsArrived++;
      case SUM -> sumsArrived++;
      case GATHER -> throw new IllegalStateException("nothing is gathered");
    }
  }

  @Override
  public boolean done() {
    return updated;
  }
}
