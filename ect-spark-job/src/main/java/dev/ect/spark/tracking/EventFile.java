package dev.ect.spark.tracking;

import dev.ect.spark.report.PngHeader;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * Events of TensorBoard as TFRecords: each its length, the length's checksum, a message {@code
 * tensorflow.Event}, the message's checksum. Field numbers are those of TensorFlow's {@code
 * event.proto}, {@code summary.proto} and {@code tensor.proto}.
 */
final class EventFile {
  private static final int RGB = 3;
  private static final int STRING = 7;
  private static final int START = 1;

  /** Added to a rotated checksum, because files with checksums are themselves summed. */
  private static final int MASK = 0xa282ead8;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /**
   * Begins a file.
   *
   * @param time seconds since 1970
   */
  EventFile(double time) {
    record(new ProtoWriter().fixed(1, time).text(3, "brain.Event:2"));
  }

  /**
   * Adds numbers.
   *
   * @param time seconds since 1970
   * @param step on TensorBoard's axis
   * @param values by their tags
   */
  void scalars(double time, long step, Map<String, Double> values) {
    ProtoWriter summary = new ProtoWriter();
    values.forEach(
        (tag, value) ->
            summary.message(1, new ProtoWriter().text(1, tag).fixed(2, value.floatValue())));
    summary(time, step, summary);
  }

  /** Adds an image of three channels. */
  void image(double time, long step, String tag, PngHeader size, byte[] png) {
    ProtoWriter image =
        new ProtoWriter()
            .varint(1, size.height())
            .varint(2, size.width())
            .varint(3, RGB)
            .bytes(4, png);
    ProtoWriter value = new ProtoWriter().text(1, tag).message(4, image);
    summary(time, step, new ProtoWriter().message(1, value));
  }

  /** Adds a text, which TensorBoard reads as Markdown. */
  void text(double time, long step, String tag, String text) {
    ProtoWriter shape = new ProtoWriter().message(2, new ProtoWriter().varint(1, 1));
    ProtoWriter tensor = new ProtoWriter().varint(1, STRING).message(2, shape).text(8, text);
    ProtoWriter metadata = new ProtoWriter().message(1, new ProtoWriter().text(1, "text"));
    ProtoWriter value = new ProtoWriter().text(1, tag).message(8, tensor).message(9, metadata);
    summary(time, step, new ProtoWriter().message(1, value));
  }

  /** Says that what was written for this step and later ones no longer counts. */
  void restart(double time, long step) {
    ProtoWriter session = new ProtoWriter().varint(1, START);
    record(new ProtoWriter().fixed(1, time).varint(2, step).message(7, session));
  }

  private void summary(double time, long step, ProtoWriter summary) {
    record(new ProtoWriter().fixed(1, time).varint(2, step).message(5, summary));
  }

  private void record(ProtoWriter event) {
    byte[] data = event.toBytes();
    byte[] length = littleEndian(Long.BYTES).putLong(data.length).array();
    out.writeBytes(length);
    out.writeBytes(checksum(length));
    out.writeBytes(data);
    out.writeBytes(checksum(data));
  }

  private static byte[] checksum(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    int masked = Integer.rotateRight((int) crc.getValue(), 15) + MASK;
    return littleEndian(Integer.BYTES).putInt(masked).array();
  }

  private static ByteBuffer littleEndian(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  byte[] toBytes() {
    return out.toByteArray();
  }
}
