package dev.ect.model.engine;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/** Finds and opens engines. */
public final class Engines {
  /** Takes the first provider, by priority, whose native library loads. */
  public static final String AUTO = "auto";

  private static final Logger LOG = LoggerFactory.getLogger(Engines.class);

  private Engines() {}

  /** The providers on the class path, best first. Loads nothing native. */
  public static List<EngineProvider> providers() {
    List<EngineProvider> providers = new ArrayList<>();
    ServiceLoader.load(EngineProvider.class, Engines.class.getClassLoader())
        .forEach(providers::add);
    providers.sort(Comparator.comparingInt(EngineProvider::priority).reversed());
    return providers;
  }

  /**
   * Opens an engine. The caller closes it.
   *
   * @param name {@code auto} or a provider's name
   * @throws IllegalArgumentException if no provider has that name
   * @throws EngineUnavailableException if the engine, or with {@code auto} every engine, cannot run
   *     here; one line says why
   */
  public static Engine open(String name, EngineOptions options) {
    List<EngineProvider> providers = providers();
    if (!name.equals(AUTO)) {
      return providers.stream()
          .filter(p -> p.name().equals(name))
          .findFirst()
          .orElseThrow(
              () ->
                  new IllegalArgumentException(
                      "engine is '"
                          + name
                          + "'; expected "
                          + AUTO
                          + " or one of "
                          + providers.stream()
                              .map(EngineProvider::name)
                              .collect(Collectors.joining(", "))))
          .open(options);
    }
    List<String> reasons = new ArrayList<>();
    for (EngineProvider provider : providers) {
      try {
        Engine engine = provider.open(options);
        // That another one would have been taken is news; that the first one was is not.
        LOG.atLevel(reasons.isEmpty() ? Level.DEBUG : Level.INFO)
            .log(
                "engine {} on {}, {}{}",
                engine.name(),
                engine.device(),
                engine.precision().id(),
                reasons.isEmpty() ? "" : " (" + String.join("; ", reasons) + ")");
        return engine;
      } catch (EngineUnavailableException e) {
        reasons.add(provider.name() + ": " + e.getMessage());
      }
    }
    throw new EngineUnavailableException("no engine runs here: " + String.join("; ", reasons));
  }
}
