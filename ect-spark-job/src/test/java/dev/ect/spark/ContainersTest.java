package dev.ect.spark;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.spark.Dockerfile.Instruction;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** Holds what the files in docker/ refer to against the repository and the build. */
class ContainersTest {
  private static final Path FOLDER = Path.of("docker");
  private static final String IMAGE = "ect-spark:${ECT_VERSION:-%s}%s";
  private static final Pattern CLASS =
      Pattern.compile("\\b(?:org\\.apache\\.spark|dev\\.ect)(?:\\.[a-z]\\w*)*\\.[A-Z]\\w+");

  private static Dockerfile dockerfile;
  private static Map<String, Object> compose;
  private static String version;

  @BeforeAll
  static void read() throws IOException {
    dockerfile = Dockerfile.read(FOLDER.resolve("Dockerfile"));
    compose = yaml("compose.yaml");
    version = pom("<artifactId>ect</artifactId>\\s*<version>([^<]+)<");
  }

  private static Map<String, Object> yaml(String file) throws IOException {
    LoaderOptions strict = new LoaderOptions();
    strict.setAllowDuplicateKeys(false);
    try (var in = Files.newBufferedReader(FOLDER.resolve(file))) {
      return new Yaml(new SafeConstructor(strict)).load(in);
    }
  }

  private static String pom(String regex) throws IOException {
    return found(regex, Files.readString(Path.of("pom.xml"))).get(0);
  }

  /** What a group matches, or all of it, everywhere in a text. */
  private static List<String> found(String regex, String text) {
    return Pattern.compile(regex)
        .matcher(text)
        .results()
        .map(match -> match.group(Math.min(1, match.groupCount())))
        .toList();
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> map(Object value) {
    return (Map<String, Object>) value;
  }

  private static Map<String, Object> services() {
    return map(compose.get("services"));
  }

  private static Map<String, Object> service(String name) {
    return map(services().get(name));
  }

  private static List<String> strings(Object list) {
    return ((List<?>) list).stream().map(String::valueOf).toList();
  }

  @Test
  void versionsAreThoseOfTheBuild() throws IOException {
    String spark = pom("<spark.version>([^<]+)<");
    String java = pom("<maven.compiler.release>([^<]+)<");
    List<String> arguments = dockerfile.all("ARG").stream().map(Instruction::text).toList();
    assertEquals(2, arguments.stream().filter(("SPARK_VERSION=" + spark)::equals).count());
    assertTrue(arguments.contains("ECT_VERSION=" + version), arguments::toString);
    assertTrue(arguments.stream().anyMatch(each -> each.startsWith("JAVA_VERSION=" + java + ".")));
    // Spark's own distribution without a suffix is the one with this Scala
    assertEquals("2.12", pom("<scala.binary.version>([^<]+)<"));
    List<String> named = new ArrayList<>();
    for (String file : List.of("Dockerfile", "compose.yaml", "compose.cuda.yaml", "README.md")) {
      named.addAll(
          found(
              "ect-spark:(?:\\$\\{ECT_VERSION:-)?([0-9][\\w.-]*?)(?:-cuda)?[} \n`]",
              Files.readString(FOLDER.resolve(file)) + "\n"));
    }
    assertEquals(new TreeSet<>(List.of(version)), new TreeSet<>(named));
    assertTrue(named.size() > 4, named::toString);
    List<String> profiles =
        found("<id>((?:nd4j-)?cuda)</id>", Files.readString(Path.of("ect-spark-job/pom.xml")));
    assertEquals(List.of("cuda", "nd4j-cuda"), profiles);
  }

  @Test
  void imagesArePinnedAndStagesExist() {
    List<String> stages = new ArrayList<>();
    for (Instruction from : dockerfile.all("FROM")) {
      String image = from.words().get(0);
      assertTrue(image.matches("[a-z0-9./-]+:\\d+\\.\\d+\\.\\d+_\\d+-(jdk|jre)-[a-z]+"), image);
      stages.add(from.words().size() > 2 ? from.words().get(2) : "");
    }
    assertEquals(List.of("build", "spark", ""), stages);
    for (Instruction copy : dockerfile.all("COPY")) {
      String from = copy.option("from");
      assertTrue(from.isEmpty() || stages.contains(from), copy::text);
    }
  }

  @Test
  void whatIsCopiedExistsAndIsNotIgnored() throws IOException {
    List<String> ignore = Files.readAllLines(Path.of(".dockerignore"));
    assertEquals("*", ignore.stream().filter(line -> !line.startsWith("#")).findFirst().get());
    for (Instruction copy : dockerfile.all("COPY")) {
      List<String> words = copy.words();
      for (String source : words.subList(0, words.size() - 1)) {
        if (!copy.option("from").isEmpty() || source.endsWith("[h]")) {
          continue;
        }
        assertTrue(Files.exists(Path.of(source)), source);
        assertTrue(
            ignore.stream()
                .filter(line -> line.startsWith("!"))
                .map(line -> line.substring(1))
                .anyMatch(kept -> kept.equals(source) || kept.startsWith(source + "/")),
            source + " is ignored");
      }
    }
    for (String line : ignore) {
      // the discovery script belongs to the submit scripts
      if (line.startsWith("!") && !line.endsWith("gpu-discovery.sh")) {
        assertTrue(Files.exists(Path.of(line.substring(1))), line);
      }
    }
    assertTrue(Files.isExecutable(FOLDER.resolve("ect")));
    assertTrue(Files.isExecutable(Path.of("mvnw")));
  }

  @Test
  void theImageRunsAsNobodyWithAHealthCheckAndLabels() {
    List<Instruction> users = dockerfile.ofTheImage("USER");
    assertEquals(List.of("185:185"), users.stream().map(Instruction::text).toList());
    assertEquals(1, dockerfile.ofTheImage("HEALTHCHECK").size());
    assertEquals("[\"/opt/entrypoint.sh\"]", dockerfile.ofTheImage("ENTRYPOINT").get(0).text());
    String labels = dockerfile.ofTheImage("LABEL").get(0).text();
    for (String label : List.of("title", "description", "licenses", "version", "revision")) {
      assertTrue(labels.contains("org.opencontainers.image." + label + "="), label);
    }
    int user = dockerfile.instructions().indexOf(users.get(0));
    assertTrue(
        dockerfile.instructions().stream().skip(user).noneMatch(each -> each.name().equals("RUN")));
  }

  @Test
  void noFileHoldsASecret() throws IOException {
    Pattern secret = Pattern.compile("(?i)(password|secret|token|access.?key)\\s*[=:]");
    try (Stream<Path> files = Files.list(FOLDER)) {
      for (Path file : files.toList()) {
        assertFalse(secret.matcher(Files.readString(file)).find(), file::toString);
      }
    }
  }

  @Test
  void classesInCommandsExist() throws IOException {
    TreeSet<String> classes = new TreeSet<>();
    for (String file : List.of("Dockerfile", "compose.yaml", "compose.cuda.yaml", "ect")) {
      CLASS
          .matcher(Files.readString(FOLDER.resolve(file)))
          .results()
          .map(MatchResult::group)
          .forEach(classes::add);
    }
    assertEquals(
        new TreeSet<>(
            List.of(
                "dev.ect.spark.cli.Main",
                "org.apache.spark.deploy.history.HistoryServer",
                "org.apache.spark.deploy.master.Master",
                "org.apache.spark.deploy.worker.Worker")),
        classes);
    for (String name : classes) {
      Class<?> type =
          assertDoesNotThrow(() -> Class.forName(name, false, getClass().getClassLoader()));
      assertDoesNotThrow(() -> type.getMethod("main", String[].class), name);
    }
  }

  @Test
  void everyServiceIsPinnedConfinedBoundedAndWatched() throws IOException {
    assertEquals(
        new TreeSet<>(List.of("master", "worker", "history", "job")),
        new TreeSet<>(services().keySet()));
    for (String name : services().keySet()) {
      Map<String, Object> service = service(name);
      assertEquals(IMAGE.formatted(version, ""), service.get("image"), name);
      assertEquals("185:185", service.get("user"), name);
      assertEquals(true, service.get("read_only"), name);
      assertEquals(List.of("ALL"), service.get("cap_drop"), name);
      assertEquals(List.of("no-new-privileges:true"), service.get("security_opt"), name);
      Map<String, Object> limits =
          map(map(map(service.get("deploy")).get("resources")).get("limits"));
      assertEquals(new TreeSet<>(List.of("cpus", "memory")), new TreeSet<>(limits.keySet()), name);
      assertTrue(service.containsKey("healthcheck") || name.equals("job"), name);
      for (String port : strings(service.getOrDefault("ports", List.of()))) {
        assertTrue(port.startsWith("127.0.0.1:"), name + " listens on " + port);
      }
      Map<String, Object> build = map(service.get("build"));
      Path context = FOLDER.resolve((String) build.get("context"));
      assertTrue(Files.isRegularFile(context.resolve((String) build.get("dockerfile"))), name);
    }
    assertEquals(2, map(service("worker").get("deploy")).get("replicas"));
    // gradients are exchanged there
    assertEquals("1g", service("worker").get("shm_size"));
  }

  @Test
  void servicesReferToOthersThatThereAre() {
    TreeSet<String> used = new TreeSet<>();
    for (String name : services().keySet()) {
      Map<String, Object> service = service(name);
      for (String volume : strings(service.getOrDefault("volumes", List.of()))) {
        used.add(volume.substring(0, volume.indexOf(':')));
        String target = volume.split(":", -1)[1];
        assertTrue(
            dockerfile.ofTheImage("RUN").stream().anyMatch(run -> run.text().contains(target)),
            target + " is not made in the image, with its owner");
      }
      map(service.getOrDefault("depends_on", Map.of()))
          .forEach(
              (other, condition) -> {
                assertTrue(service(other).containsKey("healthcheck"), other);
                assertEquals(Map.of("condition", "service_healthy"), condition);
              });
      assertTrue(
          map(compose.get("networks")).keySet().containsAll(strings(service.get("networks"))));
      String text = service.toString();
      for (String host : found("(?:spark|http)://(\\w+):", text)) {
        assertTrue(host.equals("localhost") || services().containsKey(host), text);
      }
    }
    assertEquals(new TreeSet<>(map(compose.get("volumes")).keySet()), used);
    assertTrue(strings(service("worker").get("command")).contains("spark://master:7077"));
    assertEquals("7077", after("--port", strings(service("master").get("command"))));
  }

  private static String after(String option, List<String> command) {
    return command.get(command.indexOf(option) + 1);
  }

  @Test
  void portsThatAreCheckedAndPublishedAreThoseOfTheServices() {
    List<String> exposed = dockerfile.ofTheImage("EXPOSE").get(0).words();
    for (String name : List.of("master", "worker", "history")) {
      Map<String, Object> service = service(name);
      List<String> command = strings(service.get("command"));
      String port =
          command.contains("--webui-port")
              ? after("--webui-port", command)
              : found("ui\\.port=(\\d+)", service.get("environment").toString()).get(0);
      assertTrue(exposed.contains(port), port);
      List<String> test = strings(map(service.get("healthcheck")).get("test"));
      assertTrue(test.get(test.size() - 1).contains(":" + port + "/"), test::toString);
      for (String published : strings(service.getOrDefault("ports", List.of()))) {
        assertEquals("127.0.0.1:" + port + ":" + port, published);
      }
    }
    String job = service("job").get("environment").toString();
    assertTrue(
        job.contains("spark.eventLog.dir=file:/var/lib/ect/events")
            && service("history").toString().contains("logDirectory=file:/var/lib/ect/events"),
        job);
    assertTrue(job.contains("spark.driver.host=" + service("job").get("hostname")), job);
  }

  @Test
  void theGpuFileOverridesServicesThatThereAre() throws IOException {
    Map<String, Object> gpu = map(yaml("compose.cuda.yaml").get("services"));
    assertEquals(services().keySet(), gpu.keySet());
    for (Object service : gpu.values()) {
      assertEquals(IMAGE.formatted(version, "-cuda"), map(service).get("image"));
    }
    String worker = gpu.get("worker").toString();
    assertTrue(worker.contains("driver=nvidia") && worker.contains("replicas=1"), worker);
  }

  @Test
  void pathsInTheImageAreWhereTheyArePut() throws IOException {
    String script = Files.readString(FOLDER.resolve("ect"));
    assertTrue(script.contains("${ECT_HOME:-/opt/ect}"), script);
    List<String> build = dockerfile.all("RUN").stream().map(Instruction::text).toList();
    assertTrue(build.get(0).contains("/out/ect-spark-job-all.jar"), build.get(0));
    assertTrue(build.get(0).contains("/out/natives"), build.get(0));
    List<String> copied = dockerfile.ofTheImage("COPY").stream().map(Instruction::text).toList();
    assertTrue(copied.contains("--from=build /out /opt/ect"), copied::toString);
    assertTrue(copied.contains("conf /opt/ect/conf"), copied::toString);
    for (String name : found("\\$home/([\\w./-]+)", script)) {
      Path here =
          switch (name) {
            case "jvm-options" -> Path.of("deploy/jvm-options");
            case "conf/log4j2.properties" -> Path.of("conf/log4j2.properties");
            case "ect-spark-job-all.jar" -> FOLDER;
            default -> Path.of("unknown " + name);
          };
      assertTrue(Files.exists(here), here::toString);
    }
    assertTrue(
        FileSystems.getDefault()
            .getPathMatcher("glob:ect-spark-job-*-all.jar")
            .matches(Path.of("ect-spark-job-" + version + "-all.jar")));
  }
}
