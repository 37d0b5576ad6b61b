package dev.ect.spark.exchange;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.UnknownHostException;

/**
 * Where a node listens.
 *
 * @param address of one network interface
 * @param port UDP
 */
record Endpoint(InetAddress address, int port) {
  private static final String PREFIX = "aeron:udp?endpoint=";

  /**
   * The address to listen at.
   *
   * @param configured address or name; empty for Spark's
   * @param sparkHost what Spark calls this host
   * @throws ExchangeException if there is none, or if it stands for all interfaces
   */
  static InetAddress address(String configured, String sparkHost) {
    String name = configured.isEmpty() ? sparkHost : configured;
    try {
      InetAddress address = InetAddress.getByName(unbracketed(name));
      if (address.isAnyLocalAddress() || address.isMulticastAddress()) {
        throw new ExchangeException(
            "exchange.bind-address is "
                + name
                + "; expected the address of one network interface, or auto");
      }
      return address;
    } catch (UnknownHostException e) {
      throw new ExchangeException(
          "the host name "
              + name
              + " cannot be resolved; set exchange.bind-address or spark.driver.host",
          e);
    }
  }

  /**
   * Reads an Aeron channel.
   *
   * @throws ExchangeException if it is none of ours
   */
  static Endpoint parse(String channel) {
    int colon = channel.lastIndexOf(':');
    try {
      if (channel.startsWith(PREFIX) && colon >= PREFIX.length()) {
        return new Endpoint(
            InetAddress.getByName(unbracketed(channel.substring(PREFIX.length(), colon))),
            Integer.parseInt(channel.substring(colon + 1)));
      }
    } catch (UnknownHostException | NumberFormatException e) {
      throw new ExchangeException("'" + channel + "' is no channel of the exchange", e);
    }
    throw new ExchangeException("'" + channel + "' is no channel of the exchange");
  }

  private static String unbracketed(String name) {
    return name.startsWith("[") && name.endsWith("]") ? name.substring(1, name.length() - 1) : name;
  }

  /** The address as it stands in a channel. */
  String host() {
    String text = address.getHostAddress();
    return address instanceof Inet6Address ? "[" + text + "]" : text;
  }

  /** The Aeron channel, which is also the node's name in DL4J's mesh. */
  String channel() {
    return PREFIX + host() + ":" + port;
  }

  /** Whether nobody listens there. */
  boolean isFree() {
    try (DatagramSocket probe = new DatagramSocket(new InetSocketAddress(address, port))) {
      return probe.isBound();
    } catch (SocketException e) {
      return false;
    }
  }

  /**
   * This address with a port that nobody listens at.
   *
   * @throws IOException if the address is not this host's
   */
  static Endpoint any(InetAddress address) throws IOException {
    try (DatagramSocket probe = new DatagramSocket(new InetSocketAddress(address, 0))) {
      return new Endpoint(address, probe.getLocalPort());
    }
  }
}
