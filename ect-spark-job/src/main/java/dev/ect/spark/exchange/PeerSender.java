package dev.ect.spark.exchange;

import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * The thread that seals and sends everything to the peers, and lets them know that this rank lives
 * while it computes. Never waits for one peer.
 */
final class PeerSender implements AutoCloseable {
  private static final long HEARTBEAT_NANOS = 1_000_000_000L;
  private static final long FULL_NANOS = 20_000L;
  private static final long IDLE_NANOS = 50_000_000L;
  private static final long END_MILLIS = 5_000;

  /** Frames to one peer before the next has its turn. */
  private static final int TURN = 4;

  private final List<Peer> peers;
  private final Runnable changed;
  private final Thread thread;
  private volatile boolean closing;

  /**
   * @param changed run when a peer was lost
   */
  PeerSender(List<Peer> peers, Runnable changed) {
    this.peers = peers;
    this.changed = changed;
    thread = new Thread(this::send, "exchange-sender");
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /** There is something to send. */
  void wake() {
    LockSupport.unpark(thread);
  }

  private void send() {
    long nextBeat = System.nanoTime();
    while (!closing) {
      long now = System.nanoTime();
      boolean beat = now - nextBeat >= 0;
      if (beat) {
        nextBeat = now + HEARTBEAT_NANOS;
      }
      boolean sent = false;
      boolean waiting = false;
      for (Peer peer : peers) {
        if (beat) {
          peer.beat();
        }
        sent |= pump(peer);
        waiting |= peer.hasWork();
      }
      if (!sent) {
        LockSupport.parkNanos(waiting ? FULL_NANOS : IDLE_NANOS);
      }
    }
  }

  private boolean pump(Peer peer) {
    try {
      boolean before = peer.failure() == null;
      boolean sent = peer.pump(TURN);
      if (before && peer.failure() != null) {
        changed.run();
      }
      return sent;
    } catch (RuntimeException e) {
      if (peer.failure() == null) {
        peer.fail("cannot be reached: " + e.getMessage());
        changed.run();
      }
      return false;
    }
  }

  @Override
  public void close() {
    closing = true;
    wake();
    boolean interrupted = Thread.interrupted();
    try {
      thread.join(END_MILLIS);
    } catch (InterruptedException e) {
      interrupted = true;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
