package dev.ect.model.engine;

/**
 * Makes engines of one kind; found by {@link java.util.ServiceLoader}. Constructing a provider and
 * asking its name loads nothing native, so that a Spark driver without natives or GPU can list
 * providers.
 */
public interface EngineProvider {
  /** The name in configurations: {@code nd4j}, {@code torch}. */
  String name();

  /** The larger one wins where the configuration says {@code auto}. */
  int priority();

  /**
   * Loads the native library and opens an engine. The caller closes it.
   *
   * @throws EngineUnavailableException if the native library does not load here, or cannot do what
   *     the options ask; the message says why in one line
   */
  Engine open(EngineOptions options);
}
