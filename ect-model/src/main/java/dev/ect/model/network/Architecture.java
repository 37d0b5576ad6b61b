package dev.ect.model.network;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** The network architectures, by the names people know them by. */
public enum Architecture {
  /**
   * DDPM++ (Song et al., arXiv 2011.13456), as reimplemented for EDM (Karras et al., arXiv
   * 2206.00364).
   */
  DDPMPP,
  /** NCSN++ (Song et al., arXiv 2011.13456), as reimplemented for EDM. */
  NCSNPP,
  /** ADM (Dhariwal and Nichol, arXiv 2105.05233), as reimplemented for EDM. */
  ADM;

  /** {@code ddpmpp}, {@code ncsnpp} or {@code adm}. */
  @JsonValue
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * @throws IllegalArgumentException if no architecture has that name
   */
  @JsonCreator
  public static Architecture of(String id) {
    for (Architecture a : values()) {
      if (a.id().equals(id)) {
        return a;
      }
    }
    throw new IllegalArgumentException("arch is '" + id + "'; expected ddpmpp, ncsnpp or adm");
  }
}
