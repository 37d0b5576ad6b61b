package dev.ect.spark.report;

import dev.ect.model.io.BadFileException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32;

/**
 * Size of a PNG (W3C, 2003, section 5).
 *
 * @param width pixels, at least 1
 * @param height pixels, at least 1
 */
public record PngHeader(int width, int height) {
  private static final long SIGNATURE = 0x89504E470D0A1A0AL;
  private static final int IHDR = 0x49484452;
  private static final int IEND = 0x49454E44;
  private static final int CHUNK_OVERHEAD = 12;
  private static final int LARGEST = 1 << 16;

  /**
   * Reads the header, and checks that the file is whole: all chunks to the last one, with their
   * checksums.
   *
   * @param file named in errors
   * @throws BadFileException if it is no PNG, or damaged
   */
  public static PngHeader of(String file, byte[] encoded) throws BadFileException {
    ByteBuffer in = ByteBuffer.wrap(encoded);
    if (encoded.length < 8 || in.getLong(0) != SIGNATURE) {
      throw new BadFileException(file, "is not a PNG");
    }
    PngHeader header = null;
    int type = 0;
    for (int at = 8; type != IEND; ) {
      int room = encoded.length - at - CHUNK_OVERHEAD;
      int length = room < 0 ? -1 : in.getInt(at);
      if (length < 0 || length > room) {
        throw new BadFileException(file, "is damaged: it ends in the middle");
      }
      type = in.getInt(at + 4);
      CRC32 crc = new CRC32();
      crc.update(encoded, at + 4, length + 4);
      if ((int) crc.getValue() != in.getInt(at + 8 + length)) {
        throw new BadFileException(file, "is damaged: a checksum does not match");
      }
      if (at == 8) {
        if (type != IHDR || length != 13) {
          throw new BadFileException(file, "is damaged: it does not start with a header");
        }
        header = new PngHeader(in.getInt(16), in.getInt(20));
      }
      at += length + CHUNK_OVERHEAD;
    }
    if (header == null
        || Math.min(header.width, header.height) < 1
        || Math.max(header.width, header.height) > LARGEST) {
      throw new BadFileException(file, "has no size; expected 1 to " + LARGEST + " pixels");
    }
    return header;
  }
}
