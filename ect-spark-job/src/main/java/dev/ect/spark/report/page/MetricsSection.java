package dev.ect.spark.report.page;

import com.fasterxml.jackson.databind.JsonNode;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValueType;
import dev.ect.model.io.Store;
import dev.ect.spark.config.ConfigSources;
import dev.ect.spark.report.MetricFiles;
import dev.ect.spark.report.MetricLine;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** What evaluations found, beside what is published. */
final class MetricsSection {
  /** Results in the table, at most. */
  private static final int MOST = 60;

  private static final String PRESET = "cifar10";

  /** What makes a run another one than the preset's. */
  private static final List<String> COMPARED =
      List.of(
          "network.arch",
          "network.model-channels",
          "network.channel-mult",
          "network.num-blocks",
          "network.attn-resolutions",
          "tuning.batch",
          "tuning.duration",
          "tuning.tick",
          "tuning.double-ticks",
          "tuning.q",
          "tuning.optim",
          "tuning.lr",
          "tuning.ema-beta",
          "tuning.dropout",
          "data.cond",
          "data.xflip",
          "run.mid-t");

  private MetricsSection() {}

  static void write(RunData run, Html html) {
    html.add("<section id=\"metrics\"><h2>Metrics</h2>");
    List<MetricFiles.Result> results = new ArrayList<>(run.metrics().results());
    if (results.isEmpty()) {
      html.add("<p>This run has not been evaluated (run.eval-every, or ect evaluate).</p>");
    } else {
      Collections.reverse(results);
      table(results, html);
      html.raw("<div class=\"charts\">");
      new Curves(run.stats().ticks(), html).metrics(run.metrics());
      html.raw("</div>");
    }
    published(run, html);
    html.add("</section>");
  }

  private static void table(List<MetricFiles.Result> results, Html html) {
    if (results.size() > MOST) {
      html.add(
          "<p>The last %d of %d results; all are in metric-*.jsonl.</p>", MOST, results.size());
    }
    html.raw(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Results\">"
            + "<table id=\"results\">");
    html.head("metric", "value", "of", "after", "mid_t", "conditions");
    for (MetricFiles.Result result : results.subList(0, Math.min(MOST, results.size()))) {
      result
          .best()
          .results()
          .forEach(
              (name, value) ->
                  html.row(
                      name,
                      Html.number(value),
                      repeats(name, result.repeats()),
                      after(result.best()),
                      midT(result.best()),
                      conditions(result.best())));
    }
    html.raw("</table></div>\n");
  }

  private static String repeats(String name, List<MetricLine> repeats) {
    return repeats.size() == 1
        ? "one evaluation"
        : "best of "
            + String.join(
                ", ",
                repeats.stream()
                    .map(each -> Html.number(each.results().getOrDefault(name, Double.NaN)))
                    .toList());
  }

  private static String after(MetricLine line) {
    return line.images() < 0 ? Store.name(line.network()) : Html.number(line.kimg()) + " kimg";
  }

  private static String midT(MetricLine line) {
    JsonNode times = line.json().path("mid_t");
    return times.isEmpty() ? "one step" : times.toString();
  }

  private static String conditions(MetricLine line) {
    JsonNode json = line.json();
    List<String> said = new ArrayList<>();
    said.add(json.path("generated_images").asText("?") + " images");
    if (json.has("real_images") && json.get("real_images").asLong() > 0) {
      said.add("against " + json.get("real_images").asText());
    }
    if (json.has("divisor")) {
      said.add("divisor " + json.get("divisor").asText());
    }
    String detector = json.path("detector").path("sha256").asText();
    said.add("detector sha256 " + detector.substring(0, Math.min(12, detector.length())));
    said.add("seeds " + json.path("seeds").asText("?"));
    return String.join(", ", said);
  }

  private static void published(RunData run, Html html) {
    html.add("<h3>Published figures of ECT</h3>");
    html.add(
        "<p>CIFAR-10, 32x32, unconditional, 50,000 generated images: the authors' own measurements,"
            + " comparable only under the same conditions (dataset, detector, number of images,"
            + " covariance divisor). %s</p>",
        difference(run));
    html.raw(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Published figures\">"
            + "<table id=\"published\">");
    html.head(
        "metric", "length of the tuning", "one step", "two steps", "this run, least", "source");
    for (PublishedFigures each : PublishedFigures.ALL) {
      html.row(
          each.metric(),
          each.setting(),
          published(each.oneStep()),
          published(each.twoSteps()),
          least(run, each.metric()) + " / " + least(run, "two_step_" + each.metric()),
          each.source());
    }
    html.raw("</table></div>\n");
  }

  private static String published(double value) {
    return Double.isNaN(value) ? "-" : Html.number(value);
  }

  private static String least(RunData run, String metric) {
    return run.metrics().lines().stream()
        .filter(line -> line.metric().equals(metric) && Double.isFinite(line.value()))
        .reduce((a, b) -> b.isBetterThan(a) ? b : a)
        .map(line -> Html.number(line.value()))
        .orElse("-");
  }

  /** How the run differs from the setting that the figures were made with. */
  private static String difference(RunData run) {
    if (run.configuration().isEmpty()) {
      return "How this run differs is not known: its configuration cannot be read.";
    }
    Config preset = ConfigSources.merge(ConfigSources.file(PRESET));
    List<String> others = new ArrayList<>();
    for (String key : COMPARED) {
      String theirs = text(preset, key);
      Optional<String> ours = Optional.ofNullable(run.configuration().get(key));
      ours.filter(value -> !isSame(value, theirs))
          .ifPresent(value -> others.add(key + " " + value + " instead of " + theirs));
    }
    String dataset = Store.name(run.configuration().getOrDefault("data.path", ""));
    String start =
        run.configuration().getOrDefault("run.transfer", "").isEmpty()
            ? "random weights"
            : Store.name(run.configuration().get("run.transfer"));
    return "This run: dataset "
        + dataset
        + ", started from "
        + start
        + "; "
        + (others.isEmpty()
            ? "settings as in the preset " + PRESET + "."
            : "otherwise than the preset " + PRESET + ": " + String.join("; ", others) + ".");
  }

  /** Numbers may be written in several ways. */
  private static boolean isSame(String value, String other) {
    try {
      return Double.parseDouble(value) == Double.parseDouble(other);
    } catch (NumberFormatException e) {
      return value.equals(other);
    }
  }

  private static String text(Config config, String key) {
    return config.getValue(key).valueType() == ConfigValueType.STRING
        ? config.getString(key)
        : config.getValue(key).render(ConfigRenderOptions.concise());
  }
}
