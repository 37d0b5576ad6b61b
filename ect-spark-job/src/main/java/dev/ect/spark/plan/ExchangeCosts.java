package dev.ect.spark.plan;

/**
 * CPU times of the exchange, for each thread that a frame passes through, measured between two
 * nodes on one machine with the longest datagrams.
 *
 * @param reduce copying values to and from frames and adding them up, on the thread that trains
 * @param seal HMAC and handing over to Aeron
 * @param send Aeron's thread that sends
 * @param receive Aeron's thread that receives
 * @param open taking over from Aeron and HMAC
 * @param datagramSendSeconds for each datagram: short ones cost more per byte
 * @param datagramReceiveSeconds for each datagram
 * @param latencySeconds from one training thread to another, beside these times: threads that wake;
 *     mean
 * @param idleCores what a node's threads use, in cores, during a pass: they look for frames
 */
public record ExchangeCosts(
    StationCost reduce,
    StationCost seal,
    StationCost send,
    StationCost receive,
    StationCost open,
    double datagramSendSeconds,
    double datagramReceiveSeconds,
    double latencySeconds,
    double idleCores) {
  private static final double LONGEST_DATAGRAM = 65_472;

  /** Bytes of a datagram that are not the frame's: Aeron, UDP, IPv4. */
  static final int DATAGRAM_HEADERS = 32 + 8 + 20;

  /** Costs on a network of another MTU, bytes; 0 for the machine itself. */
  ExchangeCosts onMtu(int mtu) {
    if (mtu == 0) {
      return this;
    }
    double further = Math.max(0, 1.0 / (mtu - DATAGRAM_HEADERS) - 1 / LONGEST_DATAGRAM);
    return new ExchangeCosts(
        reduce,
        seal,
        send.plus(datagramSendSeconds * further),
        receive.plus(datagramReceiveSeconds * further),
        open,
        datagramSendSeconds,
        datagramReceiveSeconds,
        latencySeconds,
        idleCores);
  }

  ExchangeCosts withLatency(double seconds) {
    return new ExchangeCosts(
        reduce,
        seal,
        send,
        receive,
        open,
        datagramSendSeconds,
        datagramReceiveSeconds,
        seconds,
        idleCores);
  }

  /**
   * Seconds on cores that others use as well; waiting for a message stays what it is.
   *
   * @param factor seconds that pass for each second of CPU time, at least 1
   */
  public ExchangeCosts slowerBy(double factor) {
    return new ExchangeCosts(
        reduce.times(factor),
        seal.times(factor),
        send.times(factor),
        receive.times(factor),
        open.times(factor),
        factor * datagramSendSeconds,
        factor * datagramReceiveSeconds,
        latencySeconds,
        factor * idleCores);
  }

  /** The same without any work: what is left is the link and latency. */
  ExchangeCosts free() {
    return new ExchangeCosts(
        StationCost.NONE,
        StationCost.NONE,
        StationCost.NONE,
        StationCost.NONE,
        StationCost.NONE,
        0,
        0,
        latencySeconds,
        0);
  }
}
