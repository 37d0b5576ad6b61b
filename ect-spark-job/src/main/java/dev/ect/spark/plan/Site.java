package dev.ect.spark.plan;

/**
 * Executors and the network between them.
 *
 * @param executors that train together
 * @param cores of each, for everything it does; a fraction where executors share a machine
 * @param linkGbps of each executor, in each direction, 10^9 bits per second; infinite for none
 * @param latencySeconds of the network, one way
 * @param mtu of the network, bytes; 0 where no datagram leaves the machine
 */
public record Site(int executors, double cores, double linkGbps, double latencySeconds, int mtu) {
  private static final int BITS = 8;

  /** Ethernet's preamble, header, checksum and gap. */
  private static final int ETHERNET = 38;

  /** Seconds that a byte of a frame takes on the link, headers included. */
  double byteSeconds() {
    double headers =
        mtu == 0
            ? 0
            : (double) (ExchangeCosts.DATAGRAM_HEADERS + ETHERNET)
                / (mtu - ExchangeCosts.DATAGRAM_HEADERS);
    return BITS * (1 + headers) / (linkGbps * 1e9);
  }

  Site withLink(double gbps) {
    return new Site(executors, cores, gbps, latencySeconds, mtu);
  }
}
