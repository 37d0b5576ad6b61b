package dev.ect.spark.exchange;

import dev.ect.model.engine.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;

/**
 * Every value, summed exactly: a parameter server in shards. Rank {@code i} of {@code n} owns
 * values {@code [i L / n, (i + 1) L / n)} of a vector of {@code L}, receives the others' shares of
 * them, adds them in float32 in the order of the ranks, and sends the sums to all. Each rank sends
 * and receives {@code 2 (n - 1) / n} of the vector, whatever {@code n} is.
 */
final class DenseExchange implements GradientExchange {
  private static final int CHUNK = Peers.CHUNK_BYTES / Float.BYTES;

  private final Peers peers;
  private final float[] sum = new float[CHUNK];
  private final float[] share = new float[CHUNK];

  // The exchange under way.
  private Tensor gradient;
  private long length;
  private long round;
  private long readyFrom;
  private byte[][] notes;
  private final Piece[] pieces;

  /** A rank's part of the vector, in chunks from its end: gradients are ready from there. */
  private static final class Piece {
    private long from;

    /** Values before it are to be sent: to its owner, or summed if it is this rank's. */
    private long unsent;

    /** Sums of values before it are to come. */
    private long unsummed;

    private void set(long first, long end) {
      from = first;
      unsent = end;
      unsummed = end;
    }

    private int next(long end) {
      return (int) Math.min(CHUNK, end - from);
    }
  }

  DenseExchange(Peers peers) {
    this.peers = peers;
    pieces = new Piece[peers.world()];
    for (int i = 0; i < pieces.length; i++) {
      pieces[i] = new Piece();
    }
  }

  @Override
  public int rank() {
    return peers.rank();
  }

  @Override
  public int world() {
    return peers.world();
  }

  @Override
  public void begin(Tensor vector) {
    if (gradient != null) {
      throw new IllegalStateException("an exchange is under way; finish it first");
    }
    gradient = vector;
    length = vector.elements();
    readyFrom = length;
    for (int i = 0; i < pieces.length; i++) {
      pieces[i].set(length * i / world(), length * (i + 1) / world());
    }
    notes = new byte[world()][];
    round = peers.nextRound();
  }

  @Override
  public void ready(long from) {
    if (gradient == null || from < 0 || from > readyFrom) {
      throw new IllegalStateException(
          "ready from " + from + "; expected at most " + readyFrom + ", in an exchange");
    }
    readyFrom = from;
    while (sendShares()) {
      // As much as there is room for.
    }
  }

  @Override
  public List<byte[]> finish(byte[] note) {
    notes[rank()] = note.clone();
    peers.sendNote(note);
    ready(0);
    peers.workUntil("", this::step, this::isDone);
    gradient = null;
    return List.of(notes);
  }

  private boolean step() {
    // Sums first: they free what the peers wait for.
    boolean worked = takeSums();
    worked |= sumShares();
    worked |= sendShares();
    worked |= peers.takeNotes(notes);
    return worked;
  }

  private boolean isDone() {
    for (int i = 0; i < pieces.length; i++) {
      if (notes[i] == null || pieces[i].unsummed > pieces[i].from) {
        return false;
      }
    }
    return true;
  }

  /** Sends each peer the next chunk of this rank's share of its piece. */
  private boolean sendShares() {
    boolean worked = false;
    for (int i = 1; i < world(); i++) {
      int owner = (rank() + i) % world();
      Piece piece = pieces[owner];
      int values = piece.next(piece.unsent);
      long from = piece.unsent - values;
      if (values > 0 && from >= readyFrom && peers.peer(owner).maySend(FrameKind.PART)) {
        Payload payload = peers.buffer();
        gradient.read(from, floats(payload.bytes(), values));
        peers.send(peers.peer(owner), frame(FrameKind.PART, from, payload, values));
        piece.unsent = from;
        worked = true;
      }
    }
    return worked;
  }

  /** Adds the next chunk of all shares of this rank's piece. */
  private boolean sumShares() {
    Piece piece = pieces[rank()];
    int values = piece.next(piece.unsummed);
    if (values == 0) {
      return false;
    }
    long from = piece.unsummed - values;
    for (Peer peer : peers.others()) {
      IncomingFrame part = peers.peek(peer, FrameKind.PART);
      if (part == null || !peer.maySend(FrameKind.SUM)) {
        return false;
      }
      require(peer, part, from, values);
    }
    for (int i = 0; i < world(); i++) {
      float[] target = i == 0 ? sum : share;
      if (i == rank()) {
        gradient.read(from, FloatBuffer.wrap(target, 0, values));
      } else {
        Peer peer = peers.peer(i);
        floats(peers.peek(peer, FrameKind.PART).payload(), values).get(target, 0, values);
        peers.consume(peer, FrameKind.PART);
      }
      if (i > 0) {
        for (int k = 0; k < values; k++) {
          sum[k] += share[k];
        }
      }
    }
    gradient.write(from, FloatBuffer.wrap(sum, 0, values));
    Payload payload = peers.buffer();
    floats(payload.bytes(), values).put(sum, 0, values);
    for (Peer peer : peers.others()) {
      peers.send(peer, frame(FrameKind.SUM, from, payload.retain(), values));
    }
    payload.release();
    piece.unsummed = from;
    return true;
  }

  /** Writes the sums that have come. */
  private boolean takeSums() {
    boolean worked = false;
    for (Peer peer : peers.others()) {
      Piece piece = pieces[peer.rank()];
      int values = piece.next(piece.unsummed);
      IncomingFrame frame = values == 0 ? null : peers.peek(peer, FrameKind.SUM);
      if (frame != null) {
        long from = piece.unsummed - values;
        require(peer, frame, from, values);
        gradient.write(from, floats(frame.payload(), values));
        peers.consume(peer, FrameKind.SUM);
        piece.unsummed = from;
        worked = true;
      }
    }
    return worked;
  }

  private OutgoingFrame frame(FrameKind kind, long from, Payload payload, int values) {
    return new OutgoingFrame(kind, round, from, values, payload, values * Float.BYTES);
  }

  private void require(Peer peer, IncomingFrame frame, long from, int values) {
    if (frame.offset() != from || frame.length() != values * Float.BYTES) {
      throw peers.parted(peer, frame);
    }
  }

  private static FloatBuffer floats(byte[] bytes, int values) {
    return ByteBuffer.wrap(bytes, 0, values * Float.BYTES)
        .order(ByteOrder.LITTLE_ENDIAN)
        .asFloatBuffer();
  }

  @Override
  public List<byte[]> gather(byte[] mine) {
    if (gradient != null) {
      throw new IllegalStateException("an exchange is under way; finish it first");
    }
    return peers.gather(mine);
  }

  @Override
  public Traffic traffic() {
    return peers.traffic();
  }

  @Override
  public long waitedNanos() {
    return peers.waitedNanos();
  }

  @Override
  public void abort(String reason) {
    peers.abort(reason);
  }

  @Override
  public void close() {
    peers.close();
  }
}
