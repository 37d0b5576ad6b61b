package dev.ect.spark.exchange;

import io.aeron.Image;
import io.aeron.logbuffer.FragmentHandler;
import io.aeron.logbuffer.FrameDescriptor;
import io.aeron.logbuffer.Header;
import org.agrona.DirectBuffer;

/** Puts the frames of one Aeron session together and checks them. */
final class FrameSession implements FragmentHandler {
  private final FrameReader reader;
  private final Image image;
  private final Seal seal;
  private final byte[] header = new byte[FrameHeader.BYTES];
  private byte[] payload;
  private int filled;
  private boolean bound;
  private boolean stranger;

  FrameSession(FrameReader reader, Image image, Seal seal) {
    this.reader = reader;
    this.image = image;
    this.seal = seal;
  }

  /** Whether it must not be read any more. */
  boolean isStranger() {
    return stranger;
  }

  boolean isGone() {
    if (image.isClosed()) {
      forget();
      return true;
    }
    return false;
  }

  @Override
  public void onFragment(DirectBuffer buffer, int offset, int length, Header fragment) {
    if (stranger) {
      // The rest of a batch.
      return;
    }
    byte flags = fragment.flags();
    boolean first = (flags & FrameDescriptor.BEGIN_FRAG_FLAG) != 0;
    boolean last = (flags & FrameDescriptor.END_FRAG_FLAG) != 0;
    if (first && !begin(buffer, offset, length, last)) {
      return;
    }
    if (!first && (payload == null || !append(buffer, offset, length))) {
      return;
    }
    if (last) {
      end();
    }
  }

  private boolean begin(DirectBuffer buffer, int offset, int length, boolean whole) {
    forget();
    if (length < FrameHeader.BYTES) {
      return bad("too short for a frame");
    }
    buffer.getBytes(offset, header);
    int expected = FrameHeader.length(header);
    FrameKind kind = FrameHeader.kind(header);
    if (!FrameHeader.isFrame(header) || kind == null) {
      return bad("not a frame");
    }
    if (expected < 0 || expected > reader.maxPayload()) {
      return bad("a payload of " + expected + " bytes; expected at most " + reader.maxPayload());
    }
    if (!bound
        && !(kind == FrameKind.HELLO && expected == 0 && whole)
        && !reader.isBound(FrameHeader.sender(header), image.sessionId())) {
      return bad("no greeting");
    }
    payload = reader.take(expected);
    seal.begin(header);
    return append(buffer, offset + FrameHeader.BYTES, length - FrameHeader.BYTES);
  }

  private boolean append(DirectBuffer buffer, int offset, int length) {
    if (length > FrameHeader.length(header) - filled) {
      return bad("longer than it says");
    }
    buffer.getBytes(offset, payload, filled, length);
    seal.update(payload, filled, length);
    filled += length;
    return true;
  }

  private void end() {
    if (filled != FrameHeader.length(header)) {
      bad("shorter than it says");
    } else if (!seal.isGenuine(header)) {
      bad("its seal is wrong");
    } else {
      byte[] complete = payload;
      payload = null;
      filled = 0;
      if (reader.accept(new IncomingFrame(header, complete), image.sessionId())) {
        bound = true;
      } else {
        payload = complete;
        bad("not the next one of a sender of this run");
      }
    }
  }

  /** Drops the frame, and everything that follows from one who has not sent a good one yet. */
  private boolean bad(String why) {
    forget();
    stranger = !bound;
    reader.drop("from " + image.sourceIdentity() + ": " + why);
    return false;
  }

  private void forget() {
    if (payload != null) {
      reader.give(payload);
      payload = null;
    }
    filled = 0;
  }
}
