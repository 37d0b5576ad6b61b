package dev.ect.spark.exchange;

import io.aeron.ExclusivePublication;
import io.aeron.Publication;
import java.util.concurrent.atomic.LongAdder;
import org.agrona.concurrent.UnsafeBuffer;

/** The way to one receiver in one stream: numbers and seals frames. */
final class Connection implements AutoCloseable {
  private final ExclusivePublication publication;
  private final String receiver;
  private final long sender;
  private final Seal seal;
  private final LongAdder bytesSent;

  private final byte[] header = new byte[FrameHeader.BYTES];
  private final UnsafeBuffer headerBuffer = new UnsafeBuffer(header);
  private final UnsafeBuffer payloadBuffer = new UnsafeBuffer(new byte[0]);
  private long sequence;
  private OutgoingFrame sealed;

  Connection(
      ExclusivePublication publication,
      String receiver,
      long sender,
      Seal seal,
      LongAdder bytesSent) {
    this.publication = publication;
    this.receiver = receiver;
    this.sender = sender;
    this.seal = seal;
    this.bytesSent = bytesSent;
  }

  boolean isConnected() {
    return publication.isConnected();
  }

  /** Number of frames sent. */
  synchronized long sent() {
    return sequence;
  }

  /**
   * Sends a frame if there is room for it now. A frame that was refused keeps its seal and number
   * until it, or another in its place, is offered again.
   *
   * @return whether it was sent, and its payload released
   * @throws ExchangeException if the connection is closed
   */
  synchronized boolean offer(OutgoingFrame frame) {
    byte[] payload = frame.payload().bytes();
    if (!frame.equals(sealed)) {
      FrameHeader.write(header, frame, sender, sequence);
      seal.begin(header);
      seal.update(payload, 0, frame.length());
      seal.sign(header);
      sealed = frame;
    }
    long result;
    if (frame.length() == 0) {
      result = publication.offer(headerBuffer, 0, FrameHeader.BYTES);
    } else {
      payloadBuffer.wrap(payload);
      result =
          publication.offer(
              headerBuffer, 0, FrameHeader.BYTES, payloadBuffer, 0, frame.length(), null);
    }
    if (result > 0) {
      sequence++;
      sealed = null;
      bytesSent.add(FrameHeader.BYTES + frame.length());
      frame.payload().release();
      return true;
    }
    if (result == Publication.CLOSED || result == Publication.MAX_POSITION_EXCEEDED) {
      throw new ExchangeException("the connection to " + receiver + " is closed");
    }
    return false;
  }

  @Override
  public void close() {
    publication.close();
  }
}
