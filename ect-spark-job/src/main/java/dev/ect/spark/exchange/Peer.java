package dev.ect.spark.exchange;

import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Another rank: what is to be sent to it, what has come from it, and how it is. Frames come in on
 * the receiver's thread, go out on the sender's, and are used on the thread that trains.
 */
final class Peer {
  /** Credits go back in batches of this share of the window. */
  private static final int BATCHES = 4;

  /** A peer is at most an exchange ahead. */
  private static final int MAX_NOTES = 16;

  private final int rank;
  private final String endpoint;
  private final int window;
  private final Connection control;
  private final Connection data;
  private final Queue<OutgoingFrame> controlOut = new ConcurrentLinkedQueue<>();
  private final Queue<OutgoingFrame> dataOut = new ConcurrentLinkedQueue<>();
  private final Queue<IncomingFrame> notes = new ConcurrentLinkedQueue<>();
  private final Map<FrameKind, Lane> lanes = new EnumMap<>(FrameKind.class);

  private volatile boolean controlGreeted;
  private volatile boolean dataGreeted;
  private volatile long heardNanos = System.nanoTime();

  /** A peer that has left is missed only if this rank still waits for others then. */
  private static final long GRACE_NANOS = 2_000_000_000L;

  private volatile String failure;
  private volatile long dataFrames;
  private volatile long leavesAfter = -1;
  private volatile boolean left;
  private volatile long leftNanos;
  private volatile boolean leaveSeen;

  /** The frames of one kind. */
  private static final class Lane {
    private final Queue<IncomingFrame> in = new ConcurrentLinkedQueue<>();
    private final AtomicInteger waiting = new AtomicInteger();
    private final AtomicInteger credit;
    private int used;

    private Lane(int window) {
      credit = new AtomicInteger(window);
    }
  }

  /**
   * @param window most data frames of a kind under way, in each direction
   */
  Peer(int rank, String endpoint, int window, Connection control, Connection data) {
    this.rank = rank;
    this.endpoint = endpoint;
    this.window = window;
    this.control = control;
    this.data = data;
    for (FrameKind kind : FrameKind.DATA) {
      lanes.put(kind, new Lane(window));
    }
    controlOut.add(OutgoingFrame.of(FrameKind.HELLO));
    dataOut.add(OutgoingFrame.of(FrameKind.HELLO));
  }

  int rank() {
    return rank;
  }

  @Override
  public String toString() {
    return "rank " + rank + " (" + endpoint + ")";
  }

  // The thread that trains.

  boolean maySend(FrameKind kind) {
    return lanes.get(kind).credit.get() > 0;
  }

  /** Sends a data frame, for which there must be credit. */
  void send(OutgoingFrame frame) {
    lanes.get(frame.kind()).credit.decrementAndGet();
    dataOut.add(frame);
  }

  void sendControl(OutgoingFrame frame) {
    controlOut.add(frame);
  }

  /** The next data frame of a kind, or null. */
  IncomingFrame peek(FrameKind kind) {
    return lanes.get(kind).in.peek();
  }

  /** Ends the use of the next data frame of a kind, whose payload the caller gives back. */
  void consume(FrameKind kind) {
    Lane lane = lanes.get(kind);
    lane.in.remove();
    lane.waiting.decrementAndGet();
    lane.used++;
    if (lane.used >= Math.max(1, window / BATCHES)) {
      controlOut.add(
          new OutgoingFrame(FrameKind.CREDIT, 0, kind.code(), lane.used, Payload.EMPTY, 0));
      lane.used = 0;
    }
  }

  /** The next note, or null. */
  IncomingFrame peekNote() {
    return notes.peek();
  }

  void consumeNote() {
    notes.remove();
  }

  boolean isGreeted() {
    return controlGreeted && dataGreeted;
  }

  long heardNanos() {
    return heardNanos;
  }

  /** Why nothing more comes from this peer, or null. */
  String failure() {
    if (failure == null && left && System.nanoTime() - leftNanos > GRACE_NANOS) {
      return "has closed its exchange";
    }
    return failure;
  }

  void fail(String reason) {
    if (failure == null) {
      failure = reason;
    }
  }

  /** Whether all this rank has sent before it leaves has arrived. */
  boolean isLeaveSeen() {
    return leaveSeen || left || failure != null;
  }

  // The receiver's thread.

  /** Returns whether the frame was expected; a data frame's payload then belongs to the queue. */
  boolean receiveData(IncomingFrame frame) {
    heardNanos = System.nanoTime();
    if (frame.kind() == FrameKind.HELLO) {
      dataGreeted = true;
      dataFrames = frame.sequence() + 1;
      return true;
    }
    Lane lane = lanes.get(frame.kind());
    if (lane == null || lane.waiting.get() >= window) {
      return false;
    }
    lane.waiting.incrementAndGet();
    lane.in.add(frame);
    dataFrames = frame.sequence() + 1;
    return true;
  }

  boolean receiveControl(IncomingFrame frame) {
    heardNanos = System.nanoTime();
    switch (frame.kind()) {
      case HELLO -> controlGreeted = true;
      case HEARTBEAT -> {}
      case NOTE -> {
        if (notes.size() >= MAX_NOTES) {
          return false;
        }
        notes.add(frame);
      }
      case CREDIT -> {
        FrameKind kind = FrameKind.of((int) frame.offset());
        if (kind == null || !kind.isData() || frame.total() < 1 || frame.total() > window) {
          return false;
        }
        lanes.get(kind).credit.addAndGet(frame.total());
      }
      case ABORT ->
          fail(
              "gave up: " + new String(frame.payload(), 0, frame.length(), StandardCharsets.UTF_8));
      case LEAVE -> leavesAfter = frame.offset();
      case LEAVE_SEEN -> leaveSeen = true;
      default -> {
        return false;
      }
    }
    return true;
  }

  // The sender's thread.

  /** Sends what there is room for. Returns whether anything was sent. */
  boolean pump(int mostData) {
    boolean sent = pump(controlOut, control, Integer.MAX_VALUE);
    sent |= pump(dataOut, data, mostData);
    if (!left && leavesAfter >= 0 && dataFrames >= leavesAfter) {
      leftNanos = System.nanoTime();
      left = true;
      controlOut.add(OutgoingFrame.of(FrameKind.LEAVE_SEEN));
    }
    return sent;
  }

  private static boolean pump(Queue<OutgoingFrame> queue, Connection connection, int most) {
    boolean sent = false;
    for (int i = 0; i < most; i++) {
      OutgoingFrame next = queue.peek();
      if (next == null || !connection.offer(next)) {
        break;
      }
      queue.remove();
      sent = true;
    }
    return sent;
  }

  void beat() {
    if (controlOut.isEmpty()) {
      controlOut.add(OutgoingFrame.of(FrameKind.HEARTBEAT));
    }
  }

  boolean hasWork() {
    return !controlOut.isEmpty() || !dataOut.isEmpty();
  }

  /**
   * Says that this rank leaves, once all its data has been sent. Returns whether it has said so.
   */
  boolean leave() {
    if (!dataOut.isEmpty()) {
      return false;
    }
    controlOut.add(new OutgoingFrame(FrameKind.LEAVE, 0, data.sent(), 0, Payload.EMPTY, 0));
    return true;
  }

  void close() {
    control.close();
    data.close();
    controlOut.clear();
    dataOut.clear();
    notes.clear();
    lanes.values().forEach(lane -> lane.in.clear());
  }
}
