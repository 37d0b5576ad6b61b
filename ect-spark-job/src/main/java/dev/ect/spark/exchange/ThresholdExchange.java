package dev.ect.spark.exchange;

import dev.ect.model.engine.Tensor;
import dev.ect.spark.config.ExchangeConfig;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Updates in DL4J's threshold encoding: every rank sends the largest values of its part to every
 * other and keeps the rest for later; the sum of what was sent is the same bits on every rank.
 */
final class ThresholdExchange implements GradientExchange {
  private final Gather gather;
  private final ExchangeConfig.Threshold config;
  private ThresholdEncoder encoder;
  private Tensor update;

  /**
   * @param gather becomes the exchange's, and is closed with it
   */
  ThresholdExchange(Gather gather, ExchangeConfig.Threshold config) {
    this.gather = gather;
    this.config = config;
  }

  @Override
  public int rank() {
    return gather.rank();
  }

  @Override
  public int world() {
    return gather.world();
  }

  @Override
  public void begin(Tensor vector) {
    if (encoder == null) {
      encoder = new ThresholdEncoder(vector.elements(), config);
    }
    update = vector;
  }

  @Override
  public void ready(long from) {
    // Which values are large enough shows when all of them are there.
  }

  @Override
  public List<byte[]> finish(byte[] note) {
    byte[] encoded = encoder.encode(update);
    byte[] mine =
        ByteBuffer.allocate(Integer.BYTES + note.length + encoded.length)
            .putInt(note.length)
            .put(note)
            .put(encoded)
            .array();
    List<byte[]> notes = new ArrayList<>();
    List<byte[]> messages = new ArrayList<>();
    for (byte[] each : gather.gather(mine)) {
      ByteBuffer in = ByteBuffer.wrap(each);
      int length = in.remaining() < Integer.BYTES ? -1 : in.getInt();
      if (length < 0 || length > in.remaining()) {
        throw new ExchangeException(
            "damaged threshold message from rank "
                + notes.size()
                + ": "
                + each.length
                + " bytes with a note of "
                + length);
      }
      notes.add(take(in, length));
      messages.add(take(in, in.remaining()));
    }
    encoder.decode(messages, update);
    update = null;
    return notes;
  }

  private static byte[] take(ByteBuffer in, int length) {
    byte[] bytes = new byte[length];
    in.get(bytes);
    return bytes;
  }

  @Override
  public List<byte[]> gather(byte[] mine) {
    return gather.gather(mine);
  }

  @Override
  public Traffic traffic() {
    return gather.traffic();
  }

  @Override
  public long waitedNanos() {
    return gather.waitedNanos();
  }

  @Override
  public void abort(String reason) {
    gather.abort(reason);
  }

  @Override
  public void close() {
    try (gather) {
      if (encoder != null) {
        encoder.close();
      }
    }
  }
}
