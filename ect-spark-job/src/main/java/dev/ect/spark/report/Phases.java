package dev.ect.spark.report;

import java.io.Serializable;
import java.util.Collection;
import java.util.Locale;
import java.util.StringJoiner;
import java.util.function.ToDoubleFunction;

/**
 * Seconds of a stretch of a run, such as a tick, by {@link Phase}.
 *
 * @param readSeconds waiting for images
 * @param computeSeconds forward and backward passes
 * @param exchangeSeconds sending and summing gradients
 * @param waitSeconds waiting for other replicas
 * @param updateSeconds optimiser and EMA
 * @param checkpointSeconds checkpoints and sample grids
 */
public record Phases(
    double readSeconds,
    double computeSeconds,
    double exchangeSeconds,
    double waitSeconds,
    double updateSeconds,
    double checkpointSeconds)
    implements Serializable {
  private static final long serialVersionUID = 1L;

  /** No time at all. */
  public static final Phases NONE = of(phase -> 0);

  /** Asks for the seconds of every phase. */
  public static Phases of(ToDoubleFunction<Phase> seconds) {
    return new Phases(
        seconds.applyAsDouble(Phase.READ),
        seconds.applyAsDouble(Phase.COMPUTE),
        seconds.applyAsDouble(Phase.EXCHANGE),
        seconds.applyAsDouble(Phase.WAIT),
        seconds.applyAsDouble(Phase.UPDATE),
        seconds.applyAsDouble(Phase.CHECKPOINT));
  }

  /** Phase by phase, the mean of several replicas; nothing of none. */
  public static Phases mean(Collection<Phases> replicas) {
    return of(phase -> replicas.stream().mapToDouble(p -> p.seconds(phase)).average().orElse(0));
  }

  /** Phase by phase, the longest of several replicas; nothing of none. */
  public static Phases max(Collection<Phases> replicas) {
    return of(phase -> replicas.stream().mapToDouble(p -> p.seconds(phase)).max().orElse(0));
  }

  /** Seconds of one phase. */
  public double seconds(Phase phase) {
    return switch (phase) {
      case READ -> readSeconds;
      case COMPUTE -> computeSeconds;
      case EXCHANGE -> exchangeSeconds;
      case WAIT -> waitSeconds;
      case UPDATE -> updateSeconds;
      case CHECKPOINT -> checkpointSeconds;
    };
  }

  /** Two stretches together. */
  public Phases plus(Phases other) {
    return of(phase -> seconds(phase) + other.seconds(phase));
  }

  /** Seconds of all phases. */
  public double total() {
    double total = 0;
    for (Phase phase : Phase.values()) {
      total += seconds(phase);
    }
    return total;
  }

  /** Share of the steps' time that a phase took, 0 to 1. Checkpoints come between steps. */
  public double share(Phase phase) {
    double steps = total() - checkpointSeconds;
    return steps > 0 ? seconds(phase) / steps : 0;
  }

  /**
   * What the steps' time went to, such as {@code read 2% compute 80% exchange 10% wait 5% update
   * 3%}. Checkpoints come between steps and do not count.
   */
  public String shares() {
    StringJoiner shares = new StringJoiner(" ");
    for (Phase phase : Phase.values()) {
      if (phase != Phase.CHECKPOINT) {
        shares.add(String.format(Locale.ROOT, "%s %.0f%%", phase.id(), 100 * share(phase)));
      }
    }
    return shares.toString();
  }
}
