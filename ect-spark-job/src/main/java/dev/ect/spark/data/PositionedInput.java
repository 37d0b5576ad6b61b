package dev.ect.spark.data;

import dev.ect.model.io.RandomInput;
import java.io.EOFException;
import java.io.IOException;
import org.apache.hadoop.fs.FSDataInputStream;

/** A file of Hadoop's, read by position. */
record PositionedInput(String path, FSDataInputStream stream, long length) implements RandomInput {
  @Override
  public void readFully(long position, byte[] buffer, int offset, int count) throws IOException {
    try {
      stream.readFully(position, buffer, offset, count);
    } catch (EOFException e) {
      EOFException named =
          new EOFException(path + ": ends early; expected " + count + " bytes at " + position);
      named.initCause(e);
      throw named;
    }
  }

  @Override
  public void close() throws IOException {
    stream.close();
  }
}
