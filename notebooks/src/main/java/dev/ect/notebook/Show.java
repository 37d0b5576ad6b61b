package dev.ect.notebook;

import dev.ect.spark.config.UserError;
import dev.ect.spark.report.LinePlot;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import javax.imageio.ImageIO;
import org.dflib.jjava.jupyter.kernel.BaseKernel;
import org.dflib.jjava.jupyter.kernel.display.DisplayData;

/** Shows images and plots below the cell. */
public final class Show {
  private static final String PNG = "png";
  private static final int MOST = 16;

  private Show() {}

  /**
   * Shows an image file.
   *
   * @param path of a PNG, JPEG or GIF on this machine
   * @param scale each pixel becomes a square of this many pixels, 1 to 16
   * @throws UserError if there is no such image
   */
  public static void image(String path, int scale) {
    display(png(path, scale));
  }

  /** Shows a plot. */
  public static void plot(LinePlot plot) {
    display(html(plot));
  }

  private static void display(DisplayData data) {
    BaseKernel.notebookKernel().display(data);
  }

  static DisplayData html(LinePlot plot) {
    // As an image of its own: what makes pages of notebooks takes parts out of SVG inside them.
    String encoded =
        Base64.getEncoder().encodeToString(plot.svg().getBytes(StandardCharsets.UTF_8));
    DisplayData data = new DisplayData("plot");
    data.putHTML("<img alt=\"plot\" src=\"data:image/svg+xml;base64," + encoded + "\">");
    return data;
  }

  static DisplayData png(String path, int scale) {
    if (scale < 1 || scale > MOST) {
      throw new UserError("scale is " + scale + "; expected 1 to " + MOST);
    }
    File file = new File(path);
    if (!file.isFile()) {
      throw new UserError(path + ": no such image");
    }
    try {
      BufferedImage image = ImageIO.read(file);
      if (image == null) {
        throw new UserError(path + ": is not an image; expected a PNG, JPEG or GIF");
      }
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      ImageIO.write(scaled(image, scale), PNG, bytes);
      DisplayData data = new DisplayData(path);
      data.putData("image/png", Base64.getEncoder().encodeToString(bytes.toByteArray()));
      return data;
    } catch (IOException e) {
      throw new UserError(path + ": cannot be read: " + e.getMessage());
    }
  }

  private static BufferedImage scaled(BufferedImage image, int scale) {
    BufferedImage larger =
        new BufferedImage(
            image.getWidth() * scale, image.getHeight() * scale, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = larger.createGraphics();
    graphics.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_NEAREST_NEIGHBOR);
    graphics.drawImage(image, 0, 0, larger.getWidth(), larger.getHeight(), null);
    graphics.dispose();
    return larger;
  }
}
