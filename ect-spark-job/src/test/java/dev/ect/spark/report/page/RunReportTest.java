package dev.ect.spark.report.page;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.model.io.LocalStore;
import dev.ect.spark.config.UserError;
import dev.ect.spark.report.RunDirectory;
import java.awt.image.BufferedImage;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;
import org.jsoup.Jsoup;
import org.jsoup.nodes.Attribute;
import org.jsoup.nodes.Document;
import org.jsoup.nodes.Element;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunReportTest {
  /** 100 steps of 10 images. */
  private static final String CONFIGURATION =
      "tuning { batch = 10, duration = 0.001, tick = 0.1, double-ticks = 5, q = 4 }\n";

  @TempDir Path folder;
  private Path run;

  @BeforeEach
  void makeDirectory() throws Exception {
    run = Files.createDirectory(folder.resolve("00000-set-uncond-ddpmpp-ect"));
  }

  private void put(String name, String text) throws Exception {
    Files.writeString(run.resolve(name), text);
  }

  private void image(String name, int width) throws Exception {
    BufferedImage image = new BufferedImage(width, 8, BufferedImage.TYPE_INT_RGB);
    ImageIO.write(image, "png", run.resolve(name).toFile());
  }

  private static String tick(long tick, long step, String loss) {
    return tick(tick, step, loss, "");
  }

  private static String tick(long tick, long step, String loss, String more) {
    return String.format(
        Locale.ROOT,
        "{\"tick\":%d,\"step\":%d,\"images\":%d,\"stage\":%d,\"loss\":%s,\"seconds\":2.5,"
            + "\"images_per_second\":%d.25,\"dataWait\":0.125,\"worstDataWait\":0.25,"
            + "\"computeSeconds\":2.0,\"readSeconds\":0.5,\"checkpointSeconds\":1.5,"
            + "\"residentGib\":1.75,\"peakGib\":2,\"executors\":2,\"timestamp\":1700000000.5%s}\n",
        tick,
        step,
        step * 10,
        Math.max(0, tick - 1) / 5,
        loss,
        40 + tick,
        more);
  }

  private List<String> write() throws Exception {
    return RunReport.write(new LocalStore(), new RunDirectory(run.toString()));
  }

  private Document page() throws Exception {
    Document page = Jsoup.parse(Files.readString(run.resolve("report.html")));
    page.outputSettings().prettyPrint(false);
    return page;
  }

  private Document report() throws Exception {
    write();
    return page();
  }

  private static List<List<String>> rows(Document page, String table) {
    return page.select(table + " tr:has(td)").stream()
        .map(row -> row.children().eachText())
        .toList();
  }

  private static String six(double value) {
    return new BigDecimal(value).round(new MathContext(6)).stripTrailingZeros().toPlainString();
  }

  @Test
  void theNumbersAreThoseOfTheStatistics() throws Exception {
    put("configuration.conf", CONFIGURATION);
    put(
        "stats.jsonl",
        tick(0, 1, "12.3456789") + tick(1, 11, "3.25") + tick(2, 21, "0.000123456789"));
    Document page = report();
    List<List<String>> ticks = rows(page, "#ticks");
    assertEquals(
        List.of("0", "0.01", "1", "0", six(12.3456789), "40.25", "12.5", "2.5", "1.5", "1.75", "2"),
        ticks.get(0));
    assertEquals(List.of("2", "0.21", "21", "0", six(0.000123456789)), ticks.get(2).subList(0, 5));
    assertEquals(3, ticks.size());
    List<String> curve = page.select(".wide svg path title").eachText();
    assertEquals(
        List.of("loss: 0.01, 12.3457", "loss: 0.11, 3.25", "loss: 0.21, 0.000123457"), curve);
    assertEquals(
        List.of("0.21 kimg", "0.000123457", "41.3", "12s", "2"), page.select("dd").eachText());
    assertEquals("Not finished: 21 of 100 steps (21.0 %)", page.select(".state").text());
    assertTrue(page.select("svg[aria-label=Loss] text.label").text().contains("(logarithmic)"));
  }

  @Test
  void stagesAreDivided() throws Exception {
    put("configuration.conf", CONFIGURATION);
    StringBuilder stats = new StringBuilder();
    for (int t = 0; t < 11; t++) {
      stats.append(tick(t, 1 + 10L * t, "1"));
    }
    put("stats.jsonl", stats.toString());
    Document page = report();
    assertEquals(1, page.select(".wide line.division").size());
    assertTrue(page.select(".wide text.tick").eachText().contains("stage 1"));
    List<List<String>> stages = rows(page, "[aria-label=Stages]");
    // r / t = max(0, 1 - (1 + 8 sigmoid(-t)) / q^(stage + 1)), at t = exp(-1.1) and 10
    double median = 1 + 8 / (1 + Math.exp(Math.exp(-1.1)));
    double coarse = 1 + 8 / (1 + Math.exp(10));
    assertEquals(List.of("0", "0", "4"), stages.get(0).subList(0, 3));
    assertEquals("0", stages.get(0).get(3));
    assertEquals(1 - coarse / 4, Double.parseDouble(stages.get(0).get(4)), 1e-6);
    assertEquals(List.of("1", "0.51", "16"), stages.get(1).subList(0, 3));
    assertEquals(1 - median / 16, Double.parseDouble(stages.get(1).get(3)), 1e-6);
    assertEquals("Finished: 100 steps", stateAt(stats + tick(11, 100, "1")));
  }

  private String stateAt(String stats) throws Exception {
    put("stats.jsonl", stats);
    return report().select(".state").text();
  }

  @Test
  void repeatedTicksCountOnceAndTornLinesNot() throws Exception {
    put("configuration.conf", CONFIGURATION);
    put(
        "stats.jsonl",
        tick(0, 1, "9")
            + tick(1, 11, "8")
            + tick(2, 21, "7")
            + tick(1, 11, "6")
            + "{\"tick\":2,\"step\":21,\"ima");
    assertEquals(List.of("stats.jsonl: lines left out because they cannot be read: 1"), write());
    List<List<String>> ticks = rows(page(), "#ticks");
    assertEquals(2, ticks.size());
    assertEquals("6", ticks.get(1).get(4));
    assertEquals(
        "stats.jsonl: lines left out because they cannot be read: 1",
        page().select(".notes").text());
  }

  @Test
  void whatIsNoNumberIsSaidAndNotDrawn() throws Exception {
    put("stats.jsonl", tick(0, 1, "9") + tick(1, 11, "\"NaN\"") + tick(2, 21, "\"Infinity\""));
    Document page = report();
    assertEquals(List.of("loss: 0.01, 9"), page.select(".wide svg path title").eachText());
    assertTrue(
        page.select("figure.all figcaption").text().contains("Not shown: 2 ticks"), page.text());
    assertEquals("Infinity", page.select("dd").get(1).text());
    assertEquals("NaN", rows(page, "#ticks").get(1).get(4));
    put("stats.jsonl", tick(0, 1, "\"NaN\""));
    assertTrue(report().text().contains("Loss: no tick has a finite value yet."));
  }

  @Test
  void furtherStatisticsHaveCurves() throws Exception {
    put("stats.jsonl", tick(0, 1, "9", ",\"gradientNorm\":0.5") + tick(1, 11, "9", ",\"b\":\"x\""));
    Document page = report();
    assertEquals(
        List.of("gradientNorm: 0.01, 0.5"),
        page.select("svg[aria-label=gradientNorm] path title").eachText());
    assertTrue(page.select("svg[aria-label=b]").isEmpty());
  }

  @Test
  void hostileTextStaysText() throws Exception {
    String hostile = "</script><script>alert(1)</script>\"'><img src=http://x/ onerror=alert(2)>";
    put(
        "configuration.conf",
        CONFIGURATION + "run.transfer = \"\"\"" + hostile + "\"\"\"\ndata.path=\"" + "<b>.zip\"\n");
    put(
        "stats.jsonl",
        tick(0, 1, "9", ",\"<img src=x onerror=alert(3)>\":1") + tick(1, 11, "9", ""));
    put("timeline.html", "<svg width=\"10\" height=\"20\"></svg>\"><script>alert(4)</script>");
    put("summary.txt", hostile);
    put(
        "metric-fid50k_full.jsonl",
        "{\"results\":{\"<script>alert(5)</script>\":1},\"metric\":\"<b>x</b>\",\"kimg\":0.01,"
            + "\"mid_t\":[\"<i>\"],\"seeds\":\"<script>\",\"detector\":{\"sha256\":\"<u>\"}}\n");
    image("samples-000000.010-1step.png", 8);
    Document page = report();
    assertEquals(1, page.select("script").size());
    assertTrue(page.select("b, i, u, object, embed, base, form").isEmpty());
    for (Element element : page.getAllElements()) {
      for (Attribute attribute : element.attributes()) {
        String name = attribute.getKey();
        assertFalse(name.startsWith("on"), element.outerHtml());
        if (name.equals("src") || name.equals("href")) {
          assertTrue(
              attribute.getValue().matches("(?s)(data:image/png;|#).*"), element.outerHtml());
        }
      }
    }
    assertEquals(hostile, page.select("pre").text());
    assertTrue(page.select("#configuration td").eachText().contains(hostile));
    Element frame = page.select("iframe").first();
    assertEquals("", frame.attr("sandbox"));
    assertTrue(frame.attr("srcdoc").endsWith("<script>alert(4)</script>"));
  }

  @Test
  void thePageRunsItsOwnScriptOnlyAndFetchesNothing() throws Exception {
    put("configuration.conf", CONFIGURATION);
    Document page = report();
    byte[] hash =
        MessageDigest.getInstance("SHA-256")
            .digest(page.select("script").first().data().getBytes(StandardCharsets.UTF_8));
    assertEquals(
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-"
            + Base64.getEncoder().encodeToString(hash)
            + "'",
        page.select("meta[http-equiv]").attr("content"));
  }

  @Test
  void secretsInAddressesAreNotShown() throws Exception {
    put(
        "configuration.conf",
        CONFIGURATION + "run.transfer=\"https://me:hush@host/a.pkl?key=hush\"\n");
    assertFalse(report().outerHtml().contains("hush"));
  }

  @Test
  void aRunThatHasJustBegunHasAReport() throws Exception {
    put("configuration.conf", CONFIGURATION);
    assertEquals(List.of(), write());
    Document page = page();
    assertEquals("Not finished: 0 of 100 steps (0.0 %)", page.select(".state").text());
    assertTrue(page.text().contains("No tick has ended yet."));
    assertTrue(page.text().contains("There is no sample grid yet."));
    assertTrue(page.text().contains("This run has not been evaluated"));
    assertEquals("4", page.select("#configuration th:contains(tuning.q) + td").first().text());
  }

  @Test
  void samplesOfAllTimesAreInThePage() throws Exception {
    put("configuration.conf", CONFIGURATION);
    put("stats.jsonl", tick(0, 1, "9"));
    image("data.png", 8);
    image("model_init.png", 9);
    image("samples-000000.500-1step.png", 10);
    image("samples-000000.500-2step.png", 11);
    image("samples-000001.000-2step.png", 12);
    image("final-1step.png", 13);
    image("final-2step.png", 14);
    Document page = report();
    Element slider = page.select("input[type=range]").first();
    assertEquals("3", slider.attr("max"));
    assertEquals("3", slider.attr("value"));
    assertEquals("at the end", slider.attr("aria-valuetext"));
    assertEquals(List.of("10", "13"), page.select("[data-steps=1] img").eachAttr("width"));
    assertEquals(
        List.of("9", "11", "12", "14"), page.select("[data-steps=2] img").eachAttr("width"));
    assertEquals(List.of("14"), page.select("[data-steps=2] img:not([hidden])").eachAttr("width"));
    assertEquals(
        List.of("no grid of one step before training", "no grid of one step after 1 kimg"),
        page.select("[data-steps=1] p").eachText());
    assertEquals(
        List.of("real images", "two steps, before training", "two steps, at the end"),
        page.select("h3 + .grids figcaption").eachText());
    for (Element image : page.select("img")) {
      assertFalse(image.attr("alt").isBlank());
      byte[] png = Base64.getDecoder().decode(image.attr("src").replaceFirst(".*,", ""));
      assertEquals(
          image.attr("width"),
          String.valueOf(ImageIO.read(new java.io.ByteArrayInputStream(png)).getWidth()));
    }
  }

  @Test
  void theEndIsNotShownTwice() throws Exception {
    put("configuration.conf", CONFIGURATION);
    image("samples-000000.500-1step.png", 10);
    image("samples-000001.000-1step.png", 11);
    image("final-1step.png", 11);
    Document page = report();
    assertEquals(
        List.of("after 0.5 kimg", "after 1 kimg"),
        page.select("img[data-frame]").eachAttr("data-label"));
    assertFalse(page.text().contains("times are shown"));
  }

  @Test
  void anImageThatCannotBeReadIsNamedAndLeftOut() throws Exception {
    put("configuration.conf", CONFIGURATION);
    image("samples-000000.500-1step.png", 10);
    byte[] whole = Files.readAllBytes(run.resolve("samples-000000.500-1step.png"));
    Files.write(run.resolve("samples-000001.000-1step.png"), java.util.Arrays.copyOf(whole, 40));
    put("data.png", "<svg/>");
    List<String> notes = write();
    assertEquals(
        List.of(
            "left out: "
                + run.resolve("samples-000001.000-1step.png")
                + ": is damaged: it ends in the middle",
            run.resolve("data.png") + ": is not a PNG"),
        notes);
    assertEquals(1, page().select("[data-frame]").size());
  }

  @Test
  void aConfigurationThatCannotBeReadIsNamed() throws Exception {
    put("configuration.conf", "tuning { batch = \n");
    put("stats.jsonl", tick(0, 1, "9"));
    List<String> notes = write();
    assertEquals(1, notes.size(), notes.toString());
    assertTrue(notes.get(0).startsWith("configuration.conf: "), notes.get(0));
    assertEquals(
        "1 steps done; how many there are to be is not known", page().select(".state").text());
    put("configuration.conf", "tuning.batch = -3\n");
    assertEquals(
        List.of("configuration.conf:1: tuning.batch is -3; expected an integer, at least 1"),
        write());
  }

  @Test
  void whatIsNoRunIsRefused() throws Exception {
    assertEquals(
        run + ": is not a run directory: it holds neither configuration.conf nor stats.jsonl",
        assertThrows(UserError.class, this::write).getMessage());
    Path file = Files.writeString(folder.resolve("a"), "");
    RunDirectory none = new RunDirectory(folder.resolve("b").toString());
    assertEquals(
        file + ": is a file; expected a run directory",
        assertThrows(
                UserError.class,
                () -> RunReport.write(new LocalStore(), new RunDirectory(file.toString())))
            .getMessage());
    assertEquals(
        none.path() + ": no such run directory",
        assertThrows(UserError.class, () -> RunReport.write(new LocalStore(), none)).getMessage());
  }

  @Test
  void resultsStandBesideThePublishedOnes() throws Exception {
    put("configuration.conf", CONFIGURATION);
    put("stats.jsonl", tick(0, 1, "9"));
    String line =
        "{\"results\":{\"fid50k_full\":%s},\"metric\":\"fid50k_full\",\"kimg\":%s,\"repeat\":%d,"
            + "\"mid_t\":[],\"generated_images\":50000,\"real_images\":100,\"divisor\":\"n\","
            + "\"seeds\":\"0-49999\",\"detector\":{\"sha256\":\"0123456789abcdef\"}}\n";
    put(
        "metric-fid50k_full.jsonl",
        String.format(line, "30.5", "0.01", 0)
            + String.format(line, "20.25", "0.02", 0)
            + String.format(line, "19.75", "0.02", 1)
            + "{\"resu");
    assertEquals(List.of("metric-*.jsonl: lines left out because they cannot be read: 1"), write());
    Document page = page();
    String conditions =
        "50000 images, against 100, divisor n, detector sha256 0123456789ab, seeds 0-49999";
    assertEquals(
        List.of(
            List.of(
                "fid50k_full",
                "19.75",
                "best of 20.25, 19.75",
                "0.02 kimg",
                "one step",
                conditions),
            List.of("fid50k_full", "30.5", "one evaluation", "0.01 kimg", "one step", conditions)),
        rows(page, "#results"));
    assertEquals(
        List.of("one step: 0.01, 30.5", "one step: 0.02, 19.75"),
        page.select("svg[aria-label=fid50k_full] path title").eachText());
    List<List<String>> published = rows(page, "#published");
    assertEquals(
        List.of("fid50k_full", "200,000 steps", "3.86", "2.15", "19.75 / -"),
        published.get(2).subList(0, 5));
    assertTrue(page.select("#metrics").text().contains("tuning.batch 10 instead of 128"));
  }

  @Test
  void longRunsStaySmall() throws Exception {
    put("configuration.conf", CONFIGURATION);
    StringBuilder stats = new StringBuilder();
    for (int t = 0; t < 5000; t++) {
      stats.append(tick(t, 1 + t, t == 3210 ? "77.5" : "1." + t % 10));
    }
    put("stats.jsonl", stats.toString());
    for (int t = 1; t <= 60; t++) {
      image(String.format(Locale.ROOT, "samples-%06d-1step.png", t), 8);
    }
    Document page = report();
    List<String> curve = page.select(".wide svg path title").eachText();
    assertTrue(curve.size() > 300 && curve.size() <= 400, "points: " + curve.size());
    assertTrue(curve.contains("loss: 32.11, 77.5"), "the peak");
    List<List<String>> ticks = rows(page, "#ticks");
    assertEquals(200, ticks.size());
    assertEquals("4999", ticks.get(199).get(0));
    assertTrue(page.text().contains("200 of 5000 ticks, evenly spread; all are in stats.jsonl."));
    List<String> frames = new ArrayList<>(page.select("img[data-frame]").eachAttr("data-label"));
    assertEquals(24, frames.size());
    assertEquals("after 1 kimg", frames.get(0));
    assertEquals("after 60 kimg", frames.get(23));
    assertTrue(page.text().contains("24 of 60 times are shown"));
    assertTrue(Files.size(run.resolve("report.html")) < 2_000_000);
  }
}
