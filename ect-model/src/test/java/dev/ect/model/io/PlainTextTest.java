package dev.ect.model.io;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class PlainTextTest {
  @Test
  void nothingSteersTheTerminal() {
    // Escape, C1, right-to-left override, line separator, a format character beyond the first
    // plane.
    String hostile =
        "\u00e4\u001b[31m\n\u009b\u202e\u2028" + Character.toString(0xE0001) + "\u4e2d";
    assertEquals("\u00e4?[31m?????\u4e2d", PlainText.oneLine(hostile));
    assertEquals("x: a?b", new BadFileException("x", "a\nb").getMessage());
  }
}
