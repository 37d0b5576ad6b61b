package dev.ect.spark.report.page;

import dev.ect.model.io.Store;
import dev.ect.spark.report.PngHeader;
import java.io.IOException;
import java.util.Base64;

/**
 * A PNG that is put into the page.
 *
 * @param name of the file
 * @param size in pixels
 * @param png the file
 */
record Picture(String name, PngHeader size, byte[] png) {
  /**
   * Reads a file.
   *
   * @throws IOException if it cannot be read or is no whole PNG; the message names it
   */
  static Picture read(Store store, String path) throws IOException {
    byte[] png = store.readAll(path);
    return new Picture(Store.name(path), PngHeader.of(path, png), png);
  }

  /**
   * The element that shows it.
   *
   * @param alternative what it shows, in words
   * @param attributes further ones, as markup
   */
  String element(String alternative, String attributes) {
    return new Html()
        .add(
            "<img src=\"data:image/png;base64,%s\" width=\"%d\" height=\"%d\" alt=\"%s\" %s>",
            Base64.getEncoder().encodeToString(png),
            size.width(),
            size.height(),
            alternative,
            new Html().raw(attributes))
        .toString();
  }
}
