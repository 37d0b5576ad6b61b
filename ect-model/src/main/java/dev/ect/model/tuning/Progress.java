package dev.ect.model.tuning;

/**
 * How far a run has come.
 *
 * @param step optimiser updates done
 * @param images images processed, all executors together
 */
public record Progress(long step, long images) {
  /** The beginning. */
  public static final Progress START = new Progress(0, 0);

  /** After one more update. */
  public Progress plus(long batch) {
    return new Progress(step + 1, images + batch);
  }
}
