package dev.ect.spark.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Reads typed values and collects every problem instead of stopping at the first. Where a value is
 * wrong the caller gets a harmless one and goes on; {@link #problems()} then says what was wrong.
 */
public final class ConfigReader {
  private static final String AUTO = "auto";

  private final Config config;
  private final List<String> problems = new ArrayList<>();
  private final Set<String> read = new TreeSet<>();

  public ConfigReader(Config config) {
    this.config = config;
  }

  /** What was wrong so far, one line each: where it stands, what was found, what was expected. */
  public List<String> problems() {
    return List.copyOf(problems);
  }

  /** The keys asked for so far. */
  public Set<String> keysRead() {
    return Set.copyOf(read);
  }

  /** A string. */
  public String string(String key) {
    return get(key, "a string", config::getString, v -> true, "");
  }

  /** {@code true} or {@code false}. */
  public boolean flag(String key) {
    return get(key, "true or false", config::getBoolean, v -> true, false);
  }

  /** An integer in a range. */
  public long integer(String key, long min, long max) {
    String expected =
        max < Integer.MAX_VALUE
            ? "an integer from " + min + " to " + max
            : "an integer" + (min == Long.MIN_VALUE ? "" : ", at least " + min);
    return get(key, expected, k -> exactLong(key), v -> v >= min && v <= max, min);
  }

  /** A positive or zero count that fits an int. */
  public int count(String key, int min) {
    return (int) integer(key, min, Integer.MAX_VALUE);
  }

  /** As {@link #count}, or empty where the value is {@code auto}. */
  public Optional<Integer> autoCount(String key, int min) {
    return isAuto(key) ? Optional.empty() : Optional.of(count(key, min));
  }

  /**
   * A number.
   *
   * @param expected the range in words, such as {@code "more than 0"}
   * @param valid the range
   */
  public double number(String key, String expected, Predicate<Double> valid) {
    return get(
        key,
        "a number, " + expected,
        config::getDouble,
        v -> Double.isFinite(v) && valid.test(v),
        1.0);
  }

  /** As {@link #number}, or empty where the value is {@code auto}. */
  public Optional<Double> autoNumber(String key, String expected, Predicate<Double> valid) {
    return isAuto(key) ? Optional.empty() : Optional.of(number(key, expected, valid));
  }

  /** A list of positive integers, or empty where the value is {@code auto}. */
  public Optional<List<Integer>> autoCounts(String key) {
    if (isAuto(key)) {
      return Optional.empty();
    }
    return Optional.of(
        get(
            key,
            "auto or a list of integers, at least 1",
            config::getIntList,
            v -> v.stream().allMatch(i -> i >= 1),
            List.of(1)));
  }

  /** A length of time with its unit, such as {@code 30s}; more than 0. */
  public Duration duration(String key) {
    return get(
        key,
        "a length of time such as 30s or 5m, more than 0",
        k -> {
          // A bare number would count as milliseconds.
          if (config.getString(k).matches("[-+0-9.eE ]*")) {
            throw new ConfigException.BadValue(k, "no unit");
          }
          return config.getDuration(k);
        },
        v -> v.toMillis() > 0,
        Duration.ofSeconds(1));
  }

  /** As {@link #duration}, or empty where the value is {@code auto}. */
  public Optional<Duration> autoDuration(String key) {
    return isAuto(key) ? Optional.empty() : Optional.of(duration(key));
  }

  /** A list of numbers. */
  public List<Double> numbers(String key, String expected, Predicate<Double> valid) {
    return get(
        key,
        "a list of numbers, " + expected,
        config::getDoubleList,
        v -> v.stream().allMatch(valid),
        List.of());
  }

  /**
   * A string with a meaning.
   *
   * @param parse throws IllegalArgumentException, whose message says what was expected
   */
  public <T> T parsed(String key, Function<String, T> parse, T fallback) {
    int before = problems.size();
    String text = string(key);
    if (problems.size() > before || sectionReplaced(key)) {
      return fallback;
    }
    try {
      return parse.apply(text);
    } catch (IllegalArgumentException e) {
      String message = e.getMessage();
      int expected = message.indexOf("; expected ");
      problem(key, expected < 0 ? message : text(key) + message.substring(expected));
      return fallback;
    }
  }

  /**
   * A list of strings with a meaning.
   *
   * @param parse throws IllegalArgumentException, whose message says what was expected
   */
  public <T> List<T> parsedList(String key, Function<String, T> parse) {
    List<String> texts = get(key, "a list of strings", config::getStringList, v -> true, List.of());
    List<T> values = new ArrayList<>();
    for (String text : texts) {
      try {
        values.add(parse.apply(text));
      } catch (IllegalArgumentException e) {
        String message = e.getMessage();
        int expected = message.indexOf("; expected ");
        problem(key, "'" + text + "'" + message.substring(expected));
      }
    }
    return List.copyOf(values);
  }

  /** Reports a problem with a key's value. */
  public void problem(String key, String what) {
    problems.add(where(key) + key + " " + (what.startsWith("is ") ? "" : "is ") + what);
  }

  private boolean isAuto(String key) {
    read.add(key);
    return config.hasPath(key)
        && config.getValue(key).valueType() == ConfigValueType.STRING
        && config.getString(key).equals(AUTO);
  }

  private <T> T get(
      String key, String expected, Function<String, T> getter, Predicate<T> valid, T fallback) {
    read.add(key);
    try {
      T value = getter.apply(key);
      if (valid.test(value)) {
        return value;
      }
    } catch (ConfigException e) {
      // Falls through: missing, of another type, or not a number.
    }
    if (!sectionReplaced(key)) {
      problem(key, text(key) + "; expected " + expected);
    }
    return fallback;
  }

  /**
   * Whether something other than a section stands where the key's section should. That is one
   * problem, which {@link ConfigSources#unknownKeys} reports, and not one for every key.
   */
  private boolean sectionReplaced(String key) {
    for (int dot = key.indexOf('.'); dot >= 0; dot = key.indexOf('.', dot + 1)) {
      String section = key.substring(0, dot);
      if (config.hasPath(section)
          && config.getValue(section).valueType() != ConfigValueType.OBJECT) {
        return true;
      }
    }
    return false;
  }

  /** Typesafe Config truncates 2.5 to 2 when asked for an integer; that would hide a mistake. */
  private long exactLong(String key) {
    double value = config.getDouble(key);
    if (value != Math.rint(value)) {
      throw new ConfigException.BadValue(key, "not an integer");
    }
    return config.getLong(key);
  }

  private String text(String key) {
    return config.hasPath(key)
        ? config.getValue(key).render(ConfigRenderOptions.concise())
        : "missing";
  }

  private String where(String key) {
    String[] path = ConfigUtil.splitPath(key).toArray(new String[0]);
    ConfigValue value = config.root();
    for (String part : path) {
      value =
          value instanceof com.typesafe.config.ConfigObject object && object.containsKey(part)
              ? object.get(part)
              : null;
    }
    return value == null ? "" : where(value.origin());
  }

  /** {@code file:line: }, or what else is known about where a value comes from. */
  static String where(ConfigOrigin origin) {
    int line = origin.lineNumber();
    if (line <= 0) {
      return origin.description() + ": ";
    }
    // The library writes "file: 3".
    String name = origin.description().replaceFirst(": " + line + "$", "");
    return name + ":" + line + ": ";
  }
}
