package dev.ect.spark.report.page;

import com.fasterxml.jackson.databind.JsonNode;
import dev.ect.model.io.Addresses;
import java.util.Map;

/** What a run is made of: provenance and configuration. */
final class FactsSection {
  private FactsSection() {}

  static void provenance(RunData run, Html html) {
    html.add("<section id=\"provenance\"><h2>Provenance</h2>");
    JsonNode all = run.provenance();
    if (!all.isObject()) {
      html.add("<p>Not known: there is no checkpoint that says.</p></section>");
      return;
    }
    html.add("<p>As the run's latest checkpoint says.</p>");
    html.raw("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Provenance\">");
    html.raw("<table class=\"facts\"><tbody>");
    all.properties()
        .forEach(
            field -> {
              if (!field.getKey().equals("configuration")) {
                rows(field.getKey(), field.getValue(), html);
              }
            });
    if (!all.has("source")) {
      html.row("source", "none: started from random weights");
    }
    html.raw("</tbody></table></div></section>\n");
  }

  /** A row per value, objects as dotted names; what is made of something else to any depth. */
  private static void rows(String name, JsonNode value, Html html) {
    if (value.isObject()) {
      value
          .properties()
          .forEach(
              field -> {
                if (!field.getKey().equals("configuration")) {
                  rows(name + "." + field.getKey(), field.getValue(), html);
                }
              });
    } else {
      String text = value.isTextual() ? value.textValue() : value.toString();
      html.row(name, Addresses.hideSecrets(text));
    }
  }

  static void configuration(RunData run, Html html) {
    html.add("<section id=\"configuration\"><h2>Configuration</h2>");
    if (run.configuration().isEmpty()) {
      html.add("<p>Not known: configuration.conf is missing or cannot be read.</p></section>");
      return;
    }
    html.add("<details><summary>%d keys</summary>", run.configuration().size());
    html.raw("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Configuration\">");
    html.raw("<table class=\"facts\"><tbody>");
    for (Map.Entry<String, String> entry : run.configuration().entrySet()) {
      html.row(entry.getKey(), entry.getValue());
    }
    html.raw("</tbody></table></div></details></section>\n");
  }
}
