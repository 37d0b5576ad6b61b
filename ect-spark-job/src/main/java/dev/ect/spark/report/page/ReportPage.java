package dev.ect.spark.report.page;

import dev.ect.model.io.Store;
import dev.ect.spark.report.RunLog;
import dev.ect.spark.report.StatsLine;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Puts the sections of a report together. */
final class ReportPage {
  private static final Pattern TIMELINE_HEIGHT =
      Pattern.compile("<svg width=\"\\d+\" height=\"(\\d{1,5})\"");
  private static final int TIMELINE_ROOM = 320;
  private static final int TIMELINE_MOST = 900;

  private final RunData run;
  private final Html html = new Html();

  private ReportPage(RunData run) {
    this.run = run;
  }

  /**
   * The whole page.
   *
   * @param written when
   */
  static String html(RunData run, Instant written) {
    ReportPage page = new ReportPage(run);
    String script = resource("report.js");
    page.head(script);
    page.introduction(written);
    page.html.raw("<main>");
    SamplesSection.write(run, page.html);
    page.curves();
    MetricsSection.write(run, page.html);
    page.time();
    FactsSection.provenance(run, page.html);
    FactsSection.configuration(run, page.html);
    page.html.raw("</main>");
    page.html.raw("<script>").raw(script).raw("</script></body></html>\n");
    return page.html.toString();
  }

  private static String resource(String name) {
    try (InputStream in = ReportPage.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException(name + " is missing from the jar");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The page's own script runs, and no other; nothing is fetched. */
  private static String policy(String script) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(script.getBytes(StandardCharsets.UTF_8));
      return "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-"
          + Base64.getEncoder().encodeToString(hash)
          + "'";
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private String name() {
    return Store.name(run.directory().path());
  }

  private void head(String script) {
    html.add("<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">");
    html.add("<meta http-equiv=\"Content-Security-Policy\" content=\"%s\">", policy(script));
    html.add("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
    html.add("<meta name=\"color-scheme\" content=\"light dark\">");
    html.add("<title>%s</title>", "Report of " + name());
    html.raw("<style>").raw(resource("report.css")).raw("</style></head><body>\n");
  }

  private void introduction(Instant written) {
    html.add("<header><h1>%s</h1>", name());
    html.add("<p class=\"state\">%s</p>", state());
    html.raw("<dl class=\"tiles\">");
    Optional<StatsLine> last = run.stats().last();
    tile("images seen", last.map(t -> Html.number(t.kimg()) + " kimg").orElse("none"));
    tile("loss, last tick", last.map(t -> Html.number(t.loss())).orElse("none"));
    tile("images per second", last.isEmpty() ? "none" : rounded(run.imagesPerSecond()));
    tile("time", last.isEmpty() ? "none" : RunLog.duration(run.seconds()));
    tile("executors", last.map(t -> Html.number(t.number("executors"))).orElse("none"));
    html.raw("</dl>");
    if (!run.summary().isBlank()) {
      html.add("<pre class=\"summary\">%s</pre>", run.summary().strip());
    }
    html.raw(
        "<nav aria-label=\"Sections\"><a href=\"#samples\">Samples</a> <a href=\"#curves\">Curves</a>"
            + " <a href=\"#metrics\">Metrics</a> <a href=\"#where\">Time</a>"
            + " <a href=\"#provenance\">Provenance</a>"
            + " <a href=\"#configuration\">Configuration</a></nav>");
    if (!run.notes().isEmpty()) {
      html.raw("<ul class=\"notes\" aria-label=\"Not read\">");
      run.notes().forEach(note -> html.add("<li>%s</li>", note));
      html.raw("</ul>");
    }
    html.add(
        "<p class=\"written\">Written %s of %s.</p></header>",
        written.truncatedTo(ChronoUnit.SECONDS).toString(), run.directory().path());
  }

  private String state() {
    String steps = String.format(Locale.ROOT, "%,d", run.steps());
    if (run.totalSteps() == 0) {
      return steps + " steps done; how many there are to be is not known";
    }
    String total = String.format(Locale.ROOT, "%,d", run.totalSteps());
    return run.isFinished()
        ? "Finished: " + total + " steps"
        : String.format(
            Locale.ROOT,
            "Not finished: %s of %s steps (%.1f %%)",
            steps,
            total,
            100.0 * run.steps() / run.totalSteps());
  }

  private static String rounded(double value) {
    return Double.isFinite(value) ? String.format(Locale.ROOT, "%.1f", value) : "none";
  }

  private void tile(String name, String value) {
    html.add("<div><dt>%s</dt><dd>%s</dd></div>", name, value);
  }

  private void curves() {
    html.add("<section id=\"curves\"><h2>Curves</h2>");
    if (run.stats().ticks().isEmpty()) {
      html.add("<p>No tick has ended yet.</p></section>");
      return;
    }
    Curves curves = new Curves(run.stats().ticks(), html);
    html.raw("<div class=\"charts\">");
    curves.loss();
    curves.others();
    html.raw("</div>");
    TickTables.stages(run, html);
    TickTables.ticks(run.stats().ticks(), html);
    html.add("</section>");
  }

  /** The page of the executors' phases, as it is: it may run nothing. */
  private void time() {
    html.add("<section id=\"where\"><h2>Where the time went</h2>");
    if (run.timeline().isEmpty()) {
      html.add("<p>There is no timeline.html yet.</p></section>");
      return;
    }
    Matcher height = TIMELINE_HEIGHT.matcher(run.timeline());
    int pixels = height.find() ? Integer.parseInt(height.group(1)) + TIMELINE_ROOM : TIMELINE_ROOM;
    html.add(
        "<iframe title=\"Phases of every executor\" sandbox height=\"%d\""
            + " srcdoc=\"%s\"></iframe></section>",
        Math.min(pixels, TIMELINE_MOST), run.timeline());
  }
}
