package dev.ect.spark.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ect.spark.config.ConfigSources;
import dev.ect.spark.config.ExchangeConfig;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.config.ObjectiveConfig;
import dev.ect.spark.config.UserError;
import dev.ect.spark.exchange.ParameterServer;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The exchange of gradients between processes of this machine. */
@Command(
    name = "exchange",
    description =
        "Times the exchange of a gradient through the parameter server, and through Gloo, between"
            + " 2, 3 and 4 processes of this machine, and DL4J's own sendUpdate of the same vector.")
final class BenchExchangeCommand implements Callable<Integer> {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String BOTH = "both";
  private static final String HOST = "127.0.0.1";
  private static final double MEGA = 1e6;

  private final PrintStream out;

  @Option(
      names = "--executors",
      paramLabel = "N",
      defaultValue = "2",
      description = "A number of processes to measure beside 2, 3 and 4. Default: 2.")
  private int executors;

  @Option(names = "--only", description = "Measures no other number of processes.")
  private boolean only;

  @Option(
      names = "--floats",
      defaultValue = "55700000",
      description = "Values of the gradient. Default: ${DEFAULT-VALUE}.")
  private long floats;

  @Option(
      names = "--encoding",
      defaultValue = "dense",
      description = "dense or threshold. Default: ${DEFAULT-VALUE}.")
  private String encoding;

  @Option(
      names = "--transport",
      defaultValue = BOTH,
      description =
          "parameter-server, gloo or both, where the encoding is dense. Default: ${DEFAULT-VALUE}.")
  private String transport;

  @Option(
      names = "--warm-up",
      defaultValue = "2",
      description = "Exchanges not counted. Default: ${DEFAULT-VALUE}.")
  private int warmUp;

  @Option(
      names = "--steps",
      defaultValue = "5",
      description = "Exchanges counted. Default: ${DEFAULT-VALUE}.")
  private int steps;

  @Option(
      names = "--no-send-update",
      description = "Leaves DL4J's sendUpdate out, which takes a minute.")
  private boolean withoutSendUpdate;

  @Option(names = "--json", paramLabel = "FILE", description = "Writes the figures there too.")
  private Path json;

  @Parameters(paramLabel = "key=value", description = "Overrides of the section exchange.")
  private List<String> overrides = List.of();

  BenchExchangeCommand(PrintStream out) {
    this.out = out;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (executors < 2 || floats < 1 || warmUp < 0 || steps < 1) {
      throw new UserError(
          "expected --executors of at least 2, --floats and --steps of at least 1, and --warm-up of"
              + " at least 0");
    }
    List<ExchangeConfig> configs = configs();
    out.printf(
        Locale.ROOT,
        "%-16s %9s %9s %11s %14s %16s %16s%n",
        "encoding",
        "processes",
        "s/step",
        "CPU s/node",
        "MB/s per node",
        "MB sent per node",
        "MB received");
    ArrayNode rows = JSON.createArrayNode();
    for (int world : new TreeSet<>(only ? List.of(executors) : List.of(2, 3, 4, executors))) {
      double first = 0;
      for (ExchangeConfig config : configs) {
        JsonNode row = print(exchange(config, world));
        rows.add(row);
        double seconds = row.get("secondsPerStep").asDouble();
        if (first == 0) {
          first = seconds;
        } else {
          out.printf(
              Locale.ROOT,
              "  the parameter server takes %.2f times Gloo's time%n",
              first / seconds);
        }
      }
    }
    if (!withoutSendUpdate) {
      JsonNode other = print(sendUpdate());
      rows.add(other);
      double mine = rows.get(0).get("secondsPerStep").asDouble();
      out.printf(
          Locale.ROOT,
          "%s between %d processes, both ways, is %.1f times as fast as DL4J's sendUpdate one way%n",
          rows.get(0).get("encoding").asText(),
          rows.get(0).get("world").asInt(),
          other.get("secondsPerStep").asDouble() / mine);
    }
    out.printf(
        Locale.ROOT,
        "%,d values (%.0f MB) per step; median of %d steps after %d; bytes are of the slowest"
            + " node's own count, with headers%n",
        floats,
        floats * Float.BYTES / MEGA,
        steps,
        warmUp);
    if (json != null) {
      JSON.writerWithDefaultPrettyPrinter().writeValue(json.toFile(), rows);
    }
    return 0;
  }

  private List<ExchangeConfig> configs() {
    boolean both = transport.equals(BOTH);
    List<String> transports =
        new ArrayList<>(List.of(both ? ExchangeConfig.Transport.PARAMETER_SERVER.id() : transport));
    if (both && encoding.equals(ExchangeConfig.Encoding.DENSE.id())) {
      transports.add(ExchangeConfig.Transport.GLOO.id());
    }
    List<ExchangeConfig> configs = new ArrayList<>();
    for (String each : transports) {
      List<String> settings =
          new ArrayList<>(List.of("exchange.encoding=" + encoding, "exchange.transport=" + each));
      settings.addAll(overrides);
      configs.add(
          JobConfig.of(ObjectiveConfig.Kind.TUNING, ConfigSources.overrides(settings)).exchange());
    }
    return configs;
  }

  private JsonNode print(JsonNode row) {
    out.printf(
        Locale.ROOT,
        "%-16s %9d %9.3f %11.3f %14.0f %16.1f %16.1f%n",
        row.get("encoding").asText(),
        row.get("world").asInt(),
        row.get("secondsPerStep").asDouble(),
        row.get("cpuSecondsPerStep").asDouble(),
        row.get("bytesSentPerStep").asDouble() / row.get("secondsPerStep").asDouble() / MEGA,
        row.get("bytesSentPerStep").asDouble() / MEGA,
        row.get("bytesReceivedPerStep").asDouble() / MEGA);
    return row;
  }

  private ObjectNode exchange(ExchangeConfig config, int world)
      throws IOException, InterruptedException {
    List<ChildJvm> children = new ArrayList<>();
    try (ParameterServer server = ParameterServer.start(config, HOST)) {
      for (int rank = 0; rank < world; rank++) {
        ChildJvm child =
            ChildJvm.start(
                List.of(
                    "bench",
                    "exchange-node",
                    "--rank",
                    String.valueOf(rank),
                    "--floats",
                    String.valueOf(floats),
                    "--warm-up",
                    String.valueOf(warmUp),
                    "--steps",
                    String.valueOf(steps)));
        children.add(child);
        child.tell(ExchangeNodeCommand.encode(server.invitation()));
      }
      List<String> endpoints = new ArrayList<>();
      for (ChildJvm child : children) {
        endpoints.add(child.await(ExchangeNodeCommand.ENDPOINT));
      }
      children.forEach(child -> child.tell(String.join(" ", endpoints)));
      ObjectNode slowest = null;
      for (ChildJvm child : children) {
        ObjectNode result = (ObjectNode) JSON.readTree(child.await(ExchangeNodeCommand.RESULT));
        if (slowest == null
            || result.get("secondsPerStep").asDouble() > slowest.get("secondsPerStep").asDouble()) {
          slowest = result;
        }
      }
      boolean gloo = config.transport() == ExchangeConfig.Transport.GLOO;
      return slowest.put("encoding", gloo ? encoding + ", gloo" : encoding);
    } finally {
      children.forEach(ChildJvm::close);
    }
  }

  /** From one process to another, timed from the call to the arrival. */
  private ObjectNode sendUpdate() throws IOException, InterruptedException {
    String count = String.valueOf(floats);
    try (ChildJvm root =
        ChildJvm.start(List.of("bench", "send-update", "--root", "--floats", count))) {
      String port = root.await(SendUpdateCommand.PORT);
      try (ChildJvm node =
          ChildJvm.start(List.of("bench", "send-update", "--to", port, "--floats", count))) {
        // A small one first, so that both sides are warm.
        root.await(SendUpdateCommand.RECEIVED);
        node.tell("now");
        long begin = System.nanoTime();
        root.await(SendUpdateCommand.RECEIVED);
        ObjectNode row = JSON.createObjectNode();
        return row.put("encoding", "sendUpdate")
            .put("world", 2)
            .put("secondsPerStep", (System.nanoTime() - begin) / 1e9)
            .put("cpuSecondsPerStep", Double.NaN)
            .put("bytesSentPerStep", (double) floats * Float.BYTES)
            .put("bytesReceivedPerStep", 0.0);
      }
    }
  }
}
