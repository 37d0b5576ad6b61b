package dev.ect.spark.cli;

import dev.ect.spark.exchange.SendUpdateBenchmark;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.DatagramSocket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** A side of DL4J's sendUpdate in {@link BenchExchangeCommand}. */
@Command(name = "send-update", hidden = true)
final class SendUpdateCommand implements Callable<Integer> {
  static final String PORT = "port ";
  static final String RECEIVED = "received ";

  /** Values of the first update. */
  private static final long SMALL = 1 << 18;

  private final PrintStream out;

  @Option(names = "--root")
  private boolean root;

  @Option(names = "--to")
  private int to;

  @Option(names = "--floats")
  private long floats;

  SendUpdateCommand(PrintStream out) {
    this.out = out;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    int port = freePort();
    if (root) {
      try (SendUpdateBenchmark side = SendUpdateBenchmark.root(port)) {
        out.println(PORT + port);
        out.println(RECEIVED + side.receive());
        out.println(RECEIVED + side.receive());
      }
      return 0;
    }
    BufferedReader told =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    try (SendUpdateBenchmark side = SendUpdateBenchmark.node(port, to)) {
      side.send(Math.min(SMALL, floats));
      told.readLine();
      side.send(floats);
      // The parent ends this process when the other side has it.
      told.readLine();
    }
    return 0;
  }

  private static int freePort() throws IOException {
    try (DatagramSocket socket = new DatagramSocket(0)) {
      return socket.getLocalPort();
    }
  }
}
