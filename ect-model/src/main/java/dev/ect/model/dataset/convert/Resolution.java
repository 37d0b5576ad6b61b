package dev.ect.model.dataset.convert;

import java.io.Serializable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Size of images, written {@code WxH}.
 *
 * @param width columns, at least 1
 * @param height rows, at least 1
 */
public record Resolution(int width, int height) implements Serializable {
  private static final long serialVersionUID = 1;
  private static final Pattern TEXT = Pattern.compile("([1-9]\\d{0,4})[x,]([1-9]\\d{0,4})");

  /**
   * Reads one.
   *
   * @throws IllegalArgumentException if it is none, with a message for the user
   */
  public static Resolution parse(String text) {
    Matcher matcher = TEXT.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(text + " is no resolution; expected WxH, such as 64x64");
    }
    return new Resolution(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
  }

  @Override
  public String toString() {
    return width + "x" + height;
  }
}
