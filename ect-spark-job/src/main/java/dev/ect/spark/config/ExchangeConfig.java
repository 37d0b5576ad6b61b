package dev.ect.spark.config;

import java.io.Serializable;
import java.time.Duration;
import java.util.Locale;

/**
 * The section {@code exchange}.
 *
 * @param encoding what replicas exchange, and how it travels
 * @param transport what carries it
 * @param bindAddress address that driver and executors listen at; empty for the one that Spark uses
 * @param firstPort lowest UDP port to listen at; 0 for any free one
 * @param lastPort highest
 * @param timeout how long a peer may be silent
 * @param threshold the encoding {@code threshold}
 */
public record ExchangeConfig(
    Encoding encoding,
    Transport transport,
    String bindAddress,
    int firstPort,
    int lastPort,
    Duration timeout,
    Threshold threshold)
    implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final int MAX_PORT = 65535;

  /** What replicas exchange, and how it travels. */
  public enum Encoding {
    /** Gradients: every value, summed exactly. */
    DENSE,
    /**
     * Updates of the replicas' own optimisers: the large values only, the rest later. DL4J's
     * threshold encoding. A run that goes on from a checkpoint has the first replica's moments on
     * all replicas, and without what was left for later: at most a threshold per weight and
     * replica.
     */
    THRESHOLD;

    /** Its name in a configuration. */
    public String id() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** What carries gradients. */
  public enum Transport {
    /** DL4J's parameter server, sealed. */
    PARAMETER_SERVER,
    /** LibTorch's Gloo, for trusted networks: its connections carry no secret. */
    GLOO;

    /** Its name in a configuration. */
    public String id() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  /**
   * The encoding {@code threshold}.
   *
   * @param initial first threshold, in units of an update: about the learning rate
   * @param minDensity share of the values below which the threshold falls
   * @param maxDensity share of the values above which it rises
   */
  public record Threshold(double initial, double minDensity, double maxDensity)
      implements Serializable {
    private static final long serialVersionUID = 1L;
  }

  static ExchangeConfig read(ConfigReader in) {
    int[] ports = in.parsed("exchange.ports", ExchangeConfig::ports, new int[2]);
    double min =
        in.number("exchange.threshold.min-density", "more than 0, at most 1", v -> v > 0 && v <= 1);
    Encoding encoding = in.parsed("exchange.encoding", ExchangeConfig::encoding, Encoding.DENSE);
    return new ExchangeConfig(
        encoding,
        in.parsed(
            "exchange.transport", text -> transport(text, encoding), Transport.PARAMETER_SERVER),
        in.parsed("exchange.bind-address", t -> t.equals("auto") ? "" : t, ""),
        ports[0],
        ports[1],
        in.duration("exchange.timeout"),
        new Threshold(
            in.number("exchange.threshold.initial", "more than 0", v -> v > 0),
            min,
            in.number(
                "exchange.threshold.max-density",
                "at least min-density, at most 1",
                v -> v >= min && v <= 1)));
  }

  private static Encoding encoding(String text) {
    for (Encoding each : Encoding.values()) {
      if (each.id().equals(text)) {
        return each;
      }
    }
    throw new IllegalArgumentException("encoding is '" + text + "'; expected dense or threshold");
  }

  private static Transport transport(String text, Encoding encoding) {
    for (Transport each : Transport.values()) {
      if (each.id().equals(text)) {
        if (each == Transport.GLOO && encoding != Encoding.DENSE) {
          throw new IllegalArgumentException(
              "transport is gloo; expected parameter-server with the encoding "
                  + encoding.id()
                  + ": gloo carries dense only");
        }
        return each;
      }
    }
    throw new IllegalArgumentException(
        "transport is '" + text + "'; expected parameter-server or gloo");
  }

  private static int[] ports(String text) {
    if (text.equals("auto")) {
      return new int[2];
    }
    String[] parts = text.split("-", 2);
    try {
      int first = Integer.parseInt(parts[0].strip());
      int last = Integer.parseInt(parts[parts.length - 1].strip());
      if (first >= 1 && first <= last && last <= MAX_PORT) {
        return new int[] {first, last};
      }
    } catch (NumberFormatException e) {
      // Falls through: not two numbers.
    }
    throw new IllegalArgumentException(
        "ports is '" + text + "'; expected auto or a range such as 45000-45099");
  }
}
