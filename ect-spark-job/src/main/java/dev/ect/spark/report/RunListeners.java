package dev.ect.spark.report;

import java.util.List;

/** Tells several listeners, each in the background, and says what went wrong with them. */
public final class RunListeners implements RunListener {
  private final List<BackgroundListener> all;

  /** Those that are told. */
  public RunListeners(List<BackgroundListener> all) {
    this.all = List.copyOf(all);
  }

  @Override
  public void begun(RunStart start) {
    all.forEach(each -> each.begun(start));
  }

  @Override
  public void tick(StatsLine tick) {
    all.forEach(each -> each.tick(tick));
  }

  @Override
  public void rewound(long images) {
    all.forEach(each -> each.rewound(images));
  }

  @Override
  public void saved() {
    all.forEach(BackgroundListener::saved);
  }

  @Override
  public void evaluated() {
    all.forEach(BackgroundListener::evaluated);
  }

  @Override
  public void ended(RunEnd end) {
    all.forEach(each -> each.ended(end));
  }

  /** Lines about what has gone wrong since the last call, for people. */
  public List<String> takeWarnings() {
    return all.stream().flatMap(each -> each.takeWarnings().stream()).toList();
  }
}
