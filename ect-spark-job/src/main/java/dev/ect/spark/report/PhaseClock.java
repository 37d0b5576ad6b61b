package dev.ect.spark.report;

import java.util.EnumMap;
import java.util.Map;

/** Measures {@link Phases} as a replica goes through them. Used by one thread. */
public final class PhaseClock {
  private static final double NANOS = 1e9;

  private final Map<Phase, Long> nanos = new EnumMap<>(Phase.class);
  private long last = System.nanoTime();

  /** Begins a stretch: the time since the last call belongs to no phase. */
  public void start() {
    last = System.nanoTime();
  }

  /** Says that the time since the last call went to a phase. */
  public void lap(Phase phase) {
    long now = System.nanoTime();
    nanos.merge(phase, now - last, Long::sum);
    last = now;
  }

  /**
   * Says that a part of one phase's time was another's.
   *
   * @param amount nanoseconds
   */
  public void move(Phase from, Phase to, long amount) {
    nanos.merge(from, -amount, Long::sum);
    nanos.merge(to, amount, Long::sum);
  }

  /** What was measured since it was last taken. */
  public Phases phases() {
    return Phases.of(phase -> nanos.getOrDefault(phase, 0L) / NANOS);
  }

  /** What was measured since it was last taken, which is forgotten here. */
  public Phases take() {
    Phases taken = phases();
    nanos.clear();
    return taken;
  }
}
