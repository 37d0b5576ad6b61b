package dev.ect.model.checkpoint;

import java.util.Locale;

/** What a checkpoint holds; in files of this project the metadata entry {@code kind}. */
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

  /**
   * The inverse of {@link #id}.
   *
   * @throws IllegalArgumentException if there is no such kind
   */
  static CheckpointKind of(String id) {
    for (CheckpointKind kind : values()) {
      if (kind.id().equals(id)) {
        return kind;
      }
    }
    throw new IllegalArgumentException(
        "kind is " + id + "; expected network-snapshot or training-state");
  }
}
