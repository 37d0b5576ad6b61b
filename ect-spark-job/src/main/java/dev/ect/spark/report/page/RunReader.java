package dev.ect.spark.report.page;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValueType;
import dev.ect.model.checkpoint.Checkpoint;
import dev.ect.model.checkpoint.SafetensorsFile;
import dev.ect.model.io.Addresses;
import dev.ect.model.io.Store;
import dev.ect.model.io.StoredFile;
import dev.ect.spark.config.ConfigSources;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.config.ObjectiveConfig;
import dev.ect.spark.config.UserError;
import dev.ect.spark.report.MetricFiles;
import dev.ect.spark.report.Provenance;
import dev.ect.spark.report.RunDirectory;
import dev.ect.spark.report.SampleGrid;
import dev.ect.spark.report.StatsFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Reads a run directory: whatever is there, since it may be of a run that goes on, or was moved.
 * What is damaged becomes a note.
 */
final class RunReader {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String CONFIGURATION = "configuration.conf";

  private final Store store;
  private final RunDirectory directory;
  private final List<StoredFile> files;
  private final List<String> notes = new ArrayList<>();

  /** From a checkpoint; empty where there is none. */
  private Map<String, String> metadata = Map.of();

  private RunReader(Store store, RunDirectory directory) throws IOException {
    this.store = store;
    this.directory = directory;
    files = store.list(directory.path(), false);
  }

  /**
   * Reads all of it.
   *
   * @throws UserError if it is no run directory
   */
  static RunData read(Store store, RunDirectory directory) throws IOException {
    String path = directory.path();
    if (!store.exists(path)) {
      throw new UserError(store.qualified(path) + ": no such run directory");
    }
    if (!store.info(path).directory()) {
      throw new UserError(path + ": is a file; expected a run directory");
    }
    RunReader reader = new RunReader(store, directory);
    if (!reader.has(CONFIGURATION) && !reader.has(StatsFile.NAME)) {
      throw new UserError(
          path
              + ": is not a run directory: it holds neither "
              + CONFIGURATION
              + " nor "
              + StatsFile.NAME);
    }
    return reader.read();
  }

  private boolean has(String name) {
    return files.stream().anyMatch(file -> file.name().equals(name) && !file.directory());
  }

  /** A part that is read for itself, so that its failure is no other's. */
  private interface Part<T> {
    T read() throws IOException;
  }

  private <T> T orNote(T otherwise, Part<T> part) {
    try {
      return part.read();
    } catch (IOException | UserError e) {
      notes.add(e.getMessage() == null ? e.toString() : e.getMessage());
      return otherwise;
    }
  }

  private RunData read() {
    StatsFile stats = orNote(StatsFile.EMPTY, () -> StatsFile.read(store, directory));
    MetricFiles metrics =
        orNote(new MetricFiles(List.of(), 0), () -> MetricFiles.read(store, files));
    unreadable(stats.unreadable(), StatsFile.NAME);
    unreadable(metrics.unreadable(), "metric-*.jsonl");
    metadata = orNote(Map.of(), this::metadata);
    Optional<Config> configuration = orNote(Optional.empty(), this::configuration);
    SortedMap<String, String> values = new TreeMap<>();
    configuration.ifPresent(config -> config.entrySet().forEach(e -> values.put(e.getKey(), "")));
    values.replaceAll((key, empty) -> value(configuration.orElseThrow(), key));
    Samples samples = Samples.read(store, SampleGrid.among(files), notes);
    Optional<Picture> real =
        has("data.png")
            ? orNote(
                Optional.empty(),
                () -> Optional.of(Picture.read(store, directory.file("data.png"))))
            : Optional.empty();
    return new RunData(
        directory,
        stats,
        metrics,
        values,
        configuration.flatMap(this::objective),
        tree(metadata.get(Provenance.KEY)),
        samples,
        real,
        text("timeline.html"),
        text("summary.txt"),
        List.copyOf(notes));
  }

  private void unreadable(int lines, String file) {
    if (lines > 0) {
      notes.add(file + ": lines left out because they cannot be read: " + lines);
    }
  }

  private String text(String name) {
    return has(name) ? orNote("", () -> directory.text(store, name)) : "";
  }

  /** What the newest checkpoint that is always kept says of itself. */
  private Map<String, String> metadata() throws IOException {
    for (String path : List.of(directory.latestSnapshot(), directory.initialSnapshot())) {
      if (has(Store.name(path))) {
        try (SafetensorsFile file = SafetensorsFile.open(store, path)) {
          return file.metadata();
        }
      }
    }
    return Map.of();
  }

  private Optional<Config> configuration() throws IOException {
    return has(CONFIGURATION)
        ? Optional.of(ConfigSources.text(directory.text(store, CONFIGURATION), CONFIGURATION))
        : Optional.empty();
  }

  private static String value(Config config, String key) {
    boolean text = config.getValue(key).valueType() == ConfigValueType.STRING;
    return Addresses.hideSecrets(
        text ? config.getString(key) : config.getValue(key).render(ConfigRenderOptions.concise()));
  }

  private Optional<ObjectiveConfig> objective(Config config) {
    List<String> problems = new ArrayList<>();
    ObjectiveConfig objective = JobConfig.read(problems, kind(), config).objective();
    problems.forEach(problem -> notes.add(Addresses.hideSecrets(problem)));
    return problems.isEmpty() ? Optional.of(objective) : Optional.empty();
  }

  /** The checkpoint knows; before the first one, the directory's name. */
  private ObjectiveConfig.Kind kind() {
    String section = tree(metadata.get(Checkpoint.IDENTITY)).path("objective").asText();
    ObjectiveConfig.Kind pretraining = ObjectiveConfig.Kind.PRETRAINING;
    boolean named = Store.name(directory.path()).contains("-" + pretraining.id() + "-");
    boolean is = section.isEmpty() ? named : section.equals(pretraining.section());
    return is ? pretraining : ObjectiveConfig.Kind.TUNING;
  }

  private static JsonNode tree(String json) {
    try {
      return json == null ? MissingNode.getInstance() : JSON.readTree(json);
    } catch (JsonProcessingException e) {
      return MissingNode.getInstance();
    }
  }
}
