package dev.ect.spark.tracking;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The part of MLflow's REST API 2.0 that a run uses, as its documentation defines it: it stores
 * what it is told, and refuses what the real one refuses.
 */
final class MlflowServer implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  final List<String> requests = new ArrayList<>();
  final List<String> authorizations = new ArrayList<>();
  final Map<String, String> experiments = new LinkedHashMap<>();
  final Map<String, ObjectNode> runs = new LinkedHashMap<>();
  final Map<String, List<String>> metrics = new LinkedHashMap<>();
  final Map<String, Map<String, String>> params = new LinkedHashMap<>();

  /** Where not 0, the status of every answer. */
  int refusal;

  private final HttpServer server;

  MlflowServer() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::handle);
    server.start();
  }

  String uri() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** A refusal by the API. */
  private static final class Refused extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final int status;
    private final String code;

    Refused(int status, String code, String message) {
      super(message);
      this.status = status;
      this.code = code;
    }
  }

  private static Refused invalid(String message) {
    return new Refused(400, "INVALID_PARAMETER_VALUE", message);
  }

  private synchronized void handle(HttpExchange exchange) {
    String path = exchange.getRequestURI().getPath();
    String method = exchange.getRequestMethod() + " " + path.replace("/api/2.0/mlflow/", "");
    requests.add(method);
    authorizations.add(exchange.getRequestHeaders().getFirst("Authorization"));
    int status = 200;
    String answer;
    try {
      if (refusal != 0) {
        throw new Refused(refusal, "PERMISSION_DENIED", "not for you");
      }
      byte[] body = exchange.getRequestBody().readAllBytes();
      answer =
          answer(method, exchange.getRequestURI().getRawQuery(), JSON.readTree(body)).toString();
    } catch (Refused e) {
      status = e.status;
      answer =
          JSON.createObjectNode()
              .put("error_code", e.code)
              .put("message", e.getMessage())
              .toString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    byte[] bytes = answer.getBytes(StandardCharsets.UTF_8);
    try (exchange) {
      exchange.sendResponseHeaders(status, bytes.length);
      exchange.getResponseBody().write(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private ObjectNode answer(String method, String query, JsonNode body) {
    ObjectNode answer = JSON.createObjectNode();
    switch (method) {
      case "GET experiments/get-by-name" -> {
        String id = experiments.get(value(query, "experiment_name"));
        if (id == null) {
          throw new Refused(404, "RESOURCE_DOES_NOT_EXIST", "no such experiment");
        }
        answer.putObject("experiment").put("experiment_id", id);
      }
      case "POST experiments/create" -> {
        String id = String.valueOf(experiments.size() + 1);
        experiments.put(text(body, "name"), id);
        answer.put("experiment_id", id);
      }
      case "POST runs/create" -> {
        if (!experiments.containsValue(text(body, "experiment_id"))) {
          throw invalid("no such experiment");
        }
        String id = "run" + runs.size();
        ObjectNode run = body.deepCopy();
        runs.put(id, run.put("status", "RUNNING"));
        params.put(id, new LinkedHashMap<>());
        answer.putObject("run").putObject("info").put("run_id", id);
      }
      case "POST runs/update" -> run(text(body, "run_id")).setAll((ObjectNode) body);
      case "GET runs/get" -> describe(value(query, "run_id"), answer.putObject("run"));
      case "POST runs/log-batch" -> log(text(body, "run_id"), body);
      default -> throw new Refused(404, "ENDPOINT_NOT_FOUND", method);
    }
    return answer;
  }

  private static String value(String query, String key) {
    if (!query.startsWith(key + "=")) {
      throw invalid("no " + key);
    }
    return URLDecoder.decode(query.substring(key.length() + 1), StandardCharsets.UTF_8);
  }

  /** Required: the real server takes an empty one for a missing one. */
  private static String text(JsonNode body, String key) {
    if (body.path(key).asText().isEmpty()) {
      throw invalid("Missing value for required parameter '" + key + "'");
    }
    return body.get(key).asText();
  }

  private ObjectNode run(String id) {
    if (!runs.containsKey(id)) {
      throw new Refused(404, "RESOURCE_DOES_NOT_EXIST", "Run with id=" + id + " not found");
    }
    return runs.get(id);
  }

  private void log(String id, JsonNode body) {
    run(id);
    if (body.path("metrics").size() > 1000 || body.path("params").size() > 100) {
      throw invalid("A batch logging request can contain at most 1000 metrics, 100 params");
    }
    for (JsonNode param : body.path("params")) {
      String before = params.get(id).putIfAbsent(text(param, "key"), text(param, "value"));
      if (before != null && !before.equals(param.get("value").asText())) {
        throw invalid("Changing param values is not allowed");
      }
    }
    for (JsonNode metric : body.path("metrics")) {
      boolean number = metric.path("value").isNumber() || metric.path("value").isTextual();
      if (!number || !metric.path("timestamp").isIntegralNumber()) {
        throw invalid("Got invalid value for metric " + metric);
      }
      metrics
          .computeIfAbsent(id + " " + text(metric, "key"), key -> new ArrayList<>())
          .add(metric.path("step").asLong() + ": " + metric.get("value").asText());
    }
  }

  private void describe(String id, ObjectNode run) {
    run(id);
    run.putObject("info").put("run_id", id);
    ArrayNode latest = run.putObject("data").putArray("metrics");
    metrics.forEach(
        (key, values) -> {
          if (key.startsWith(id + " ")) {
            String last = values.get(values.size() - 1);
            latest
                .addObject()
                .put("key", key.substring(id.length() + 1))
                .put("step", Long.parseLong(last.substring(0, last.indexOf(':'))));
          }
        });
    ArrayNode known = ((ObjectNode) run.get("data")).putArray("params");
    params.get(id).forEach((key, value) -> known.addObject().put("key", key).put("value", value));
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
