package dev.ect.spark.plan;

import dev.ect.spark.report.Timings;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;

/** What a datagram costs whatever its length: the kernel's work and Java's. */
final class Datagrams {
  /** Bytes of those measured: what Ethernet carries. */
  static final int SHORT = 1408;

  /** Sent before they are received; all fit a socket's buffer. */
  private static final int BURST = 50;

  private static final int WARM_UP = 200;
  private static final int BURSTS = 200;

  /**
   * CPU time of a datagram.
   *
   * @param sendSeconds with the kernel's way to the receiver
   * @param receiveSeconds into a buffer
   */
  record Cost(double sendSeconds, double receiveSeconds) {}

  private Datagrams() {}

  /** Measures on the loopback interface. */
  static Cost measure() throws IOException {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    double[] send = new double[BURSTS];
    double[] receive = new double[BURSTS];
    ByteBuffer buffer = ByteBuffer.allocateDirect(SHORT);
    try (DatagramChannel from = DatagramChannel.open();
        DatagramChannel to = DatagramChannel.open()) {
      to.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      to.configureBlocking(false);
      SocketAddress target = to.getLocalAddress();
      for (int burst = -WARM_UP; burst < BURSTS; burst++) {
        long begin = threads.getCurrentThreadCpuTime();
        for (int i = 0; i < BURST; i++) {
          from.send(buffer.clear(), target);
        }
        long sent = threads.getCurrentThreadCpuTime();
        int received = 0;
        while (to.receive(buffer.clear()) != null) {
          received++;
        }
        if (burst >= 0) {
          send[burst] = (sent - begin) / 1e9 / BURST;
          receive[burst] = (threads.getCurrentThreadCpuTime() - sent) / 1e9 / Math.max(1, received);
        }
      }
    }
    return new Cost(Timings.median(send), Timings.median(receive));
  }
}
