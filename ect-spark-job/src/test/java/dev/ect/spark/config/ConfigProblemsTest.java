package dev.ect.spark.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.Config;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is said of values, keys and files that are wrong. */
class ConfigProblemsTest {
  @TempDir Path folder;

  @Test
  void wrongValuesAreReportedTogetherEachInALine() {
    List<String> wrong =
        List.of(
            "network.arch=unet",
            "network.model-channels=2",
            "network.channel-mult=[0]",
            "network.channel-mult-emb=0",
            "network.num-blocks=x",
            "network.attn-resolutions=7",
            "tuning.batch=0",
            "tuning.batch-gpu=-1",
            "tuning.duration=0",
            "tuning.tick=-1",
            "tuning.double-ticks=0",
            "tuning.q=1",
            "tuning.k=-1",
            "tuning.b=-1",
            "tuning.c=-1",
            "tuning.mapping=linear",
            "tuning.p-mean=x",
            "tuning.p-std=0",
            "tuning.optim=sgd",
            "tuning.lr=0",
            "tuning.lr-rampup-kimg=-1",
            "tuning.ema-beta=1",
            "tuning.ema-halflife-kimg=0",
            "tuning.ema-rampup-ratio=-1",
            "tuning.emas=[sigma]",
            "tuning.dropout=1",
            "tuning.label-dropout=1",
            "tuning.augment=2",
            "data.cond=maybe",
            "data.xflip=2",
            "data.max-size=-1",
            "data.virtual-shards=0",
            "data.cache-mib=-1",
            "data.threads=0",
            "data.prefetch=0",
            "engine.name=jax",
            "engine.device=tpu",
            "engine.precision=fp8",
            "engine.threads=0",
            "engine.memory-format=nhwc",
            "engine.float32-from=0",
            "run.outdir=",
            "run.desc=a b",
            "run.id=a/b",
            "run.seed=1.5",
            "run.sample-every=0",
            "run.snapshot-every=0",
            "run.state-every=0",
            "run.checkpoint-every=0",
            "run.ema-every=-1",
            "run.eval-every=-1",
            "run.grid=0",
            "run.mid-t=[90]",
            "run.tensorboard=2",
            "run.mlflow.uri=host:5000",
            "run.mlflow.experiment=",
            "spark.executors=0",
            "spark.ui=x",
            "spark.segment-ticks=0",
            "spark.min-executors=2",
            "spark.executor-wait=5",
            "spark.segment-timeout=0s",
            "spark.max-failures=0",
            "spark.retry-wait=-1s",
            "exchange.encoding=sparse",
            "exchange.transport=pigeon",
            "exchange.ports=0",
            "exchange.timeout=soon",
            "exchange.threshold.initial=0",
            "exchange.threshold.min-density=0",
            "exchange.threshold.max-density=2",
            "evaluation.metrics=[fid]",
            "evaluation.repeats=0",
            "evaluation.divisor=m",
            "evaluation.batch=100000",
            "evaluation.inception.sha256=12",
            "evaluation.vgg16.width=0");
    List<String> problems = Configs.problems(wrong.toArray(String[]::new));
    List<String> silent = new ArrayList<>(wrong);
    silent.removeIf(
        w ->
            problems.stream()
                .anyMatch(
                    p ->
                        p.startsWith("command line: " + w.substring(0, w.indexOf('=')) + " is ")
                            && p.contains("; expected ")));
    assertEquals(List.of(), silent);
    assertEquals(wrong.size(), problems.size(), () -> String.join("\n", problems));
  }

  @Test
  void aRunsNameIsThatOfAFolder() {
    assertEquals("2026-01-01_a.b", Configs.of("run.id=2026-01-01_a.b").run().id());
    for (String wrong : List.of("..", ".hidden", "-x", "a".repeat(201))) {
      assertEquals(
          List.of(
              "command line: run.id is \""
                  + wrong
                  + "\"; expected at most 200 letters, digits, '.', '_' and '-', the first a letter or"
                  + " digit"),
          Configs.problems("run.id=" + wrong));
    }
  }

  @Test
  void everyMovingAverageMustBeOneAndAnotherOne() {
    assertEquals(
        List.of(
            "command line: tuning.emas is 'sigma-rel=0.3'; expected beta=B with B at least 0 and less"
                + " than 1, halflife-kimg=K with K more than 0, or sigma-rel=S with S more than 0 and"
                + " less than 1/sqrt(12), about 0.2887",
            "command line: tuning.emas is [sigma-rel=0.1, beta=0.9, sigma-rel=0.1]; expected each of"
                + " them once"),
        Configs.problems(
            "tuning.emas=[\"sigma-rel=0.10\", \"sigma-rel=0.3\", \"beta=0.9\", \"sigma-rel=0.1\"]"));
  }

  @Test
  void glooCarriesDenseGradientsOnly() {
    assertEquals(
        ExchangeConfig.Transport.GLOO,
        Configs.of("exchange.transport=gloo").exchange().transport());
    assertEquals(
        List.of(
            "command line: exchange.transport is \"gloo\"; expected parameter-server with the"
                + " encoding threshold: gloo carries dense only"),
        Configs.problems("exchange.transport=gloo", "exchange.encoding=threshold"));
  }

  @Test
  void unknownKeysNameTheNearest() {
    assertEquals(
        List.of(
            "command line: tuning is a section; expected keys inside it",
            "command line: unknown key batch; did you mean tuning.batch?"),
        Configs.problems("batch=3", "tuning=4"));
    assertEquals(
        List.of("command line: unknown key tuning.mappin; did you mean tuning.mapping?"),
        Configs.problems("tuning.mappin=const"));
    assertEquals(
        List.of(
            "command line: unknown key mid_t; did you mean run.mid-t?",
            "command line: unknown key tuning.P_mean; did you mean tuning.p-mean?"),
        Configs.problems("mid_t=0.5", "tuning.P_mean=-1"));
  }

  @Test
  void aValueOfAnotherTypeIsOneProblem() {
    assertEquals(
        List.of("command line: run.id is [1]; expected a string"), Configs.problems("run.id=[1]"));
  }

  @Test
  void problemsInAFileNameItAndTheLine() throws Exception {
    Path file = folder.resolve("my.conf");
    Files.writeString(file, "tuning {\n  batch = many\n  lrate = 1\n}\n");
    Config config = ConfigSources.file(file.toString());
    String message =
        assertThrows(UserError.class, () -> JobConfig.of(Configs.TUNING, config)).getMessage();
    assertTrue(message.contains(file + ":2: tuning.batch is \"many\"; expected"), message);
    assertTrue(message.contains(file + ":3: unknown key tuning.lrate"), message);
  }

  @Test
  void brokenAndMissingFilesAreOneLineEach() throws Exception {
    Path broken = folder.resolve("broken.conf");
    Files.writeString(broken, "tuning { batch = [1\n");
    for (String name : List.of(broken.toString(), "nowhere.conf", folder.toString(), "/")) {
      String message = assertThrows(UserError.class, () -> ConfigSources.file(name)).getMessage();
      assertEquals(1, message.lines().count(), message);
      assertTrue(message.contains(name), message);
    }
  }

  @Test
  void overridesNeedAKeyAndAValue() {
    String message =
        assertThrows(
                UserError.class, () -> ConfigSources.overrides(Arrays.asList("x", "=3", "a b=1")))
            .getMessage();
    assertEquals(3, message.lines().count(), message);
  }
}
