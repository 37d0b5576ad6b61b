package dev.ect.spark.cli;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** Sends packets of random bytes to UDP sockets, again and again, until it is closed. */
final class Stranger implements AutoCloseable {
  private static final int LONGEST = 1500;
  private static final long PAUSE_NANOS = 1_000_000;

  private final List<OpenSocket> targets;
  private final AtomicLong sent = new AtomicLong();
  private final Thread thread = new Thread(this::send, "stranger");
  private volatile boolean closed;

  Stranger(List<OpenSocket> targets) {
    this.targets = targets;
    thread.start();
  }

  private void send() {
    Random random = new Random(0);
    try (DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      while (!closed) {
        for (OpenSocket target : targets) {
          byte[] bytes = new byte[random.nextInt(LONGEST)];
          random.nextBytes(bytes);
          socket.send(new DatagramPacket(bytes, bytes.length, target.local()));
          sent.incrementAndGet();
        }
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    } catch (IOException e) {
      // Too few packets were sent then, which is for the test to judge.
    }
  }

  /** Packets so far. */
  long sent() {
    return sent.get();
  }

  @Override
  public void close() throws InterruptedException {
    closed = true;
    thread.join();
  }
}
