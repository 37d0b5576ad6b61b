package dev.ect.spark.exchange;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Tags frames to one receiver with HMAC-SHA256 over header, stream, receiver and payload. For one
 * thread.
 */
final class Seal {
  /** Bytes of a run's secret. */
  static final int SECRET_BYTES = 32;

  private static final String ALGORITHM = "HmacSHA256";

  private final Mac mac;
  private final byte[] address;

  /**
   * @param receiver channel of the frames' receiver
   * @param stream Aeron stream they travel in
   */
  Seal(byte[] secret, String receiver, int stream) {
    try {
      mac = Mac.getInstance(ALGORITHM);
      mac.init(new SecretKeySpec(secret, ALGORITHM));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java lacks " + ALGORITHM, e);
    }
    byte[] name = receiver.getBytes(StandardCharsets.UTF_8);
    address = ByteBuffer.allocate(Integer.BYTES + name.length).putInt(stream).put(name).array();
  }

  /** Begins a frame. */
  void begin(byte[] header) {
    mac.reset();
    mac.update(header, 0, FrameHeader.TAG);
    mac.update(address);
  }

  /** Goes on with some of its payload. */
  void update(byte[] payload, int offset, int length) {
    mac.update(payload, offset, length);
  }

  /** Ends the frame and writes its tag to the header. */
  void sign(byte[] header) {
    System.arraycopy(mac.doFinal(), 0, header, FrameHeader.TAG, FrameHeader.TAG_BYTES);
  }

  /** Ends the frame and compares the tag in its header. */
  boolean isGenuine(byte[] header) {
    byte[] tag = new byte[FrameHeader.TAG_BYTES];
    System.arraycopy(header, FrameHeader.TAG, tag, 0, tag.length);
    return MessageDigest.isEqual(mac.doFinal(), tag);
  }
}
