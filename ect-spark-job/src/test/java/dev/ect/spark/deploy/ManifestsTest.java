package dev.ect.spark.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ect.spark.cli.Main;
import dev.ect.spark.config.ConfigSources;
import dev.ect.spark.config.JobConfig;
import dev.ect.spark.config.ObjectiveConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.spark.package$;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.yaml.snakeyaml.Yaml;

/** What {@code conf} and {@code deploy} refer to is there. */
class ManifestsTest {
  private static final Path KUBERNETES = Path.of("deploy/kubernetes");

  /** The YAML documents of a file. */
  private static List<Map<String, Object>> documents(String name) throws IOException {
    List<Map<String, Object>> documents = new ArrayList<>();
    for (Object each : new Yaml().loadAll(Files.readString(KUBERNETES.resolve(name)))) {
      documents.add(map(each));
    }
    return documents;
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> map(Object value) {
    return (Map<String, Object>) value;
  }

  /** A value by the keys and numbers that lead to it. */
  private static Object at(Object value, Object... path) {
    for (Object step : path) {
      value = step instanceof Integer i ? ((List<?>) value).get(i) : map(value).get(step);
    }
    return value;
  }

  /** The JVM options that every process has. */
  private static List<String> jvmOptions() throws IOException {
    return Files.readAllLines(Path.of("deploy/jvm-options")).stream()
        .filter(line -> !line.startsWith("#"))
        .toList();
  }

  private static Map<String, String> defaults() throws IOException {
    Map<String, String> settings = new LinkedHashMap<>();
    for (String line : Files.readAllLines(Path.of("conf/spark-defaults.conf"))) {
      // what is to be uncommented, too
      Matcher setting = Pattern.compile("#?(spark\\.\\S+)\\s+(.*)").matcher(line);
      if (setting.matches()) {
        settings.put(setting.group(1), setting.group(2).strip());
      }
    }
    return settings;
  }

  private static String version() throws IOException {
    Matcher version =
        Pattern.compile("(?m)^  <version>(.*)</version>")
            .matcher(Files.readString(Path.of("pom.xml")));
    assertTrue(version.find());
    return version.group(1);
  }

  private static void assertKnown(Iterable<String> keys) {
    for (String key : keys) {
      assertTrue(SparkKeys.knows(key), key);
    }
  }

  @Test
  void sparksDefaultsHaveTheOptionsOfEveryJvm() throws Exception {
    Map<String, String> settings = defaults();
    for (String role : List.of("driver", "executor")) {
      String options = settings.get("spark." + role + ".defaultJavaOptions");
      assertEquals(jvmOptions(), List.of(options.split(" ")), role);
    }
  }

  @Test
  void sparkKnowsItsDefaults() throws Exception {
    assertKnown(defaults().keySet());
  }

  @Test
  void theApplicationIsTheOneThatIsBuilt() throws Exception {
    Map<String, Object> application = documents("application.yaml").get(0);
    Object spec = application.get("spec");
    assertEquals(Main.class.getName(), at(spec, "mainClass"));
    assertEquals(package$.MODULE$.SPARK_VERSION(), at(spec, "sparkVersion"));
    assertEquals(
        "local:///opt/ect/ect-spark-job-" + version() + "-all.jar",
        at(spec, "mainApplicationFile"));
    assertEquals("ect-spark:" + version() + "-cuda", at(spec, "image"));
    Map<String, Object> settings = map(at(spec, "sparkConf"));
    assertKnown(settings.keySet());
    settings.forEach((key, value) -> assertTrue(value instanceof String, key));
    assertEquals(String.join(" ", jvmOptions()), settings.get("spark.executor.defaultJavaOptions"));
    assertEquals(
        settings.get("spark.executor.defaultJavaOptions")
            + " -Dlog4j2.configurationFile=/opt/ect/log4j2.properties",
        settings.get("spark.driver.defaultJavaOptions"));
    // as the defaults have them
    Map<String, String> defaults = defaults();
    settings.forEach(
        (key, value) -> {
          if (defaults.containsKey(key) && !key.equals("spark.driver.defaultJavaOptions")) {
            assertEquals(defaults.get(key), value, key);
          }
        });
  }

  @Test
  void itsCommandIsValid() throws Exception {
    Object spec = documents("application.yaml").get(0).get("spec");
    List<?> arguments = (List<?>) at(spec, "arguments");
    assertEquals(List.of("tune", "--config", "cifar10"), arguments.subList(0, 3));
    List<String> overrides =
        arguments.subList(3, arguments.size()).stream().map(String::valueOf).toList();
    JobConfig config =
        JobConfig.of(
            ObjectiveConfig.Kind.TUNING,
            ConfigSources.overrides(overrides),
            ConfigSources.file("cifar10"));
    assertEquals(at(spec, "executor", "instances"), config.spark().executors());
  }

  @ParameterizedTest
  @ValueSource(strings = {"driver", "executor"})
  void podTemplatesGiveTheExchangeItsMemory(String role) throws Exception {
    Map<String, Object> pod = documents(role + ".yaml").get(0);
    assertEquals("Pod", pod.get("kind"));
    Object spec = pod.get("spec");
    assertEquals("spark-kubernetes-" + role, at(spec, "containers", 0, "name"));
    assertEquals("/dev/shm", at(spec, "containers", 0, "volumeMounts", 0, "mountPath"));
    Object mounted = at(spec, "containers", 0, "volumeMounts", 0, "name");
    assertEquals(mounted, at(spec, "volumes", 0, "name"));
    assertEquals("Memory", at(spec, "volumes", 0, "emptyDir", "medium"));
    // the same as in the application for the operator
    Map<String, Object> settings =
        map(at(documents("application.yaml").get(0), "spec", "sparkConf"));
    String volumes = "spark.kubernetes." + role + ".volumes.";
    assertEquals(
        settings.get(volumes + "emptyDir.shm.options.sizeLimit"),
        at(spec, "volumes", 0, "emptyDir", "sizeLimit"));
    assertEquals(
        settings.get(volumes + "persistentVolumeClaim.shared.options.claimName"),
        at(spec, "volumes", 1, "persistentVolumeClaim", "claimName"));
  }

  @Test
  void theAccountIsTheOneThatDriversRunAs() throws Exception {
    Map<String, Map<String, Object>> byKind =
        documents("account.yaml").stream()
            .collect(Collectors.toMap(d -> String.valueOf(d.get("kind")), d -> d));
    Map<String, String> defaults = defaults();
    Object namespace = at(byKind.get("Namespace"), "metadata", "name");
    assertEquals(defaults.get("spark.kubernetes.namespace"), namespace);
    Object account = at(byKind.get("ServiceAccount"), "metadata", "name");
    assertEquals(defaults.get("spark.kubernetes.authenticate.driver.serviceAccountName"), account);
    assertEquals(account, at(byKind.get("RoleBinding"), "subjects", 0, "name"));
    assertEquals(
        at(byKind.get("Role"), "metadata", "name"),
        at(byKind.get("RoleBinding"), "roleRef", "name"));
    Object application = documents("application.yaml").get(0);
    assertEquals(account, at(application, "spec", "driver", "serviceAccount"));
    assertEquals(namespace, at(application, "metadata", "namespace"));
  }

  @Test
  void thePageNamesFilesAndSettingsThatThereAre() throws Exception {
    String page = Files.readString(Path.of("deploy/README.md"));
    Matcher file = Pattern.compile("\\b((deploy|conf)/[\\w./-]*\\w)").matcher(page);
    while (file.find()) {
      assertTrue(Files.exists(Path.of(file.group(1))), file.group(1));
    }
    Matcher key = Pattern.compile("\\b(spark\\.[\\w.]*\\w)").matcher(page);
    List<String> ours = List.copyOf(ConfigSources.keys(ConfigSources.reference()));
    while (key.find()) {
      String name = key.group(1);
      // of workers, which read their settings from SPARK_WORKER_OPTS
      boolean workers = name.matches("spark\\.worker\\.resource\\.gpu\\.(amount|discoveryScript)");
      boolean known = workers || ours.stream().anyMatch(k -> k.startsWith(name));
      // or the beginning of several
      assertTrue(known || SparkKeys.knows(name) || SparkKeys.knows(name + ".X"), name);
    }
  }

  @Test
  void theScriptsAreBash() throws Exception {
    for (String script :
        Arrays.asList("common", "ect", "submit", "gpu-discovery.sh", "gpu-check.sh")) {
      Process bash =
          new ProcessBuilder("bash", "-n", "deploy/" + script).redirectErrorStream(true).start();
      assertEquals(
          "", new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8), script);
      assertEquals(0, bash.waitFor(), script);
    }
  }
}
