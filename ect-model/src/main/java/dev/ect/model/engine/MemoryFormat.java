package dev.ect.model.engine;

import java.util.Locale;

/** How the values of images lie in memory; the values themselves do not depend on it. */
public enum MemoryFormat {
  /** What is fastest on the device. */
  AUTO,
  /** Channel after channel, {@code [N, C, H, W]}. */
  CONTIGUOUS,
  /**
   * All channels of a pixel together, {@code [N, H, W, C]}, as the matrix units of GPUs want it.
   */
  CHANNELS_LAST;

  /** The name in configurations: {@code auto}, {@code contiguous}, {@code channels-last}. */
  public String id() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /**
   * @throws IllegalArgumentException if no format has that name
   */
  public static MemoryFormat of(String id) {
    for (MemoryFormat f : values()) {
      if (f.id().equals(id)) {
        return f;
      }
    }
    throw new IllegalArgumentException(
        "memory format is '" + id + "'; expected auto, contiguous or channels-last");
  }
}
