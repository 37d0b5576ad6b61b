package dev.ect.spark.tracking;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.util.PureJavaCrc32C;

/**
 * Reads event files with Google's Protocol Buffers and Hadoop's CRC-32C, neither of which writes
 * them.
 *
 * @param fields of the message
 */
record EventReader(UnknownFieldSet fields) {
  /** All events of a folder's files, in the order of the files' names. */
  static List<EventReader> folder(Path folder) throws IOException {
    List<EventReader> events = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.sorted().toList()) {
        events.addAll(read(Files.readAllBytes(file)));
      }
    }
    return events;
  }

  static List<EventReader> read(byte[] bytes) throws IOException {
    List<EventReader> events = new ArrayList<>();
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    while (in.hasRemaining()) {
      int at = in.position();
      int length = Math.toIntExact(in.getLong());
      assertEquals(masked(bytes, at, 8), in.getInt(), "checksum of a length");
      byte[] data = new byte[length];
      in.get(data);
      assertEquals(masked(data, 0, length), in.getInt(), "checksum of a message");
      events.add(new EventReader(UnknownFieldSet.parseFrom(data)));
    }
    return events;
  }

  /** As TensorFlow's {@code crc32c.h} has it. */
  private static int masked(byte[] bytes, int offset, int length) {
    PureJavaCrc32C crc = new PureJavaCrc32C();
    crc.update(bytes, offset, length);
    int value = (int) crc.getValue();
    return ((value >>> 15) | (value << 17)) + 0xa282ead8;
  }

  private static EventReader inside(ByteString bytes) {
    try {
      return new EventReader(UnknownFieldSet.parseFrom(bytes));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  boolean has(int field) {
    return fields.hasField(field);
  }

  EventReader message(int field) {
    return inside(fields.getField(field).getLengthDelimitedList().get(0));
  }

  List<EventReader> messages(int field) {
    return fields.getField(field).getLengthDelimitedList().stream()
        .map(EventReader::inside)
        .toList();
  }

  String text(int field) {
    return bytes(field).toStringUtf8();
  }

  ByteString bytes(int field) {
    return fields.getField(field).getLengthDelimitedList().get(0);
  }

  long number(int field) {
    return fields.getField(field).getVarintList().get(0);
  }

  double doubleValue(int field) {
    return Double.longBitsToDouble(fields.getField(field).getFixed64List().get(0));
  }

  float floatValue(int field) {
    return Float.intBitsToFloat(fields.getField(field).getFixed32List().get(0));
  }

  /** Step and value of every event of a tag that has numbers. */
  static List<String> scalars(List<EventReader> events, String tag) {
    List<String> found = new ArrayList<>();
    for (EventReader event : events) {
      for (EventReader value :
          event.has(5) ? event.message(5).messages(1) : List.<EventReader>of()) {
        if (value.text(1).equals(tag) && value.has(2)) {
          found.add(event.number(2) + ": " + value.floatValue(2));
        }
      }
    }
    return found;
  }

  /** Step and tag of every image. */
  static List<String> images(List<EventReader> events) {
    List<String> found = new ArrayList<>();
    for (EventReader event : events) {
      for (EventReader value :
          event.has(5) ? event.message(5).messages(1) : List.<EventReader>of()) {
        if (value.has(4)) {
          EventReader image = value.message(4);
          found.add(
              event.number(2)
                  + ": "
                  + value.text(1)
                  + " "
                  + image.number(2)
                  + "x"
                  + image.number(1)
                  + " "
                  + image.bytes(4).size());
        }
      }
    }
    return found;
  }
}
