package dev.ect.spark.report.page;

import java.util.List;
import java.util.Optional;

/** Sample grids through time, and the images before and after training beside real ones. */
final class SamplesSection {
  private SamplesSection() {}

  static void write(RunData run, Html html) {
    Samples samples = run.samples();
    html.add("<section id=\"samples\"><h2>Samples</h2>");
    if (samples.frames().isEmpty()) {
      html.add("<p>There is no sample grid yet.</p>");
    } else {
      html.add(
          "<p>The same noise at every time%s, from the EMA weights.</p>",
          samples.frames().size() < samples.found()
              ? "; "
                  + samples.frames().size()
                  + " of "
                  + samples.found()
                  + " times are shown, all grids are in the run directory"
              : "");
      slider(samples, html);
      beforeAfter(run, html);
    }
    html.add("</section>");
  }

  static String steps(int evaluations) {
    return switch (evaluations) {
      case 1 -> "one step";
      case 2 -> "two steps";
      default -> evaluations + " steps";
    };
  }

  private static void slider(Samples samples, Html html) {
    List<Samples.Frame> frames = samples.frames();
    int last = frames.size() - 1;
    html.add("<div class=\"slider\">");
    html.add(
        "<label for=\"time\">Time</label><input id=\"time\" type=\"range\" min=\"0\" max=\"%d\""
            + " value=\"%d\" step=\"1\" aria-valuetext=\"%s\"%s>",
        last, last, frames.get(last).label(), new Html().raw(last == 0 ? " disabled" : ""));
    html.add("<output for=\"time\">%s</output></div>", frames.get(last).label());
    html.add("<div class=\"grids\">");
    for (int evaluations : samples.evaluations()) {
      html.add("<figure data-steps=\"%d\">", evaluations);
      for (int i = 0; i <= last; i++) {
        Samples.Frame frame = frames.get(i);
        String attributes =
            "data-frame=\"" + i + "\" data-label=\"" + frame.label() + "\"" + hidden(i < last);
        Picture picture = frame.grids().get(evaluations);
        if (picture == null) {
          html.add(
              "<p %s>no grid of %s %s</p>",
              new Html().raw(attributes), steps(evaluations), frame.label());
        } else {
          html.raw(
              picture.element(
                  "Generated images, " + steps(evaluations) + ", " + frame.label(), attributes));
        }
      }
      html.add("<figcaption>%s</figcaption></figure>", steps(evaluations));
    }
    html.add("</div>");
  }

  private static String hidden(boolean hidden) {
    return hidden ? " hidden" : "";
  }

  private static void beforeAfter(RunData run, Html html) {
    List<Samples.Frame> frames = run.samples().frames();
    Samples.Frame first = frames.get(0);
    Samples.Frame last = frames.get(frames.size() - 1);
    Optional<Integer> both =
        first.grids().keySet().stream().filter(last.grids()::containsKey).findFirst();
    boolean compared = both.isPresent() && frames.size() > 1;
    if (run.real().isEmpty() && !compared) {
      return;
    }
    html.add("<h3>Before and after</h3><div class=\"grids\">");
    run.real().ifPresent(real -> figure(real, "Real images", "real images", html));
    if (compared) {
      String steps = steps(both.get());
      figure(first.grids().get(both.get()), "Generated images", steps + ", " + first.label(), html);
      figure(last.grids().get(both.get()), "Generated images", steps + ", " + last.label(), html);
    }
    html.add("</div>");
  }

  private static void figure(Picture picture, String what, String caption, Html html) {
    html.add("<figure>").raw(picture.element(what + ": " + caption, ""));
    html.add("<figcaption>%s</figcaption></figure>", caption);
  }
}
