package dev.ect.spark.exchange;

import dev.ect.model.engine.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Every value, summed by LibTorch's Gloo in a ring: each rank sends and receives {@code 2 (n - 1) /
 * n} of the vector, and the sum of a value is made by one rank, so that all have the same bits.
 * Everything but the gradients travels between the {@link Peers}.
 */
final class GlooExchange implements GradientExchange {
  /** Values copied at a time. */
  private static final int SPAN = 1 << 22;

  private final Peers peers;
  private final GlooGroup group;
  private Tensor gradient;
  private long bytes;

  /**
   * @param peers become the exchange's, and are closed with it
   * @param group too
   */
  GlooExchange(Peers peers, GlooGroup group) {
    this.peers = peers;
    this.group = group;
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
  }

  @Override
  public void ready(long from) {
    // Gloo sums whole vectors.
  }

  @Override
  public List<byte[]> finish(byte[] note) {
    long length = gradient.elements();
    group.reserve(length);
    for (long from = 0; from < length; from += SPAN) {
      gradient.read(from, group.values(from, (int) Math.min(SPAN, length - from)));
    }
    // Gloo waits for a peer no longer than the timeout: it begins when all are there.
    List<byte[]> notes = meet(length, note);
    if (length > 0) {
      group.sum(length);
      bytes += 2L * (world() - 1) * length * Float.BYTES / world();
    }
    for (long from = 0; from < length; from += SPAN) {
      gradient.write(from, group.values(from, (int) Math.min(SPAN, length - from)));
    }
    gradient = null;
    return notes;
  }

  private List<byte[]> meet(long length, byte[] note) {
    byte[] mine = ByteBuffer.allocate(Long.BYTES + note.length).putLong(length).put(note).array();
    List<byte[]> notes = new ArrayList<>();
    for (byte[] each : peers.gather(mine)) {
      ByteBuffer in = ByteBuffer.wrap(each);
      long theirs = each.length < Long.BYTES ? -1 : in.getLong();
      if (theirs != length) {
        throw new ExchangeException(
            "rank "
                + notes.size()
                + " has a gradient of "
                + theirs
                + " values, this rank one of "
                + length
                + ": they do not train the same");
      }
      byte[] rest = new byte[in.remaining()];
      in.get(rest);
      notes.add(rest);
    }
    return notes;
  }

  @Override
  public List<byte[]> gather(byte[] mine) {
    if (gradient != null) {
      throw new IllegalStateException("an exchange is under way; finish it first");
    }
    return peers.gather(mine);
  }

  /** {@inheritDoc} Gloo does not count: its part is what the ring needs, without headers. */
  @Override
  public Traffic traffic() {
    Traffic sealed = peers.traffic();
    return new Traffic(
        sealed.bytesSent() + bytes, sealed.bytesReceived() + bytes, sealed.framesDropped());
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
    try (peers) {
      group.close();
    }
  }
}
