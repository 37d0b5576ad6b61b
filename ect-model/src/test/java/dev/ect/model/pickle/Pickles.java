package dev.ect.model.pickle;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Makes pickles by hand. */
final class Pickles {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  /** Opcodes and their arguments as Latin-1. */
  Pickles put(String latin1) {
    bytes.writeBytes(latin1.getBytes(StandardCharsets.ISO_8859_1));
    return this;
  }

  Pickles put(String latin1, int times) {
    return put(latin1.repeat(times));
  }

  Pickles u4(long value) {
    bytes.writeBytes(little(Integer.BYTES).putInt((int) value).array());
    return this;
  }

  Pickles i8(long value) {
    bytes.writeBytes(little(Long.BYTES).putLong(value).array());
    return this;
  }

  /** A text by BINUNICODE. */
  Pickles text(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    put("X").u4(utf8.length);
    bytes.writeBytes(utf8);
    return this;
  }

  private static ByteBuffer little(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  byte[] bytes() {
    return bytes.toByteArray();
  }

  /** Reads it with the STOP that it lacks. */
  Object read() throws IOException {
    return pickle().root();
  }

  Pickle pickle() throws IOException {
    return read(put(".").bytes());
  }

  static Pickle read(byte[] bytes) throws IOException {
    return Unpickler.read("x.pkl", new BytesInput(bytes), 0, bytes.length);
  }
}
