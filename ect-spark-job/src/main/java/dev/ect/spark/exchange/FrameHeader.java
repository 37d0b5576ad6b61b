package dev.ect.spark.exchange;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** The layout of a frame's header, little-endian; the payload follows. */
final class FrameHeader {
  /** With the tag. */
  static final int BYTES = 80;

  static final int TAG = 48;
  static final int TAG_BYTES = BYTES - TAG;

  private static final int MAGIC_VALUE = 0x31544345; // ECT1
  private static final int MAGIC = 0;
  private static final int KIND = 4;
  private static final int SENDER = 8;
  private static final int SEQUENCE = 16;
  private static final int ROUND = 24;
  private static final int OFFSET = 32;
  private static final int LENGTH = 40;
  private static final int TOTAL = 44;

  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private FrameHeader() {}

  static void write(byte[] header, OutgoingFrame frame, long sender, long sequence) {
    INT.set(header, MAGIC, MAGIC_VALUE);
    INT.set(header, KIND, frame.kind().code());
    LONG.set(header, SENDER, sender);
    LONG.set(header, SEQUENCE, sequence);
    LONG.set(header, ROUND, frame.round());
    LONG.set(header, OFFSET, frame.offset());
    INT.set(header, LENGTH, frame.length());
    INT.set(header, TOTAL, frame.total());
  }

  static boolean isFrame(byte[] header) {
    return (int) INT.get(header, MAGIC) == MAGIC_VALUE;
  }

  /** Null for a code that is none. */
  static FrameKind kind(byte[] header) {
    return FrameKind.of((int) INT.get(header, KIND));
  }

  static long sender(byte[] header) {
    return (long) LONG.get(header, SENDER);
  }

  static long sequence(byte[] header) {
    return (long) LONG.get(header, SEQUENCE);
  }

  static long round(byte[] header) {
    return (long) LONG.get(header, ROUND);
  }

  static long offset(byte[] header) {
    return (long) LONG.get(header, OFFSET);
  }

  /** Bytes of payload. */
  static int length(byte[] header) {
    return (int) INT.get(header, LENGTH);
  }

  static int total(byte[] header) {
    return (int) INT.get(header, TOTAL);
  }
}
