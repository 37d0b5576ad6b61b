package dev.ect.model.io;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Fingerprints by SHA-256. */
public final class Sha256 {
  /** Values that are on the host at a time. */
  private static final int BLOCK = 1 << 20;

  private Sha256() {}

  /** Gives the elements of a vector, piece by piece in rising order. */
  @FunctionalInterface
  public interface Floats {
    /**
     * Fills all that remains of {@code into}.
     *
     * @param from number of the first element wanted
     */
    void read(long from, FloatBuffer into);
  }

  /** A new digest. */
  public static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java runtime has SHA-256", e);
    }
  }

  /** As 64 hexadecimal digits in lower case. */
  public static String hex(byte[] digest) {
    return HexFormat.of().formatHex(digest);
  }

  /** Of a file's content, as {@link #hex}. */
  public static String ofFile(Store store, String path) throws IOException {
    MessageDigest digest = digest();
    try (InputStream in = new DigestInputStream(store.open(path), digest)) {
      in.transferTo(OutputStream.nullOutputStream());
    }
    return hex(digest.digest());
  }

  /** Of float32 bits, little-endian. */
  public static byte[] ofFloats(long size, Floats values) {
    MessageDigest digest = digest();
    int block = (int) Math.min(BLOCK, size);
    ByteBuffer bytes = ByteBuffer.allocate(block * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    FloatBuffer floats = bytes.asFloatBuffer();
    for (long from = 0; from < size; from += block) {
      int count = (int) Math.min(block, size - from);
      values.read(from, floats.clear().limit(count));
      digest.update(bytes.clear().limit(count * Float.BYTES));
    }
    return digest.digest();
  }
}
