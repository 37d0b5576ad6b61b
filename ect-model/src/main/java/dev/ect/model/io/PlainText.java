package dev.ect.model.io;

import java.util.regex.Pattern;

/** Text from a file on its way to people. */
public final class PlainText {
  private static final Pattern CONTROLS = Pattern.compile("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]");

  private PlainText() {}

  /**
   * On one line and without what would steer a terminal: control characters (C0 and C1), marks of
   * writing direction and other invisible format characters become question marks.
   */
  public static String oneLine(String text) {
    return CONTROLS.matcher(text).replaceAll("?");
  }
}
