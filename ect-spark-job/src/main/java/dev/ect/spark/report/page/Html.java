package dev.ect.spark.report.page;

import dev.ect.spark.report.Markup;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Arrays;
import java.util.Locale;

/** Puts a page together. Whatever is not said to be markup is text. */
final class Html {
  private static final int DIGITS = 6;
  private static final int LEAST_PLAIN = -5;
  private static final int MOST_PLAIN = 9;

  private final StringBuilder html = new StringBuilder();

  /**
   * Adds markup.
   *
   * @param format markup
   * @param values text among them is escaped, {@code Html} is not
   */
  Html add(String format, Object... values) {
    Object[] shown =
        Arrays.stream(values)
            .map(value -> value instanceof String text ? Markup.escaped(text) : value)
            .toArray();
    html.append(String.format(Locale.ROOT, format, shown)).append('\n');
    return this;
  }

  /** Adds markup as it is. */
  Html raw(String markup) {
    html.append(markup);
    return this;
  }

  /** A row of a table. */
  Html row(String first, Object... cells) {
    raw("<tr>").add("<th scope=\"row\">%s</th>", first);
    for (Object cell : cells) {
      add("<td>%s</td>", cell);
    }
    return raw("</tr>\n");
  }

  /** The first row of a table. */
  Html head(String... titles) {
    raw("<thead><tr>");
    for (String title : titles) {
      add("<th scope=\"col\">%s</th>", title);
    }
    return raw("</tr></thead>\n");
  }

  /** A number to six digits. */
  static String number(double value) {
    if (Double.isNaN(value) || Double.isInfinite(value)) {
      return String.valueOf(value);
    }
    BigDecimal rounded = BigDecimal.valueOf(value).round(new MathContext(DIGITS));
    int exponent = rounded.precision() - rounded.scale() - 1;
    boolean plain = rounded.signum() == 0 || (exponent >= LEAST_PLAIN && exponent <= MOST_PLAIN);
    BigDecimal stripped = rounded.stripTrailingZeros();
    return plain ? stripped.toPlainString() : stripped.toString();
  }

  @Override
  public String toString() {
    return html.toString();
  }
}
