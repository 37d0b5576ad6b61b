package dev.ect.model.checkpoint;

import java.util.Locale;

/** What a file of the own format holds; its metadata entry {@code kind}. */
public enum CheckpointKind {
  /** EMA weights. */
  NETWORK_SNAPSHOT,
  /** Everything that a run needs to go on. */
  TRAINING_STATE;

  /**
   * {@code network-snapshot} or {@code training-state}: also the beginning of such files' names.
   */
  public String id() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
