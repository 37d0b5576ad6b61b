package dev.ect.spark.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigIncludeContext;
import com.typesafe.config.ConfigIncluder;
import com.typesafe.config.ConfigIncluderClasspath;
import com.typesafe.config.ConfigIncluderFile;
import com.typesafe.config.ConfigIncluderURL;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigResolveOptions;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import dev.ect.model.io.Addresses;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.StringReader;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Puts a configuration together: the documented defaults, then a file or bundled preset, then
 * {@code key=value} overrides; what comes later wins.
 */
public final class ConfigSources {
  /** The presets in the jar. */
  public static final List<String> PRESETS =
      List.of("demo", "cifar10", "cifar10-1hour", "imagenet64");

  private static final String COMMAND_LINE = "command line";

  private ConfigSources() {}

  /** Every key with its default, documented by the comments above it. */
  public static Config reference() {
    return resource("/dev/ect/spark/config/reference.conf", "reference.conf").resolve();
  }

  /**
   * A configuration file, or else a preset by its name.
   *
   * @param name path of a file, or the name of a preset with or without {@code .conf}
   * @throws UserError if there is neither, or it cannot be understood
   */
  public static Config file(String name) {
    Path path = Path.of(name);
    if (path.getFileName() == null) {
      throw missing(name, path);
    }
    if (Files.isRegularFile(path)) {
      try (Reader in = Files.newBufferedReader(path)) {
        return parse(in, name);
      } catch (IOException e) {
        throw new UserError(name + ": cannot be read: " + e.getMessage());
      }
    }
    String preset = path.getFileName().toString().replaceFirst("\\.conf$", "");
    boolean bare = path.getParent() == null || path.getParent().endsWith("conf");
    if (!bare || !PRESETS.contains(preset) || Files.exists(path)) {
      throw missing(name, path);
    }
    return resource("/conf/" + preset + ".conf", "conf/" + preset + ".conf");
  }

  private static UserError missing(String name, Path path) {
    return new UserError(
        name
            + (Files.exists(path) ? ": is not a file" : ": no such file")
            + "; expected a configuration file or one of the presets "
            + String.join(", ", PRESETS));
  }

  /**
   * A configuration from text, such as the one that a run directory keeps. It may come from
   * elsewhere: variables of this process's environment do not reach it.
   */
  public static Config text(String text, String origin) {
    return parse(new StringReader(text), origin, ConfigResolveOptions.noSystem());
  }

  /**
   * Overrides from the command line.
   *
   * @param overrides {@code key=value}; lists and quoted strings as in a configuration file
   * @throws UserError naming every one that has not that form
   */
  public static Config overrides(List<String> overrides) {
    List<String> problems = new ArrayList<>();
    Config config = overrides(overrides, problems);
    if (!problems.isEmpty()) {
      throw new UserError(problems);
    }
    return config;
  }

  /**
   * Overrides from the command line, less those that have not the form {@code key=value}.
   *
   * @param problems gets a line for every one that was left out
   */
  public static Config overrides(List<String> overrides, List<String> problems) {
    Config config = ConfigFactory.empty(COMMAND_LINE);
    for (String override : overrides) {
      int equals = override.indexOf('=');
      String key = equals < 0 ? "" : override.substring(0, equals).strip();
      if (!key.matches("[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*")) {
        problems.add(COMMAND_LINE + ": '" + override + "'; expected key=value");
        continue;
      }
      String text = override.substring(equals + 1).strip();
      try {
        ConfigValue value =
            text.matches("(?s)[\\[{\"].*")
                ? ConfigFactory.parseString("value = " + text, options(COMMAND_LINE))
                    .getValue("value")
                : ConfigValueFactory.fromAnyRef(text);
        ConfigValue placed = ConfigValueFactory.fromAnyRef(value.unwrapped(), COMMAND_LINE);
        config = config.withValue(key, placed);
      } catch (ConfigException e) {
        problems.add(COMMAND_LINE + ": " + key + " is " + text + "; expected a value");
      }
    }
    return config;
  }

  /**
   * Lays the sources over the defaults.
   *
   * @param sources the strongest first
   */
  public static Config merge(Config... sources) {
    Config merged = ConfigFactory.empty();
    for (Config source : sources) {
      merged = merged.withFallback(source);
    }
    return merged.withFallback(reference());
  }

  /** A line for every key that does not exist, with the one that was probably meant. */
  public static List<String> unknownKeys(Config config) {
    Set<String> known = keys(reference());
    List<String> problems = new ArrayList<>();
    for (Map.Entry<String, ConfigValue> entry : config.entrySet()) {
      String key = entry.getKey();
      if (!known.contains(key)) {
        boolean section = known.stream().anyMatch(k -> k.startsWith(key + "."));
        problems.add(
            ConfigReader.where(entry.getValue().origin())
                + (section
                    ? key + " is a section; expected keys inside it"
                    : "unknown key " + key + "; did you mean " + nearest(key, known) + "?"));
      }
    }
    problems.sort(Comparator.naturalOrder());
    return problems;
  }

  /** All keys of a configuration, as dotted paths. */
  public static Set<String> keys(Config config) {
    Set<String> keys = new TreeSet<>();
    config.entrySet().forEach(e -> keys.add(e.getKey()));
    return keys;
  }

  /** As text that {@link #text} reads back: addresses without their secrets. */
  public static String render(Config config) {
    return withoutSecrets(config)
        .root()
        .render(
            ConfigRenderOptions.defaults()
                .setOriginComments(false)
                .setComments(false)
                .setJson(false));
  }

  /** The given keys and sections of a configuration, those of them that it has. */
  public static Config only(Config config, List<String> paths) {
    Config taken = ConfigFactory.empty();
    for (String path : paths) {
      taken = config.hasPath(path) ? taken.withFallback(config.withOnlyPath(path)) : taken;
    }
    return taken;
  }

  /** As JSON on one line, for files that others see: addresses without their secrets. */
  public static String json(Config config) {
    return withoutSecrets(config).root().render(ConfigRenderOptions.concise());
  }

  private static Config withoutSecrets(Config config) {
    Config shown = config;
    for (Map.Entry<String, ConfigValue> entry : config.entrySet()) {
      if (entry.getValue().unwrapped() instanceof String text) {
        String hidden = Addresses.withPinOnly(text);
        if (!hidden.equals(text)) {
          shown = shown.withValue(entry.getKey(), ConfigValueFactory.fromAnyRef(hidden));
        }
      }
    }
    return shown;
  }

  private static String nearest(String unknown, Set<String> known) {
    // Other programs write P_mean and mid_t.
    String key = unknown.replace('_', '-').toLowerCase(Locale.ROOT);
    String leaf = key.substring(key.lastIndexOf('.') + 1);
    return known.stream()
        .min(
            Comparator.<String>comparingInt(
                    k ->
                        Math.min(
                            distance(key, k),
                            1 + distance(leaf, k.substring(k.lastIndexOf('.') + 1))))
                // "batch" means tuning.batch more often than pretraining.batch.
                .thenComparing(k -> !k.startsWith("tuning."))
                .thenComparing(Comparator.naturalOrder()))
        .orElseThrow();
  }

  /** Levenshtein's distance. */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int substitution = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(substitution, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }

  private static Config resource(String resource, String origin) {
    try (InputStream in = ConfigSources.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException(resource + " is missing from the jar");
      }
      return parse(new InputStreamReader(in, StandardCharsets.UTF_8), origin);
    } catch (IOException e) {
      throw new IllegalStateException(resource + ": " + e.getMessage(), e);
    }
  }

  private static Config parse(Reader in, String origin) {
    return parse(in, origin, ConfigResolveOptions.defaults());
  }

  private static Config parse(Reader in, String origin, ConfigResolveOptions variables) {
    try {
      return ConfigFactory.parseReader(in, options(origin)).resolve(variables);
    } catch (ConfigException e) {
      throw new UserError(e.getMessage().replaceAll("\\s*\\R\\s*", " "));
    } catch (StackOverflowError e) {
      throw new UserError(origin + ": is nested too deeply for a configuration");
    }
  }

  private static ConfigParseOptions options(String origin) {
    return ConfigParseOptions.defaults()
        .setOriginDescription(origin)
        .setIncluder(new NoIncludes(origin));
  }

  /** A configuration would else read any file or address that it names. */
  private record NoIncludes(String origin)
      implements ConfigIncluder, ConfigIncluderFile, ConfigIncluderURL, ConfigIncluderClasspath {
    @Override
    public ConfigIncluder withFallback(ConfigIncluder fallback) {
      return this;
    }

    @Override
    public ConfigObject include(ConfigIncludeContext context, String what) {
      throw refused(what);
    }

    @Override
    public ConfigObject includeFile(ConfigIncludeContext context, File what) {
      throw refused(what.getPath());
    }

    @Override
    public ConfigObject includeURL(ConfigIncludeContext context, URL what) {
      throw refused(what.toString());
    }

    @Override
    public ConfigObject includeResources(ConfigIncludeContext context, String what) {
      throw refused(what);
    }

    private UserError refused(String what) {
      return new UserError(
          origin + ": includes " + what + "; expected one file: copy what is needed into it");
    }
  }
}
