package dev.ect.spark.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigValue;
import dev.ect.model.engine.MemoryFormat;
import dev.ect.model.engine.Precision;
import dev.ect.model.metrics.CovarianceDivisor;
import dev.ect.model.metrics.DetectorKind;
import dev.ect.model.metrics.Metric;
import dev.ect.model.network.Architecture;
import dev.ect.model.network.Network;
import dev.ect.model.network.NetworkSpec;
import dev.ect.model.tuning.EmaSpec;
import dev.ect.model.tuning.Mapping;
import dev.ect.model.tuning.OptimizerSpec;
import dev.ect.model.tuning.PowerFunctionEma;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** What keys mean, and which of several values wins. */
class ConfigTest {
  @Test
  void everyKeyIsReadAndDocumented() {
    Set<String> read = new TreeSet<>();
    for (ObjectiveConfig.Kind kind : ObjectiveConfig.Kind.values()) {
      ConfigReader in = new ConfigReader(ConfigSources.reference());
      JobConfig.read(in, kind, ConfigSources.reference());
      assertEquals(List.of(), in.problems());
      read.addAll(in.keysRead());
    }
    assertEquals(ConfigSources.keys(ConfigSources.reference()), read);
    for (Map.Entry<String, ConfigValue> key : ConfigSources.reference().entrySet()) {
      assertFalse(key.getValue().origin().comments().isEmpty(), key.getKey() + " has no comment");
    }
  }

  @Test
  void defaultsAreThePapers() {
    JobConfig config = Configs.of();
    assertEquals(
        new NetworkConfig(
            Architecture.DDPMPP,
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty()),
        config.network());
    assertEquals(
        new ObjectiveConfig(
            Configs.TUNING,
            128,
            128,
            25.6,
            12.8,
            250,
            2,
            8,
            1,
            0,
            Mapping.SIGMOID,
            -1.1,
            2.0,
            OptimizerSpec.Kind.RADAM,
            1e-4,
            0,
            0.9999,
            500,
            0,
            List.of(),
            0.2,
            0,
            0),
        config.objective());
    assertEquals(new DataConfig("", false, false, 0, 64, 1024, 0, 2), config.data());
    assertEquals(EngineConfig.DEFAULT, config.engine());
    assertEquals(
        new RunConfig(
            "runs",
            "",
            "",
            0,
            "",
            "",
            50,
            500,
            500,
            50,
            100,
            0,
            64,
            List.of(0.821),
            false,
            new MlflowConfig("", "ect")),
        config.run());
    assertEquals(
        new SparkConfig(
            "auto",
            1,
            1,
            Duration.ofMinutes(5),
            false,
            10,
            Optional.empty(),
            4,
            Duration.ofSeconds(1)),
        config.spark());
    assertEquals(
        new ExchangeConfig(
            ExchangeConfig.Encoding.DENSE,
            ExchangeConfig.Transport.PARAMETER_SERVER,
            "",
            0,
            0,
            Duration.ofSeconds(30),
            new ExchangeConfig.Threshold(1e-4, 0.22, 0.27)),
        config.exchange());
    assertEquals(
        new EvaluationConfig(
            List.of(Metric.of("fid50k_full"), Metric.of("two_step_fid50k_full")),
            1,
            CovarianceDivisor.N,
            0,
            "",
            List.of(
                new DetectorConfig(DetectorKind.INCEPTION, "", "", false, 2048, ""),
                new DetectorConfig(DetectorKind.VGG16, "", "", false, 4096, ""),
                new DetectorConfig(DetectorKind.DINOV2, "", "", false, 1024, ""))),
        config.evaluation());
  }

  @Test
  void pretrainingHasItsOwnSection() {
    ObjectiveConfig pretraining =
        JobConfig.of(
                ObjectiveConfig.Kind.PRETRAINING,
                ConfigSources.overrides(List.of("tuning.lr=5", "pretraining.batch=256")))
            .objective();
    assertEquals(1e-3, pretraining.lr());
    assertEquals(256, pretraining.batch());
    assertEquals(OptimizerSpec.Kind.ADAM, pretraining.optim());
    assertEquals(1e7, pretraining.optimizer().rampUpImages());
    assertEquals(Math.pow(0.5, 256 / 50.0), pretraining.ema().beta(256, 1000), 1e-12);
  }

  @Test
  void everyKeyCanBeSet() {
    JobConfig config =
        Configs.of(
            "network.arch=adm",
            "network.model-channels=64",
            "network.channel-mult=[1, 2]",
            "network.channel-mult-emb=3",
            "network.num-blocks=2",
            "network.attn-resolutions=[8]",
            "tuning.batch=64",
            "tuning.batch-gpu=16",
            "tuning.duration=1.5",
            "tuning.tick=2.5",
            "tuning.double-ticks=7",
            "tuning.q=4",
            "tuning.k=6",
            "tuning.b=2",
            "tuning.c=0.03",
            "tuning.mapping=const",
            "tuning.p-mean=-0.8",
            "tuning.p-std=1.6",
            "tuning.optim=adam",
            "tuning.lr=0.002",
            "tuning.lr-rampup-kimg=3",
            "tuning.ema-beta=auto",
            "tuning.ema-halflife-kimg=20",
            "tuning.ema-rampup-ratio=0.1",
            "tuning.emas=[\"sigma-rel=0.10\", \"beta=0.999\", \"halflife-kimg=500\"]",
            "tuning.dropout=0.3",
            "tuning.label-dropout=0.1",
            "tuning.augment=0.12",
            "data.path=hdfs://host/set.zip",
            "data.cond=true",
            "data.xflip=true",
            "data.max-size=100",
            "data.virtual-shards=8",
            "data.cache-mib=5",
            "data.threads=3",
            "data.prefetch=4",
            "engine.name=nd4j",
            "engine.device=cuda:1",
            "engine.precision=bfloat16",
            "engine.threads=3",
            "engine.memory-format=channels-last",
            "engine.float32-from=64",
            "run.outdir=s3a://bucket/runs",
            "run.desc=try-1",
            "run.id=night",
            "run.seed=-5",
            "run.transfer=a.safetensors",
            "run.resume=runs/00000-x",
            "run.sample-every=1",
            "run.snapshot-every=2",
            "run.state-every=3",
            "run.checkpoint-every=4",
            "run.ema-every=5",
            "run.eval-every=6",
            "run.grid=9",
            "run.mid-t=[1.5, 0.5]",
            "run.tensorboard=true",
            "run.mlflow.uri=https://host:5000/mlflow",
            "run.mlflow.experiment=night runs",
            "spark.master=local[2]",
            "spark.executors=4",
            "spark.min-executors=2",
            "spark.executor-wait=90s",
            "spark.ui=true",
            "spark.segment-ticks=5",
            "spark.segment-timeout=1h",
            "spark.max-failures=3",
            "spark.retry-wait=2s",
            "exchange.encoding=threshold",
            "exchange.transport=parameter-server",
            "exchange.bind-address=10.0.0.7",
            "exchange.ports=45000-45099",
            "exchange.timeout=500ms",
            "exchange.threshold.initial=0.01",
            "exchange.threshold.min-density=0.001",
            "exchange.threshold.max-density=0.02",
            "evaluation.metrics=[is5k, fd_dinov2]",
            "evaluation.repeats=3",
            "evaluation.divisor=n-1",
            "evaluation.batch=32",
            "evaluation.cache=hdfs://host/statistics",
            "evaluation.trust-detectors=true",
            "evaluation.inception.path=i.pt",
            "evaluation.inception.sha256=" + "AB".repeat(32),
            "evaluation.inception.width=64",
            "evaluation.inception.reference=i.npz",
            "evaluation.vgg16.path=v.pt",
            "evaluation.vgg16.sha256=" + "cd".repeat(32),
            "evaluation.vgg16.width=65",
            "evaluation.dinov2.path=d.pt",
            "evaluation.dinov2.sha256=",
            "evaluation.dinov2.width=66",
            "evaluation.dinov2.reference=d.npz");
    assertEquals(
        new NetworkSpec(
            Architecture.ADM, 32, 3, 10, 9, 64, List.of(1, 2), 3, 2, List.of(8), 0.3, 0.1),
        config.network().spec(32, 3, 10, config.objective()));
    assertEquals(
        new ObjectiveConfig(
            Configs.TUNING,
            64,
            16,
            1.5,
            2.5,
            7,
            4,
            6,
            2,
            0.03,
            Mapping.CONST,
            -0.8,
            1.6,
            OptimizerSpec.Kind.ADAM,
            0.002,
            3,
            -1,
            20,
            0.1,
            List.of(new PowerFunctionEma(0.1), EmaSpec.fixed(0.999), EmaSpec.halfLife(500_000, 0)),
            0.3,
            0.1,
            0.12),
        config.objective());
    assertEquals(new DataConfig("hdfs://host/set.zip", true, true, 100, 8, 5, 3, 4), config.data());
    assertEquals(
        new EngineConfig("nd4j", "cuda:1", Precision.BFLOAT16, 3, MemoryFormat.CHANNELS_LAST, 64),
        config.engine());
    assertEquals(
        new RunConfig(
            "s3a://bucket/runs",
            "try-1",
            "night",
            -5,
            "a.safetensors",
            "runs/00000-x",
            1,
            2,
            3,
            4,
            5,
            6,
            9,
            List.of(1.5, 0.5),
            true,
            new MlflowConfig("https://host:5000/mlflow", "night runs")),
        config.run());
    assertEquals(
        new SparkConfig(
            "local[2]",
            4,
            2,
            Duration.ofSeconds(90),
            true,
            5,
            Optional.of(Duration.ofHours(1)),
            3,
            Duration.ofSeconds(2)),
        config.spark());
    assertEquals(
        new ExchangeConfig(
            ExchangeConfig.Encoding.THRESHOLD,
            ExchangeConfig.Transport.PARAMETER_SERVER,
            "10.0.0.7",
            45000,
            45099,
            Duration.ofMillis(500),
            new ExchangeConfig.Threshold(0.01, 0.001, 0.02)),
        config.exchange());
    assertEquals(
        new EvaluationConfig(
            List.of(Metric.of("is5k"), Metric.of("fd_dinov2")),
            3,
            CovarianceDivisor.N_MINUS_1,
            32,
            "hdfs://host/statistics",
            List.of(
                new DetectorConfig(
                    DetectorKind.INCEPTION, "i.pt", "ab".repeat(32), true, 64, "i.npz"),
                new DetectorConfig(DetectorKind.VGG16, "v.pt", "cd".repeat(32), true, 65, ""),
                new DetectorConfig(DetectorKind.DINOV2, "d.pt", "", true, 66, "d.npz"))),
        config.evaluation());
  }

  @Test
  void explicitValuesWinOverPresets() {
    Config overrides = ConfigSources.overrides(List.of("tuning.q=3"));
    ObjectiveConfig objective =
        JobConfig.of(Configs.TUNING, overrides, ConfigSources.file("cifar10-1hour")).objective();
    assertEquals(3, objective.q());
    assertEquals(0.9993, objective.emaBeta());
    assertEquals(1, objective.schedule().stage(objective.schedule().totalSteps()) + 1);
  }

  @Test
  void presetsAreValidAndSayWhatTheyMean() {
    for (String preset : ConfigSources.PRESETS) {
      JobConfig.of(Configs.TUNING, ConfigSources.file("conf/" + preset + ".conf"));
    }
    JobConfig cifar = JobConfig.of(Configs.TUNING, ConfigSources.file("cifar10"));
    assertEquals(200_000, cifar.objective().schedule().totalSteps());
    assertEquals(
        25_000, cifar.objective().doubleTicks() * cifar.objective().schedule().stepsPerTick());
    Network network = Network.of(cifar.network().spec(32, 3, 0, cifar.objective()));
    assertEquals(55_732_739, network.parameters().size());
  }

  @Test
  void savedConfigurationsReadBackTheSame() {
    JobConfig config = Configs.of("tuning.batch=48", "run.mid-t=[0.5]", "data.path=a b/c.zip");
    Config again = ConfigSources.text(ConfigSources.render(config.resolved()), "saved");
    JobConfig back = JobConfig.of(Configs.TUNING, again);
    assertEquals(config.objective(), back.objective());
    assertEquals(config.run(), back.run());
    assertEquals(config.data(), back.data());
  }
}
