package dev.ect.spark.exchange;

import dev.ect.spark.config.ExchangeConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The other ranks of a run and what every encoding needs of them: frames in order, credits that
 * bound what is under way, bytes gathered from all, and one way to wait. Used by the thread that
 * trains; threads of its own send and receive.
 */
final class Peers implements Gather {
  /** Most bytes in a data frame: with the header, four datagrams of a loopback interface. */
  static final int CHUNK_BYTES = 261_632;

  private static final Logger LOG = LoggerFactory.getLogger(Peers.class);
  private static final int CONTROL_STREAM = SecureTransport.SERVER_STREAM + 1;
  private static final int DATA_STREAM = SecureTransport.SERVER_STREAM + 2;
  private static final int CONTROL_TERM = 1 << 19;
  private static final int MAX_CONTROL = CONTROL_TERM / 8 - FrameHeader.BYTES;

  /** Half of it is a window; with few peers all windows fit the socket's buffer. */
  private static final int DATA_TERM = 1 << 22;

  private static final int DATA_TERM_OF_MANY = 1 << 21;
  private static final int FEW = 3;

  /** Bytes of frames of a kind under way from, and to, all peers. */
  private static final int UNDER_WAY = 64 << 20;

  /** What the buffers hold, those to send and those received. */
  static final int POOL_BYTES = 2 * UNDER_WAY;

  private static final int LEAST_WINDOW = 4;
  private static final long PARK_NANOS = 20_000_000L;

  /** Between looks at something that does not say when it is done. */
  private static final long GLANCE_NANOS = 300_000L;

  /** Time to read what has come while this process itself stood still. */
  private static final long CATCH_UP_NANOS = 500_000_000L;

  private static final Duration FAREWELL = Duration.ofSeconds(3);
  private static final Duration LAST_WORD = Duration.ofMillis(500);

  private final SecureTransport transport;
  private final ExchangeConfig config;
  private final int rank;
  private final List<String> endpoints;
  private final BooleanSupplier cancelled;
  private final Runnable closeNode;
  private final Peer[] byRank;
  private final List<Peer> others = new ArrayList<>();
  private final BufferPool pool;
  private final PeerSender sender;
  private final AtomicLong events = new AtomicLong();
  private volatile Thread waiter;
  private long waitedNanos;
  private long round;
  private boolean suspected;
  private long suspectedNanos;
  private boolean aborted;
  private boolean closed;

  /**
   * @param cancelled whether to give up waiting
   * @param closeNode closes the transport
   */
  Peers(
      SecureTransport transport,
      ExchangeConfig config,
      int rank,
      List<String> endpoints,
      BooleanSupplier cancelled,
      Runnable closeNode) {
    this.transport = transport;
    this.config = config;
    this.rank = rank;
    this.endpoints = List.copyOf(endpoints);
    this.cancelled = cancelled;
    this.closeNode = closeNode;
    byRank = new Peer[endpoints.size()];
    pool = new BufferPool(CHUNK_BYTES, POOL_BYTES / CHUNK_BYTES);
    sender = new PeerSender(others, this::changed);
  }

  /**
   * Connects to all peers and waits until they have, too.
   *
   * @throws ExchangeException if one does not answer in time
   */
  void connect() {
    int links = endpoints.size() - 1;
    int dataTerm = dataTerm(links);
    try {
      AeronSettings.requireSpace(termLengths(links));
    } catch (IOException e) {
      throw new ExchangeException("cannot tell how much memory is free for the exchange", e);
    }
    int window = window(links);
    for (int i = 0; i < byRank.length; i++) {
      if (i != rank) {
        String endpoint = endpoints.get(i);
        byRank[i] =
            new Peer(
                i,
                endpoint,
                window,
                transport.connect(endpoint, CONTROL_STREAM, rank, CONTROL_TERM),
                transport.connect(endpoint, DATA_STREAM, rank, dataTerm));
        others.add(byRank[i]);
      }
    }
    transport.read(
        new FrameReader(
            transport.subscribe(CONTROL_STREAM),
            transport.owner(),
            MAX_CONTROL,
            null,
            this::isPeer,
            new Inbox(false)));
    transport.read(
        new FrameReader(
            transport.subscribe(DATA_STREAM),
            transport.owner(),
            CHUNK_BYTES,
            pool,
            this::isPeer,
            new Inbox(true)));
    sender.start();
    await("joining", () -> others.stream().allMatch(Peer::isGreeted));
  }

  /** Most data frames of a kind under way to a peer. */
  static int window(int links) {
    return Math.max(LEAST_WINDOW, UNDER_WAY / CHUNK_BYTES / Math.max(1, links));
  }

  private static int dataTerm(int links) {
    return links > FEW ? DATA_TERM_OF_MANY : DATA_TERM;
  }

  /** Lengths of the terms of all logs: two each way with every peer. */
  static long termLengths(int links) {
    return 2L * links * (dataTerm(links) + CONTROL_TERM);
  }

  private boolean isPeer(long number) {
    return number >= 0 && number < byRank.length && number != rank;
  }

  /** Where the receiver's thread puts frames. */
  private final class Inbox implements FrameReader.Sink {
    private final boolean data;

    private Inbox(boolean data) {
      this.data = data;
    }

    @Override
    public void accept(IncomingFrame frame) {
      Peer peer = byRank[(int) frame.sender()];
      boolean expected = data ? peer.receiveData(frame) : peer.receiveControl(frame);
      if (!expected) {
        transport.drops().add("from " + peer + ": " + frame.kind() + " is not expected");
        peer.fail("has sent a frame that was not expected");
      }
      changed();
    }

    @Override
    public void lost(long sender, long expected, long found) {
      byRank[(int) sender].fail(
          "has become unreachable for a while: its frames "
              + expected
              + " to "
              + (found - 1)
              + " are lost");
      changed();
    }
  }

  @Override
  public int rank() {
    return rank;
  }

  @Override
  public int world() {
    return byRank.length;
  }

  /** The other ranks, in order. */
  List<Peer> others() {
    return others;
  }

  /** Another rank; null for this one. */
  Peer peer(int number) {
    return byRank[number];
  }

  /** Begins the next exchange. Returns its number, from 1, the same on all ranks. */
  long nextRound() {
    return ++round;
  }

  /** A buffer of {@link #CHUNK_BYTES} to send. */
  Payload buffer() {
    return Payload.from(pool);
  }

  /** Sends a data frame, for which there must be credit. */
  void send(Peer peer, OutgoingFrame frame) {
    peer.send(frame);
    sender.wake();
  }

  /** Sends bytes ahead of the data to all peers. */
  void sendNote(byte[] note) {
    if (note.length > MAX_CONTROL) {
      throw new IllegalArgumentException(
          "a note of " + note.length + " bytes; expected at most " + MAX_CONTROL);
    }
    for (Peer peer : others) {
      peer.sendControl(OutgoingFrame.of(FrameKind.NOTE, round, note));
    }
    sender.wake();
  }

  /** Takes the notes of this exchange off those that have come. Returns whether it found any. */
  boolean takeNotes(byte[][] notes) {
    boolean found = false;
    for (Peer peer : others) {
      IncomingFrame note = peer.peekNote();
      if (notes[peer.rank()] == null && note != null) {
        requireRound(peer, note);
        notes[peer.rank()] = Arrays.copyOf(note.payload(), note.length());
        peer.consumeNote();
        found = true;
      }
    }
    return found;
  }

  /**
   * The next data frame of a kind from a peer, or null.
   *
   * @throws ExchangeException if it belongs to another exchange than this rank's
   */
  IncomingFrame peek(Peer peer, FrameKind kind) {
    IncomingFrame frame = peer.peek(kind);
    if (frame != null) {
      requireRound(peer, frame);
    }
    return frame;
  }

  private void requireRound(Peer peer, IncomingFrame frame) {
    if (frame.round() != round) {
      throw parted(peer, frame);
    }
  }

  /** The error of a frame that does not belong where this rank is. */
  ExchangeException parted(Peer peer, IncomingFrame frame) {
    return new ExchangeException(
        peer
            + " is at exchange "
            + frame.round()
            + ", "
            + frame.kind()
            + " "
            + frame.offset()
            + " of "
            + frame.length()
            + " bytes; this rank is at exchange "
            + round
            + ": they do not train the same");
  }

  /** Ends the use of a data frame that {@link #peek} has returned. */
  void consume(Peer peer, FrameKind kind) {
    IncomingFrame frame = peer.peek(kind);
    peer.consume(kind);
    pool.give(frame.payload());
    sender.wake();
  }

  /**
   * Works until there is nothing left to do, waiting for the peers whenever there is nothing to do
   * now. Tells the peers if that fails.
   *
   * @param what for messages
   * @param step does what can be done now; returns whether it did anything
   * @param done whether all is done
   */
  void workUntil(String what, BooleanSupplier step, BooleanSupplier done) {
    workUntil(what, step, done, PARK_NANOS);
  }

  /**
   * Waits for something that goes on outside, as long as all peers are well. Tells them if that
   * fails.
   *
   * @param what for messages
   */
  void waitUntil(String what, BooleanSupplier done) {
    workUntil(what, () -> false, done, GLANCE_NANOS);
  }

  private void workUntil(String what, BooleanSupplier step, BooleanSupplier done, long parkNanos) {
    try {
      while (!done.getAsBoolean()) {
        long seen = events.get();
        if (!step.getAsBoolean() && !done.getAsBoolean()) {
          check(what);
          park(seen, parkNanos);
        }
      }
    } catch (RuntimeException e) {
      abort(String.valueOf(e.getMessage()));
      throw e;
    }
  }

  private void await(String what, BooleanSupplier done) {
    workUntil(what, () -> false, done);
  }

  private void changed() {
    events.incrementAndGet();
    LockSupport.unpark(waiter);
  }

  private void park(long seen, long nanos) {
    waiter = Thread.currentThread();
    try {
      if (events.get() == seen) {
        long begin = System.nanoTime();
        LockSupport.parkNanos(this, nanos);
        waitedNanos += System.nanoTime() - begin;
      }
    } finally {
      waiter = null;
    }
  }

  private void check(String what) {
    String where = what.isEmpty() ? "in exchange " + round : "while " + what;
    if (closed) {
      throw new ExchangeException("the exchange has been closed");
    }
    if (cancelled.getAsBoolean() || Thread.currentThread().isInterrupted()) {
      throw new ExchangeException("cancelled " + where);
    }
    Peer silent = null;
    long now = System.nanoTime();
    for (Peer peer : others) {
      if (peer.failure() != null) {
        throw new ExchangeException(peer + " " + peer.failure() + " (" + where + ")");
      }
      if (now - peer.heardNanos() > config.timeout().toNanos()) {
        silent = peer;
      }
    }
    if (silent == null) {
      suspected = false;
    } else if (!suspected) {
      suspected = true;
      suspectedNanos = now;
    } else if (now - suspectedNanos > CATCH_UP_NANOS) {
      throw new ExchangeException(
          silent
              + " has been silent for "
              + config.timeout().toSeconds()
              + " s "
              + where
              + "; its executor may have died or its UDP port may be closed: see its log");
    }
  }

  @Override
  public List<byte[]> gather(byte[] mine) {
    nextRound();
    byte[][] all = new byte[world()][];
    all[rank] = mine.clone();
    long[] sent = new long[world()];
    long[] got = new long[world()];
    Predicate<Peer> hasSent = p -> sent[p.rank()] >= Math.max(1, mine.length);
    Predicate<Peer> hasGot = p -> all[p.rank()] != null && got[p.rank()] == all[p.rank()].length;
    workUntil(
        "",
        () -> {
          boolean worked = false;
          for (Peer peer : others) {
            if (!hasSent.test(peer) && peer.maySend(FrameKind.GATHER)) {
              sent[peer.rank()] += sendPiece(peer, mine, (int) sent[peer.rank()]);
              worked = true;
            }
            IncomingFrame frame = hasGot.test(peer) ? null : peek(peer, FrameKind.GATHER);
            if (frame != null) {
              got[peer.rank()] += takePiece(all, got[peer.rank()], peer, frame);
              worked = true;
            }
          }
          return worked;
        },
        () -> others.stream().allMatch(hasSent.and(hasGot)));
    return List.of(all);
  }

  private int sendPiece(Peer peer, byte[] bytes, int from) {
    int length = Math.min(CHUNK_BYTES, bytes.length - from);
    Payload payload = length == 0 ? Payload.EMPTY : buffer();
    System.arraycopy(bytes, from, payload.bytes(), 0, length);
    send(peer, new OutgoingFrame(FrameKind.GATHER, round, from, bytes.length, payload, length));
    return Math.max(1, length);
  }

  private int takePiece(byte[][] all, long got, Peer peer, IncomingFrame frame) {
    int from = peer.rank();
    if (all[from] == null && frame.total() >= 0) {
      all[from] = new byte[frame.total()];
    }
    if (all[from] == null
        || frame.total() != all[from].length
        || frame.offset() != got
        || got + frame.length() > all[from].length) {
      throw parted(peer, frame);
    }
    System.arraycopy(frame.payload(), 0, all[from], (int) got, frame.length());
    int length = frame.length();
    consume(peer, FrameKind.GATHER);
    return length;
  }

  @Override
  public Traffic traffic() {
    return transport.traffic();
  }

  @Override
  public long waitedNanos() {
    return waitedNanos;
  }

  @Override
  public void abort(String reason) {
    if (aborted || closed) {
      return;
    }
    aborted = true;
    byte[] text = reason.getBytes(StandardCharsets.UTF_8);
    byte[] bounded = Arrays.copyOf(text, Math.min(text.length, MAX_CONTROL));
    others.forEach(peer -> peer.sendControl(OutgoingFrame.of(FrameKind.ABORT, round, bounded)));
    sender.wake();
    flush(LAST_WORD, peer -> peer.failure() != null || !peer.hasWork());
  }

  private void flush(Duration patience, Predicate<Peer> done) {
    long deadline = System.nanoTime() + patience.toNanos();
    while (!others.stream().allMatch(done) && System.nanoTime() - deadline < 0) {
      if (cancelled.getAsBoolean() || Thread.currentThread().isInterrupted()) {
        return;
      }
      sender.wake();
      LockSupport.parkNanos(PARK_NANOS / 20);
    }
  }

  /** Leaves when the peers have what was sent to them, and closes the node. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    if (!aborted) {
      boolean[] said = new boolean[world()];
      flush(
          FAREWELL,
          peer -> {
            if (!said[peer.rank()]) {
              said[peer.rank()] = peer.leave();
            }
            return peer.isLeaveSeen();
          });
    }
    closed = true;
    sender.close();
    others.forEach(Peer::close);
    closeNode.run();
    LOG.debug("rank {} has left: {}", rank, transport.drops().count());
  }
}
