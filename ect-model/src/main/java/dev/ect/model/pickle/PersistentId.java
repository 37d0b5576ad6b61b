package dev.ect.model.pickle;

/**
 * What a pickle refers to by a persistent id: something that lies outside the pickle, such as a
 * storage of torch.save. Equal only to itself.
 *
 * @param id any value
 */
public record PersistentId(Object id) {
  @Override
  public boolean equals(Object other) {
    return this == other;
  }

  @Override
  public int hashCode() {
    return System.identityHashCode(this);
  }

  @Override
  public String toString() {
    return "persistent id";
  }
}
