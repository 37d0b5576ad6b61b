package dev.ect.spark.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

class LinePlotTest {
  private static final LinePlot EMPTY = LinePlot.of("FID over time", "t (s)", "FID (images)");

  private static double[] values(double... values) {
    return values;
  }

  private static Document parse(LinePlot plot) throws Exception {
    DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
    factory.setNamespaceAware(true);
    return factory.newDocumentBuilder().parse(new InputSource(new StringReader(plot.svg())));
  }

  private static List<Element> elements(Document svg, String name, String kind) {
    NodeList found = svg.getElementsByTagNameNS("http://www.w3.org/2000/svg", name);
    List<Element> elements = new ArrayList<>();
    for (int i = 0; i < found.getLength(); i++) {
      Element element = (Element) found.item(i);
      if (element.getAttribute("class").equals(kind)) {
        elements.add(element);
      }
    }
    return elements;
  }

  /** The places of all points; those of the legend have no title. */
  private static List<String> points(Document svg) {
    return elements(svg, "path", "").stream()
        .filter(path -> path.getElementsByTagName("title").getLength() == 1)
        .map(path -> path.getAttribute("transform"))
        .toList();
  }

  /** The points of all lines but the legend's, which come first. */
  private static List<String> lines(Document svg, int series) {
    List<Element> all = elements(svg, "polyline", "");
    return all.subList(series, all.size()).stream().map(e -> e.getAttribute("points")).toList();
  }

  private static List<String> texts(Document svg, String kind) {
    return elements(svg, "text", kind).stream().map(Element::getTextContent).toList();
  }

  /** The left end of the text of a tick. */
  private static String at(Document svg, String tick, String coordinate) {
    return elements(svg, "text", "tick").stream()
        .filter(e -> e.getTextContent().equals(tick))
        .map(e -> e.getAttribute(coordinate))
        .reduce((first, last) -> last)
        .orElseThrow();
  }

  @Test
  void pointsAreWhereTheScaleSays() throws Exception {
    Document svg = parse(EMPTY.series("a", values(0, 5, 10), values(0, 10, 5)));
    // x from 46.4 to 736 with 4 % left free at each end, y from 421 up to 101 with 12 %.
    assertEquals(
        List.of("translate(73.98,382.60)", "translate(391.20,139.40)", "translate(708.42,261.00)"),
        points(svg));
    assertEquals(List.of("73.98,382.60 391.20,139.40 708.42,261.00"), lines(svg, 1));
    assertEquals("327.76", at(svg, "4", "x"), "the tick is in line with the points");
    assertEquals("708.42", at(svg, "10", "x"));
    assertEquals(List.of("FID over time"), texts(svg, "title"));
    assertEquals(List.of("FID (images)", "t (s)"), texts(svg, "label"));
    assertEquals(List.of("a"), texts(svg, "name"));
  }

  @Test
  void equalRatiosHaveEqualWidthsOnALogarithmicAxis() throws Exception {
    Document svg = parse(EMPTY.logX().series("a", values(0.1, 1, 10), values(0, 10, 5)));
    assertEquals(
        List.of("translate(73.98,382.60)", "translate(391.20,139.40)", "translate(708.42,261.00)"),
        points(svg));
    assertEquals("73.98", at(svg, "0.1", "x"));
    assertEquals("391.20", at(svg, "1", "x"));
    // a decade is 317.216 wide
    assertEquals("486.69", at(svg, "2", "x"));
  }

  @Test
  void equalRatiosHaveEqualHeightsOnALogarithmicAxis() throws Exception {
    Document svg = parse(EMPTY.logY().series("a", values(0, 5, 10, 7), values(0.1, 1, 10, 0)));
    // The width of the labels decides where x begins.
    List<String> heights = points(svg).stream().map(p -> p.replaceAll(".*,|\\)", "")).toList();
    assertEquals(List.of("382.60", "261.00", "139.40"), heights);
  }

  @Test
  void divisionsCrossThePlotWherePointsAre() throws Exception {
    Document svg =
        parse(
            EMPTY
                .series("a", values(0, 5, 10), values(0, 10, 5))
                .division(5, "half")
                .division(50, "beyond"));
    List<Element> lines = elements(svg, "line", "division");
    assertEquals(1, lines.size());
    assertEquals("391.20", lines.get(0).getAttribute("x1"));
    assertTrue(texts(svg, "tick").contains("half"));
    assertFalse(texts(svg, "tick").contains("beyond"));
  }

  @Test
  void aNarrowPlotHasTheSameText() throws Exception {
    Document svg = parse(EMPTY.width(440).series("a", values(0, 5, 10), values(0, 10, 5)));
    assertEquals("0 0 440 476", svg.getDocumentElement().getAttribute("viewBox"));
    assertEquals(List.of("FID over time"), texts(svg, "title"));
    for (Element tick : elements(svg, "text", "tick")) {
      assertTrue(Double.parseDouble(tick.getAttribute("x")) <= 416);
    }
  }

  @Test
  void pointsAreJoinedInTheOrderOfX() throws Exception {
    Document svg = parse(EMPTY.series("a", values(10, 0, 5), values(5, 0, 10)));
    assertEquals(List.of("73.98,382.60 391.20,139.40 708.42,261.00"), lines(svg, 1));
  }

  @Test
  void pointsWithoutAPlaceAreLeftOut() throws Exception {
    double nan = Double.NaN;
    double infinite = Double.POSITIVE_INFINITY;
    LinePlot plot =
        EMPTY
            .series(
                "a", values(nan, 0, 1, 2, 5, -infinite, 10), values(1, 0, nan, infinite, 10, 1, 5))
            .series("none", values(nan), values(1))
            .mark(nan, 1, "nowhere");
    Document svg = parse(plot);
    assertEquals(List.of("73.98,382.60 391.20,139.40 708.42,261.00"), lines(svg, 2));
    assertEquals(3, points(svg).size());
    assertEquals(List.of(), texts(svg, "mark"));
    Document log =
        parse(EMPTY.logX().series("a", values(0, -1, 0.1, 1, 10), values(9, 9, 0, 10, 5)));
    assertEquals(List.of("73.98,382.60 391.20,139.40 708.42,261.00"), lines(log, 1));
  }

  @Test
  void aPlotWithoutPointsIsRefused() {
    assertEquals(
        "plot 'FID over time' has no point that can be drawn; expected at least one",
        assertThrows(IllegalStateException.class, EMPTY::svg).getMessage());
    LinePlot nan = EMPTY.series("a", values(1), values(Double.NaN)).mark(1, 1, "a");
    assertThrows(IllegalStateException.class, nan::svg);
    assertEquals(
        "series 'a' has 2 values of x and 1 of y; expected as many of both",
        assertThrows(
                IllegalArgumentException.class, () -> EMPTY.series("a", values(1, 2), values(1)))
            .getMessage());
  }

  @Test
  void aSinglePointIsInTheMiddleWithoutALine() throws Exception {
    Document svg = parse(EMPTY.series("a", values(3), values(0)));
    // y ticks from -1.0 to 1.0: x from 60.8 to 736
    assertEquals(List.of("translate(398.40,261.00)"), points(svg));
    assertEquals(List.of(), lines(svg, 1));
    assertEquals("398.40", at(svg, "3.0", "x"));
  }

  @Test
  void equalValuesAreInTheMiddle() throws Exception {
    Document svg = parse(EMPTY.series("a", values(0, 10), values(100, 100)));
    assertTrue(lines(svg, 1).get(0).matches("[0-9.]+,261.00 [0-9.]+,261.00"), lines(svg, 1).get(0));
    assertTrue(texts(svg, "tick").contains("100"));
    Document log = parse(EMPTY.logX().series("a", values(2, 2), values(0, 10)));
    assertEquals(List.of("391.20,382.60 391.20,139.40"), lines(log, 1));
  }

  @Test
  void aMarkIsARingWithALabelInsideTheFrame() throws Exception {
    LinePlot plot = EMPTY.series("a", values(0, 5, 10), values(0, 10, 5));
    Document svg = parse(plot.mark(5, 10, "most").mark(0, 0, "the very least of all"));
    List<Element> rings = elements(svg, "circle", "ring");
    assertEquals("391.20", rings.get(0).getAttribute("cx"));
    assertEquals("139.40", rings.get(0).getAttribute("cy"));
    List<Element> labels = elements(svg, "text", "mark");
    assertEquals(List.of("most", "the very least of all"), texts(svg, "mark"));
    assertEquals("391.20", labels.get(0).getAttribute("x"), "centred");
    assertEquals("132.30", labels.get(1).getAttribute("x"), "81.9 to both sides, from 50.4");
    assertEquals("407.60", labels.get(1).getAttribute("y"), "above the axis at 421");
  }

  @Test
  void textIsEscaped() throws Exception {
    String text = "a < b && \"c\" > 'd' ]]> é \uD83D\uDE00";
    LinePlot plot = LinePlot.of(text, text, text).series(text, values(1), values(2));
    Document svg = parse(plot.mark(1, 2, text));
    assertEquals(List.of(text), texts(svg, "title"));
    assertEquals(text, svg.getDocumentElement().getAttribute("aria-label"));
    assertEquals(List.of(text, text), texts(svg, "label"));
    assertEquals(List.of(text), texts(svg, "name"));
    assertEquals(List.of(text), texts(svg, "mark"));
    assertEquals(text + ": 1, 2", elements(svg, "title", "").get(0).getTextContent());
    Document odd = parse(LinePlot.of("\u0001\uD83D", "", "").series("", values(1), values(2)));
    assertEquals(List.of("\uFFFD\uFFFD"), texts(odd, "title"), "what XML forbids");
  }

  @Test
  void longTextIsSqueezedIntoTheWidth() throws Exception {
    Document svg =
        parse(LinePlot.of("t".repeat(200), "x", "y").series("n".repeat(200), values(1), values(2)));
    assertEquals("712.00", elements(svg, "text", "title").get(0).getAttribute("textLength"));
    assertEquals("679.00", elements(svg, "text", "name").get(0).getAttribute("textLength"));
    assertEquals("", elements(svg, "text", "label").get(0).getAttribute("textLength"));
  }

  @Test
  void theLegendGoesOnInFurtherRowsWhichMakeThePlotHigher() throws Exception {
    LinePlot plot = EMPTY;
    for (int i = 0; i < 7; i++) {
      plot = plot.series("series number " + i, values(0, 1), values(0, i));
    }
    Document svg = parse(plot);
    List<String> rows =
        elements(svg, "text", "name").stream().map(e -> e.getAttribute("y")).toList();
    assertEquals(List.of("61.50", "61.50", "61.50", "61.50", "83.50", "83.50", "83.50"), rows);
    assertEquals("498", svg.getDocumentElement().getAttribute("height"));
    assertEquals(1, elements(svg, "g", "s5").size() - 1, "a key and a line of the sixth colour");
    assertEquals(4, elements(svg, "g", "s0").size(), "the first colour again");
  }

  @Test
  void theFileNeedsNothingElseAndIsAlwaysTheSame() {
    LinePlot plot = EMPTY.logX().series("a", values(1, 2), values(3, 4)).mark(1, 3, "least");
    String svg = plot.svg();
    assertEquals(svg, plot.svg());
    assertTrue(svg.contains("@media (prefers-color-scheme: dark)"), svg);
    assertFalse(svg.replace("http://www.w3.org/2000/svg", "").contains("http"), svg);
    for (String outside : List.of("href", "url(", "@import", "<script", "\r")) {
      assertFalse(svg.contains(outside), outside);
    }
  }
}
