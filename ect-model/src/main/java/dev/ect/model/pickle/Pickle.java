package dev.ect.model.pickle;

import dev.ect.model.io.BadFileException;
import java.util.SortedSet;

/**
 * One pickle, read by {@link Unpickler}.
 *
 * @param root the object, see {@link Unpickler}
 * @param end position in the file after the pickle
 * @param unknownNames names of classes and functions that the object refers to and that are not on
 *     the closed list of those understood as data, such as {@code os.system}
 */
public record Pickle(Object root, long end, SortedSet<String> unknownNames) {
  /**
   * Refuses a pickle that refers to anything off the closed list.
   *
   * @param file its path for the message
   * @throws BadFileException one line that names every unknown name
   */
  public void requireKnown(String file) throws BadFileException {
    if (!unknownNames.isEmpty()) {
      throw new BadFileException(
          file,
          "refers to "
              + String.join(", ", unknownNames)
              + ", which "
              + (unknownNames.size() == 1 ? "is" : "are")
              + " not known as data; nothing in a pickle is executed, so save plain tensors instead");
    }
  }

  /** Without the object, which may hold itself. */
  @Override
  public String toString() {
    return "pickle that ends at byte " + end;
  }
}
