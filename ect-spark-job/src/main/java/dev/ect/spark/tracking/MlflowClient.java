package dev.ect.spark.tracking;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ect.model.io.Addresses;
import dev.ect.model.io.PlainText;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;

/**
 * The part of MLflow's REST API (2.0) that a run needs, over the JDK's own HTTP client: MLflow's
 * Java client is 8.6 MB for seven requests, brings relocated copies of old libraries (Guava,
 * Apache's HTTP client) that nobody updates, and its requests cannot be bounded in time.
 *
 * <p>Name and password, or a token, come from the environment, as MLflow's clients have it: {@code
 * MLFLOW_TRACKING_USERNAME} and {@code MLFLOW_TRACKING_PASSWORD}, or {@code MLFLOW_TRACKING_TOKEN}.
 * Redirects are not followed, so that these go to the configured server alone.
 */
final class MlflowClient {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String API = "/api/2.0/mlflow/";
  private static final int SUCCESS = 200;
  private static final int LONGEST_REASON = 300;

  private final HttpClient http;
  private final String server;
  private final String authorization;
  private final Duration patience;

  /**
   * @param server its address, without name, password and query
   * @param environment with or without credentials
   * @param patience for connecting, and for each answer
   */
  MlflowClient(String server, Map<String, String> environment, Duration patience) {
    this.server = server.replaceFirst("/+$", "");
    this.patience = patience;
    authorization = authorization(environment);
    http =
        HttpClient.newBuilder()
            // MLflow's server loses the bodies of requests that ask for HTTP/2.
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(patience)
            .build();
  }

  private static String authorization(Map<String, String> environment) {
    String token = environment.getOrDefault("MLFLOW_TRACKING_TOKEN", "");
    if (!token.isEmpty()) {
      return "Bearer " + token;
    }
    String user = environment.getOrDefault("MLFLOW_TRACKING_USERNAME", "");
    String password = environment.getOrDefault("MLFLOW_TRACKING_PASSWORD", "");
    return user.isEmpty()
        ? ""
        : "Basic "
            + Base64.getEncoder()
                .encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Asks.
   *
   * @param method such as {@code runs/get}
   * @throws MlflowException if the server refuses
   * @throws IOException if it cannot be reached
   */
  JsonNode get(String method, String key, String value) throws IOException, InterruptedException {
    String query = "?" + key + "=" + URLEncoder.encode(value, StandardCharsets.UTF_8);
    return send(method, HttpRequest.newBuilder(uri(method + query)).GET());
  }

  /**
   * Tells.
   *
   * @param method such as {@code runs/create}
   * @throws MlflowException if the server refuses
   * @throws IOException if it cannot be reached
   */
  JsonNode post(String method, ObjectNode body) throws IOException, InterruptedException {
    HttpRequest.BodyPublisher json = HttpRequest.BodyPublishers.ofString(body.toString());
    return send(
        method,
        HttpRequest.newBuilder(uri(method)).header("Content-Type", "application/json").POST(json));
  }

  private URI uri(String method) {
    return URI.create(server + API + method);
  }

  private JsonNode send(String method, HttpRequest.Builder request)
      throws IOException, InterruptedException {
    if (!authorization.isEmpty()) {
      request.header("Authorization", authorization);
    }
    HttpResponse<String> answer;
    try {
      answer =
          http.send(
              request.timeout(patience).build(),
              HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
    } catch (HttpTimeoutException e) {
      throw new IOException(server + ": no answer within " + patience.toSeconds() + " s", e);
    } catch (IOException e) {
      String reason = e.getMessage() != null ? e.getMessage() : "no connection";
      throw new IOException(
          server
              + ": cannot be reached: "
              + (e instanceof ConnectException ? "no server listens there" : reason),
          e);
    }
    JsonNode json = json(answer.body());
    if (answer.statusCode() == SUCCESS && json.isObject()) {
      return json;
    }
    String code = json.path("error_code").asText();
    String reason =
        answer.statusCode() == SUCCESS
            ? "the answer is no JSON; expected an MLflow tracking server"
            : (answer.statusCode() + " " + code + " " + json.path("message").asText()).strip();
    throw new MlflowException(
        server + ": " + method + ": " + shortened(reason), answer.statusCode(), code);
  }

  private static JsonNode json(String body) {
    try {
      return JSON.readTree(body);
    } catch (JsonProcessingException e) {
      return JSON.getNodeFactory().missingNode();
    }
  }

  private static String shortened(String reason) {
    String line = Addresses.hideSecrets(PlainText.oneLine(reason));
    return line.length() <= LONGEST_REASON ? line : line.substring(0, LONGEST_REASON) + "...";
  }
}
