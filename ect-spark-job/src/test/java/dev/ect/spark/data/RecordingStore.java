package dev.ect.spark.data;

import dev.ect.model.io.RandomInput;
import dev.ect.spark.ForwardingStore;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/** The machine's own files, with a record of what was opened and read. */
class RecordingStore extends ForwardingStore {
  /** Bytes read by position. */
  record Range(long position, int count) {
    long end() {
      return position + count;
    }
  }

  /** Files opened from their start, in order. */
  final List<String> opened = new CopyOnWriteArrayList<>();

  /** Files opened for reading by position, in order. */
  final List<String> openedRandom = new CopyOnWriteArrayList<>();

  /** What was read by position, in order. */
  final List<Range> ranges = new CopyOnWriteArrayList<>();

  /** All bytes read. */
  final AtomicLong bytes = new AtomicLong();

  @Override
  public InputStream open(String path) throws IOException {
    opened.add(path);
    return new FilterInputStream(super.open(path)) {
      @Override
      public int read() throws IOException {
        int b = super.read();
        bytes.addAndGet(b < 0 ? 0 : 1);
        return b;
      }

      @Override
      public int read(byte[] buffer, int offset, int length) throws IOException {
        int count = super.read(buffer, offset, length);
        bytes.addAndGet(Math.max(count, 0));
        return count;
      }
    };
  }

  @Override
  public RandomInput openRandom(String path) throws IOException {
    openedRandom.add(path);
    RandomInput input = super.openRandom(path);
    return new RandomInput() {
      @Override
      public long length() {
        return input.length();
      }

      @Override
      public void readFully(long position, byte[] buffer, int offset, int count)
          throws IOException {
        ranges.add(new Range(position, count));
        bytes.addAndGet(count);
        input.readFully(position, buffer, offset, count);
      }

      @Override
      public void close() throws IOException {
        input.close();
      }
    };
  }
}
