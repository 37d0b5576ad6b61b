package dev.ect.model.pickle;

import java.io.IOException;

/** Charges what a pickle asks for to its file's {@link PickleMemory}. */
final class Budget {
  /** Sizes on the heap, in bytes, rounded up; growing collections with their former arrays. */
  static final int OBJECT = 48;

  static final int LIST_ITEM = 16;
  static final int EMPTY_MAP = 160;
  static final int MAP_ENTRY = 64;
  static final int SLOT = 4;

  private final PickleSource source;
  private final PickleMemory memory;

  Budget(PickleSource source, PickleMemory memory) {
    this.source = source;
    this.memory = memory;
  }

  /** Takes bytes before they are allocated. */
  void take(long bytes) throws IOException {
    if (!memory.take(bytes)) {
      throw source.bad(
          "it asks for more than "
              + PickleMemory.FACTOR
              + " times the memory that the file of "
              + memory.fileLength()
              + " bytes takes");
    }
  }
}
