package dev.ect.spark.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.ConfigFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What configurations do not take, read or pass on. */
class ConfigSecretsTest {
  @TempDir Path folder;

  @Test
  void nothingSecretIsTakenOrRepeatedInTheTrackingServersAddress() {
    for (String secret :
        List.of(
            "https://me:hush@host",
            "https://me:p^ss@host",
            "https://me:hush@my_host",
            "me:hush@host",
            "https://host?token=hush",
            "https://host#hush")) {
      assertEquals(
          List.of(
              "command line: run.mlflow.uri is not shown, because it has a name, password, query or"
                  + " fragment: expected http[s]://host[:port], and credentials in"
                  + " MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or in"
                  + " MLFLOW_TRACKING_TOKEN"),
          Configs.problems("run.mlflow.uri=" + secret));
    }
  }

  /** Files that come from elsewhere would else read what lies here. */
  @Test
  void configurationsReadNeitherOtherFilesNorTheEnvironmentOfThisProcess() throws Exception {
    Path secret = Files.writeString(folder.resolve("secret.conf"), "run.desc = hush");
    for (String what :
        List.of(
            "url(\"" + secret.toUri() + "\")",
            "file(\"" + secret + "\")",
            "required(file(\"" + secret + "\"))",
            "classpath(\"reference.conf\")",
            "\"" + secret + "\"")) {
      String text = "run.seed = 1\ninclude " + what + "\n";
      UserError error = assertThrows(UserError.class, () -> ConfigSources.text(text, "a.conf"));
      assertTrue(error.getMessage().startsWith("a.conf: includes "), error.getMessage());
      assertTrue(
          error.getMessage().endsWith("; expected one file: copy what is needed into it"),
          error.getMessage());
      assertFalse(error.getMessage().contains("hush"), error.getMessage());
    }
    String path = System.getenv("PATH");
    UserError error =
        assertThrows(UserError.class, () -> ConfigSources.text("run.desc = ${PATH}", "a.conf"));
    assertTrue(error.getMessage().contains("${PATH}"), error.getMessage());
    assertFalse(error.getMessage().contains(path), error.getMessage());
    assertEquals(
        "a.conf: is nested too deeply for a configuration",
        assertThrows(
                UserError.class, () -> ConfigSources.text("a = " + "[".repeat(200_000), "a.conf"))
            .getMessage());
  }

  @Test
  void configurationsForOthersHaveNoSecrets() {
    assertEquals(
        "{\"data\":{\"path\":\"https://host/d.zip\"},\"run\":{\"seed\":3}}",
        ConfigSources.json(
            ConfigFactory.parseString(
                "data.path = \"https://me@host/d.zip?k=hush\"\nrun.seed = 3")));
    // what --dry-run prints, and a run directory keeps
    String pin = "#sha256=" + "0a".repeat(32);
    JobConfig config =
        Configs.of(
            "run.transfer=https://me:hush@host/a.pkl" + pin, "data.path=s3a://me:hush@b/d.zip");
    String text = ConfigSources.render(config.resolved());
    assertFalse(text.contains("hush"), text);
    RunConfig saved = JobConfig.of(Configs.TUNING, ConfigSources.text(text, "saved")).run();
    assertEquals("https://host/a.pkl" + pin, saved.transfer());
  }
}
