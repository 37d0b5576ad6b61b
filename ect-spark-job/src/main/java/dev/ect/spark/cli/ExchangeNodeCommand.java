package dev.ect.spark.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ect.spark.exchange.ExchangeBenchmark;
import dev.ect.spark.exchange.GradientExchange;
import dev.ect.spark.exchange.Invitation;
import dev.ect.spark.exchange.ParameterServerNode;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** A node of {@link BenchExchangeCommand}: is told by its standard input whom to meet. */
@Command(name = "exchange-node", hidden = true)
final class ExchangeNodeCommand implements Callable<Integer> {
  static final String ENDPOINT = "endpoint ";
  static final String RESULT = "result ";

  private final PrintStream out;

  @Option(names = "--rank")
  private int rank;

  @Option(names = "--floats")
  private long floats;

  @Option(names = "--warm-up")
  private int warmUp;

  @Option(names = "--steps")
  private int steps;

  ExchangeNodeCommand(PrintStream out) {
    this.out = out;
  }

  /** An invitation as a word. */
  static String encode(Invitation invitation) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream objects = new ObjectOutputStream(bytes)) {
      objects.writeObject(invitation);
    }
    return Base64.getEncoder().encodeToString(bytes.toByteArray());
  }

  private static Invitation decode(String word) throws IOException, ClassNotFoundException {
    byte[] bytes = Base64.getDecoder().decode(word);
    try (ObjectInputStream objects = new ObjectInputStream(new ByteArrayInputStream(bytes))) {
      return (Invitation) objects.readObject();
    }
  }

  @Override
  public Integer call() throws IOException, ClassNotFoundException {
    BufferedReader told =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    ParameterServerNode node =
        ParameterServerNode.join(decode(told.readLine()), "127.0.0.1", () -> false);
    out.println(ENDPOINT + node.endpoint());
    try (GradientExchange exchange = node.exchange(rank, List.of(told.readLine().split(" ")))) {
      ExchangeBenchmark.Result result = ExchangeBenchmark.run(exchange, floats, warmUp, steps);
      out.println(RESULT + new ObjectMapper().writeValueAsString(result));
    }
    return 0;
  }
}
