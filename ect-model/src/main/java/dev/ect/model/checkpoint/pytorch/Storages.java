package dev.ect.model.checkpoint.pytorch;

import java.io.IOException;

/** Finds the storages of a file. */
@FunctionalInterface
interface Storages {
  /**
   * The storage of an id, from its first element that is meant.
   *
   * @throws dev.ect.model.io.BadFileException if there is none, or it is smaller than the id says
   */
  Storage find(StorageId id) throws IOException;
}
