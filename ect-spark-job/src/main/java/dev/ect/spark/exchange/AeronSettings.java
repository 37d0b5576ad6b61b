package dev.ect.spark.exchange;

import io.aeron.CommonContext;
import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.StandardSocketOptions;
import java.nio.channels.DatagramChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** How Aeron is set up. */
final class AeronSettings {
  /** Buffers of the sockets, where the kernel allows as much. */
  private static final int SOCKET_BUFFER = 4 << 20;

  /** Most bytes under way from one sender, if its term allows it: half a term. */
  private static final int WINDOW = 2 << 20;

  private static final int HIGHEST_MTU = 65504;
  private static final int MTU_STEP = 32;
  private static final int LOOPBACK_MTU = 65536;
  private static final int IPV4_UDP_HEADERS = 28;
  private static final int IPV6_UDP_HEADERS = 48;
  private static final int IPV4_BYTES = 4;
  private static final int FALLBACK_MTU = 1500;

  /** Files of a driver besides its logs. */
  private static final long DRIVER_BYTES = 16L << 20;

  private static final int MESSAGES_IN_TERM = 8;

  /** Terms in a log. */
  private static final int TERMS = 3;

  private AeronSettings() {}

  /**
   * Sets what DL4J's transport leaves to system properties, which is its only way to configure the
   * driver that it starts. Properties that are set already stay, so that a cluster can be tuned.
   */
  static synchronized void apply() throws IOException {
    int receive;
    int send;
    try (DatagramChannel probe = DatagramChannel.open()) {
      probe.setOption(StandardSocketOptions.SO_RCVBUF, SOCKET_BUFFER);
      probe.setOption(StandardSocketOptions.SO_SNDBUF, SOCKET_BUFFER);
      // Aeron does not start with more than the kernel gives.
      receive = Math.min(SOCKET_BUFFER, probe.getOption(StandardSocketOptions.SO_RCVBUF));
      send = Math.min(SOCKET_BUFFER, probe.getOption(StandardSocketOptions.SO_SNDBUF));
    }
    Map<String, String> settings = new LinkedHashMap<>();
    // Must exceed the 30 s after which DL4J's transport lets Aeron take a client for dead.
    settings.put("aeron.publication.unblock.timeout", "60000000000");
    // Frames of a receiver that stood still for a while are kept for it rather than lost.
    settings.put("aeron.image.liveness.timeout", "60000000000");
    // A sender that is full must not keep the receiver from emptying the socket.
    settings.put("aeron.threading.mode", "DEDICATED");
    settings.put("aeron.socket.so_rcvbuf", String.valueOf(receive));
    settings.put("aeron.socket.so_sndbuf", String.valueOf(send));
    settings.put("aeron.rcv.initial.window.length", String.valueOf(Math.min(WINDOW, receive / 2)));
    // Memory for what is written, not for what may be.
    settings.put("aeron.term.buffer.sparse.file", "true");
    settings.put("aeron.dir.delete.on.shutdown", "true");
    settings.forEach(
        (key, value) -> {
          if (System.getProperty(key) == null) {
            System.setProperty(key, value);
          }
        });
  }

  /**
   * Longest datagram between an address of this host and another address.
   *
   * @param termLength of the publication; a datagram is at most an eighth
   * @return a multiple of 32
   */
  static int mtu(InetAddress own, InetAddress peer, int termLength) throws IOException {
    int most = Math.min(HIGHEST_MTU, termLength / MESSAGES_IN_TERM);
    if (own.equals(peer) || own.isLoopbackAddress()) {
      return Math.min(most, mtu(LOOPBACK_MTU, own));
    }
    NetworkInterface face = NetworkInterface.getByInetAddress(own);
    return Math.min(most, mtu(face == null ? FALLBACK_MTU : face.getMTU(), own));
  }

  private static int mtu(int link, InetAddress own) {
    int headers = own.getAddress().length == IPV4_BYTES ? IPV4_UDP_HEADERS : IPV6_UDP_HEADERS;
    return (link - headers) / MTU_STEP * MTU_STEP;
  }

  /**
   * Checks that the logs of some publications and images will fit where Aeron keeps its files.
   *
   * @param termLengths bytes of the term of each log
   * @throws ExchangeException if not
   */
  static void requireSpace(long termLengths) throws IOException {
    long need = fileBytes(termLengths);
    Path place = Path.of(CommonContext.getAeronDirectoryName()).toAbsolutePath().getParent();
    long free = Files.getFileStore(place).getUsableSpace();
    if (free < need) {
      throw new ExchangeException(
          place
              + " has "
              + (free >> 20)
              + " MiB free; the exchange needs "
              + (need >> 20)
              + " MiB there: enlarge it (containers: --shm-size)");
    }
  }

  /** Bytes of Aeron's files for logs of the given terms. */
  static long fileBytes(long termLengths) {
    return TERMS * termLengths + DRIVER_BYTES;
  }
}
