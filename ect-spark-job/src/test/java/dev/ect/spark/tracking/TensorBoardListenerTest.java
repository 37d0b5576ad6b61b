package dev.ect.spark.tracking;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.ect.model.io.LocalStore;
import dev.ect.spark.report.RunEnd;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TensorBoardListenerTest {
  @TempDir Path run;
  private final Trackers.Hands clock = new Trackers.Hands();

  private TensorBoardListener listener() {
    return new TensorBoardListener(new LocalStore(), clock);
  }

  private List<EventReader> events() throws Exception {
    return EventReader.folder(run.resolve("tensorboard"));
  }

  private List<String> files() throws Exception {
    try (Stream<Path> files = Files.list(run.resolve("tensorboard"))) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private void image(String name, int width, int height) throws Exception {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    ImageIO.write(image, "png", run.resolve(name).toFile());
  }

  @Test
  void numbersImagesAndConfigurationAreInTheEvents() throws Exception {
    TensorBoardListener listener = listener();
    listener.begun(Trackers.start(run, 0));
    listener.tick(Trackers.tick(0, 1, "2.5"));
    listener.tick(Trackers.tick(1, 11, "\"NaN\""));
    image("samples-000000.110-2step.png", 5, 4);
    listener.saved();
    Files.writeString(
        run.resolve("metric-pr50k3_full.jsonl"),
        "{\"results\":{\"pr50k3_full_precision\":0.5,\"pr50k3_full_recall\":0.25},"
            + "\"metric\":\"pr50k3_full\",\"kimg\":0.11,\"timestamp\":1700000009}\n");
    listener.evaluated();
    image("final-1step.png", 6, 4);
    listener.ended(RunEnd.FINISHED);
    List<EventReader> events = events();
    assertEquals("brain.Event:2", events.get(0).text(3));
    EventReader text = events.get(1).message(5).message(1);
    assertEquals("configuration/text_summary", text.text(1));
    assertEquals("text", text.message(9).message(1).text(1));
    assertEquals(7, text.message(8).number(1));
    assertEquals(1, text.message(8).message(2).message(2).number(1));
    assertEquals(
        "    run.desc = \n    run.seed = 3\n    tuning.batch = 10\n"
            + "    tuning.emas = [\"beta=0.9\"]",
        text.message(8).text(8));
    assertEquals(List.of("10: 2.5", "110: NaN"), EventReader.scalars(events, "Loss/loss"));
    assertEquals(
        List.of("10: 20.5", "110: 20.5"), EventReader.scalars(events, "Timing/images_per_sec"));
    assertEquals(List.of("10: 0.01", "110: 0.11"), EventReader.scalars(events, "Progress/kimg"));
    assertEquals(List.of("110: 0.25"), EventReader.scalars(events, "Metrics/pr50k3_full_recall"));
    assertEquals(1700000001.25, events.get(3).doubleValue(1));
    long first = Files.size(run.resolve("samples-000000.110-2step.png"));
    long last = Files.size(run.resolve("final-1step.png"));
    assertEquals(
        List.of("110: Samples/2_step 5x4 " + first, "110: Samples/final_1_step 6x4 " + last),
        EventReader.images(events));
  }

  @Test
  void aNewFileIsWrittenEveryTenSecondsAtFirstAndMoreRarelyLater() throws Exception {
    TensorBoardListener listener = listener();
    listener.begun(Trackers.start(run, 0));
    listener.tick(Trackers.tick(0, 1, "1"));
    assertFalse(Files.exists(run.resolve("tensorboard")));
    clock.pass(10);
    listener.tick(Trackers.tick(1, 2, "1"));
    listener.tick(Trackers.tick(2, 3, "1"));
    assertEquals(List.of("events.out.tfevents.1700000000.000000.ect"), files());
    assertEquals(List.of("10: 1.0", "20: 1.0"), EventReader.scalars(events(), "Loss/loss"));
    clock.pass(990);
    listener.saved();
    assertEquals(2, files().size());
    clock.pass(49);
    listener.tick(Trackers.tick(3, 4, "1"));
    assertEquals(2, files().size());
    clock.pass(1);
    listener.saved();
    assertEquals(3, files().size());
    assertEquals(4, EventReader.scalars(events(), "Loss/loss").size());
  }

  @Test
  void aResumedRunHasAllOfItsTicksOnce() throws Exception {
    TensorBoardListener first = listener();
    first.begun(Trackers.start(run, 0));
    first.tick(Trackers.tick(0, 1, "1"));
    first.tick(Trackers.tick(1, 2, "2"));
    first.ended(RunEnd.FAILED);
    Files.writeString(run.resolve("tensorboard/notes.txt"), "mine");
    Files.writeString(run.resolve("stats.jsonl"), Trackers.line(0, 1, "1"));
    clock.pass(100);
    TensorBoardListener second = listener();
    second.begun(Trackers.start(run, 1));
    second.tick(Trackers.tick(1, 2, "2"));
    second.ended(RunEnd.FINISHED);
    Files.delete(run.resolve("tensorboard/notes.txt"));
    assertEquals(List.of("10: 1.0", "20: 2.0"), EventReader.scalars(events(), "Loss/loss"));
  }

  @Test
  void whatIsRepeatedNoLongerCounts() throws Exception {
    TensorBoardListener listener = listener();
    listener.begun(Trackers.start(run, 0));
    listener.tick(Trackers.tick(0, 1, "1"));
    listener.rewound(10);
    listener.ended(RunEnd.FINISHED);
    EventReader last = events().get(events().size() - 1);
    assertEquals(11, last.number(2));
    assertEquals(1, last.message(7).number(1));
  }
}
