package dev.ect.model.network;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.Serializable;

/**
 * How the denoiser D is made of the network F: {@code D = c_skip x + c_out F(c_in x, c_noise)}
 * (Karras et al., arXiv 2206.00364, table 1).
 */
@JsonTypeInfo(
    use = JsonTypeInfo.Id.NAME,
    property = "kind",
    // Files of the first versions know these formulas only, and do not name them.
    defaultImpl = EdmPreconditioning.class)
@JsonSubTypes({
  @JsonSubTypes.Type(value = EdmPreconditioning.class, name = "edm"),
  @JsonSubTypes.Type(value = VpPreconditioning.class, name = "vp"),
  @JsonSubTypes.Type(value = VePreconditioning.class, name = "ve")
})
public sealed interface Preconditioning extends Serializable
    permits EdmPreconditioning, VpPreconditioning, VePreconditioning {
  /** EDM's: the same formulas in training and evaluation. */
  Preconditioning EDM = new EdmPreconditioning(0.5, 0);

  /** ECT's consistency model: the evaluation formulas meet D(x, sigma_min) = x. */
  Preconditioning ECM = new EdmPreconditioning(0.5, 0.003);

  /** That of Song et al.'s variance-preserving models. */
  Preconditioning VP = new VpPreconditioning(19.9, 0.1, 1000);

  /** That of Song et al.'s variance-exploding models. */
  Preconditioning VE = new VePreconditioning();

  /** c_skip; {@code training} chooses the formula. */
  double skip(double sigma, boolean training);

  /** c_out; {@code training} chooses the formula. */
  double out(double sigma, boolean training);

  /** c_in. */
  double in(double sigma);

  /** c_noise. */
  double noise(double sigma);

  /** As JSON on one line. */
  static String toJson(Preconditioning preconditioning) {
    try {
      return new ObjectMapper()
          .writerFor(Preconditioning.class)
          .writeValueAsString(preconditioning);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("cannot write " + preconditioning, e);
    }
  }

  /**
   * The inverse of {@link #toJson}.
   *
   * @throws IllegalArgumentException if a field is missing, unknown or wrong
   */
  static Preconditioning fromJson(String json) {
    try {
      Preconditioning read =
          new ObjectMapper()
              .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
              .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
              .readValue(json, Preconditioning.class);
      if (read == null) {
        throw new IllegalArgumentException("preconditioning is null; expected an object");
      }
      return read;
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          "preconditioning is " + json + ": " + e.getOriginalMessage(), e);
    }
  }

  /**
   * By the name that people know it by, with its usual constants.
   *
   * @param name {@code edm}, {@code ecm}, {@code vp} or {@code ve}
   * @throws IllegalArgumentException if there is none of that name
   */
  static Preconditioning of(String name) {
    return switch (name) {
      case "edm" -> EDM;
      case "ecm" -> ECM;
      case "vp" -> VP;
      case "ve" -> VE;
      default ->
          throw new IllegalArgumentException(
              "preconditioning is '" + name + "'; expected edm, ecm, vp or ve");
    };
  }
}
