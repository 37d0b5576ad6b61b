package dev.ect.spark.exchange;

import io.aeron.Image;
import io.aeron.Subscription;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.LongPredicate;
import java.util.function.Supplier;

/**
 * Receives the frames of one stream. A sender's session begins with a sealed {@link
 * FrameKind#HELLO}; one that begins with anything else is a stranger's and is not read any more, so
 * that Aeron's flow control stops it and nothing is ever put together for it. For one thread.
 */
final class FrameReader implements AutoCloseable {
  private static final int FRAGMENTS_PER_IMAGE = 64;
  private static final long SWEEP_NANOS = 1_000_000_000L;

  /** What the reader knows about the node it belongs to. */
  record Owner(byte[] secret, String address, Drops drops, LongAdder bytesReceived) {}

  /** What becomes of frames. */
  interface Sink extends Consumer<IncomingFrame> {
    /** Frames of a sender are missing and will not come. */
    default void lost(long sender, long expected, long found) {}
  }

  private final Subscription subscription;
  private final Owner owner;
  private final int stream;
  private final int maxPayload;
  private final Supplier<byte[]> buffers;
  private final Consumer<byte[]> giveBack;
  private final LongPredicate isSender;
  private final Sink sink;
  private final Map<Long, FrameSession> sessions = new HashMap<>();
  private final Map<Long, Sender> senders = new HashMap<>();
  private long nextSweep = System.nanoTime() + SWEEP_NANOS;

  /** How far a sender has come. */
  static final class Sender {
    private int session;
    private long next;

    private Sender(int session) {
      this.session = session;
    }
  }

  /**
   * @param maxPayload longest payload in bytes
   * @param pool of buffers that long, or null for one of its own for each payload
   * @param isSender the senders to be accepted
   */
  FrameReader(
      Subscription subscription,
      Owner owner,
      int maxPayload,
      BufferPool pool,
      LongPredicate isSender,
      Sink sink) {
    this.subscription = subscription;
    this.owner = owner;
    stream = subscription.streamId();
    this.maxPayload = maxPayload;
    buffers = pool == null ? null : pool::take;
    giveBack = pool == null ? null : pool::give;
    this.isSender = isSender;
    this.sink = sink;
  }

  /**
   * Reads what has arrived.
   *
   * @return number of fragments
   */
  int poll() {
    int fragments = 0;
    for (int i = 0, n = subscription.imageCount(); i < n; i++) {
      Image image = subscription.imageAtIndex(i);
      FrameSession session =
          sessions.computeIfAbsent(
              image.correlationId(), id -> new FrameSession(this, image, newSeal()));
      if (!session.isStranger()) {
        fragments += image.poll(session, FRAGMENTS_PER_IMAGE);
      }
    }
    long now = System.nanoTime();
    if (now - nextSweep > 0) {
      nextSweep = now + SWEEP_NANOS;
      sessions.values().removeIf(FrameSession::isGone);
    }
    return fragments;
  }

  private Seal newSeal() {
    return new Seal(owner.secret(), owner.address(), stream);
  }

  int maxPayload() {
    return maxPayload;
  }

  byte[] take(int length) {
    return buffers == null || length == 0 ? new byte[length] : buffers.get();
  }

  void give(byte[] buffer) {
    if (giveBack != null) {
      giveBack.accept(buffer);
    }
  }

  /** Whether a session may go on without a greeting, having lost its image for a while. */
  boolean isBound(long sender, int session) {
    Sender known = senders.get(sender);
    return known != null && known.session == session;
  }

  /** Takes a frame whose tag is right. Returns whether its number was. */
  boolean accept(IncomingFrame frame, int session) {
    if (!isSender.test(frame.sender())) {
      return false;
    }
    Sender sender = senders.get(frame.sender());
    if (sender == null) {
      if (frame.kind() != FrameKind.HELLO || frame.sequence() != 0) {
        return false;
      }
      sender = new Sender(session);
      senders.put(frame.sender(), sender);
    }
    if (sender.session != session || frame.sequence() < sender.next) {
      return false;
    }
    if (frame.sequence() > sender.next) {
      sink.lost(frame.sender(), sender.next, frame.sequence());
      return false;
    }
    sender.next++;
    owner.bytesReceived().add(FrameHeader.BYTES + frame.length());
    sink.accept(frame);
    return true;
  }

  void drop(String why) {
    owner.drops().add(why);
  }

  @Override
  public void close() {
    subscription.close();
    sessions.clear();
    senders.clear();
  }
}
