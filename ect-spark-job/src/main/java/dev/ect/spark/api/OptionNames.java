package dev.ect.spark.api;

import java.util.Locale;

/** How a message calls what the user has said. */
public enum OptionNames {
  /** On the command line: {@code --mid-t}. */
  OPTIONS,

  /** In a program: {@code midT}. */
  METHODS;

  /**
   * An option's name.
   *
   * @param option such as {@code mid-t}
   */
  public String of(String option) {
    if (this == OPTIONS) {
      return "--" + option;
    }
    StringBuilder name = new StringBuilder();
    for (String word : option.split("-", -1)) {
      name.append(
          name.isEmpty()
              ? word
              : word.substring(0, 1).toUpperCase(Locale.ROOT) + word.substring(1));
    }
    return name.toString();
  }
}
