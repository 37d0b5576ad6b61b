package dev.ect.spark.config;

import java.io.Serializable;
import java.net.URI;

/**
 * The section {@code run.mlflow}.
 *
 * @param uri of the tracking server, without name, password and query; empty for none
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
    URI uri = null;
    try {
      uri = URI.create(text);
    } catch (IllegalArgumentException e) {
      // Its message would repeat the address.
    }
    if (uri != null
        && (uri.getRawUserInfo() != null
            || uri.getRawQuery() != null
            || uri.getRawFragment() != null)) {
      throw new IllegalArgumentException(
          "uri is '...'; expected no name, password or query in it: set MLFLOW_TRACKING_USERNAME"
              + " and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN");
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
