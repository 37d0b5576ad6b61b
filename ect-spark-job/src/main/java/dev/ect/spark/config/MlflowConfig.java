package dev.ect.spark.config;

import java.io.Serializable;
import java.net.URI;

/**
 * The section {@code run.mlflow}.
 *
 * @param uri of the tracking server, without name, password, query and fragment; empty for none
 * @param experiment that runs belong to
 */
public record MlflowConfig(String uri, String experiment) implements Serializable {
  private static final long serialVersionUID = 1L;

  static MlflowConfig read(ConfigReader in) {
    return new MlflowConfig(
        in.parsed("run.mlflow.uri", MlflowConfig::uri, ""),
        in.parsed("run.mlflow.experiment", MlflowConfig::experiment, "ect"));
  }

  private static String uri(String text) {
    if (text.isEmpty()) {
      return text;
    }
    if (text.matches("(?s).*[@?#].*")) {
      // "; expected " would have the value put before it.
      throw new IllegalArgumentException(
          "not shown, because it has a name, password, query or fragment: expected"
              + " http[s]://host[:port], and credentials in MLFLOW_TRACKING_USERNAME and"
              + " MLFLOW_TRACKING_PASSWORD, or in MLFLOW_TRACKING_TOKEN");
    }
    URI uri = null;
    try {
      uri = URI.create(text);
    } catch (IllegalArgumentException e) {
      // Its message would repeat the address.
    }
    if (uri == null
        || !String.valueOf(uri.getScheme()).matches("(?i)https?")
        || uri.getHost() == null) {
      throw new IllegalArgumentException(
          "uri is '" + text + "'; expected http[s]://host[:port] of an MLflow tracking server");
    }
    return text;
  }

  private static String experiment(String text) {
    if (text.isBlank()) {
      throw new IllegalArgumentException("experiment is empty; expected a name");
    }
    return text;
  }
}
