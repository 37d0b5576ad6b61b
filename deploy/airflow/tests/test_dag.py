"""The DAG as such, with Airflow where it is installed and a stand-in elsewhere.

    python3 -m unittest discover -s deploy/airflow/tests
"""

import importlib.util
import os
import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import standin  # noqa: E402

REPOSITORY = Path(__file__).resolve().parents[3]
AIRFLOW = importlib.util.find_spec("airflow") is not None
GIVEN = {
    "data": "hdfs://nn/data/cifar10-32x32.zip",
    "outdir": "hdfs://nn/runs/",
    "publish_to": "s3a://bucket/models",
    "inception": "hdfs://nn/inception-2015-12-05.pt",
    "trust_detectors": True,
}


def load():
    """The DAG's module, with the classes that can be imported now."""
    place = REPOSITORY / "deploy/airflow/ect_dag.py"
    spec = importlib.util.spec_from_file_location("ect_dag", place)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class WithAirflow(unittest.TestCase):
    @unittest.skipUnless(AIRFLOW, "Airflow is not installed")
    def test_the_real_one_loads_and_renders_the_dag(self):
        module = load()
        dag = module.dag
        self.assertEqual(
            {"check", "prepare", "tune", "evaluate", "report", "publish"}, set(dag.task_ids)
        )
        params = {key: param.value for key, param in module.PARAMS.items() if key not in GIVEN}
        for key, value in GIVEN.items():
            module.PARAMS[key].resolve(value)
        params.update(GIVEN)
        directory = module.check(params, "manual__1")

        class TaskInstance:
            def xcom_pull(self, task_ids):
                return {"check": directory}[task_ids]

        tune = dag.get_task("tune")
        context = {"params": params, "ti": TaskInstance(), **module.dag.user_defined_macros}
        rendered = tune.render_template(
            tune.application_args, context, jinja_env=dag.get_template_env()
        )
        self.assertEqual(module.tune_arguments(params, directory), rendered)


class StandIn(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.saved = {n: m for n, m in sys.modules.items() if n.split(".")[0] == "airflow"}
        standin.install(3)
        cls.module = load()

    @classmethod
    def tearDownClass(cls):
        for name in [name for name in sys.modules if name.split(".")[0] == "airflow"]:
            del sys.modules[name]
        sys.modules.update(cls.saved)

    def params(self, **given):
        return {
            name: param.resolve(name, {**GIVEN, **given}.get(name, param.default))
            for name, param in self.module.PARAMS.items()
        }

    def test_it_loads_with_airflow_2_and_3(self):
        for version in (2, 3):
            standin.install(version)
            dag = load().dag
            self.assertEqual(
                ["check", "prepare", "tune", "evaluate", "report", "publish"],
                [task.task_id for task in dag.tasks],
            )
            order = [sorted(task.downstream_task_ids) for task in dag.tasks]
            self.assertEqual([["prepare"], ["tune"], ["evaluate"], ["report"], ["publish"], []], order)
            self.assertEqual(0, dag.get_task("check").retries)
            self.assertGreater(dag.get_task("tune").retries, 1)

    def test_the_run_follows_from_dag_run_and_parameters(self):
        run = self.module.check(self.params(), "manual__2026-01-01T00:00:00+00:00")
        self.assertRegex(run, r"^hdfs://nn/runs/manual__2026-01-01T00-00-00-00-00-[0-9a-f]{12}$")
        same = self.params(executors=2, repeats=3, publish_to="/elsewhere")
        self.assertEqual(run, self.module.check(same, "manual__2026-01-01T00:00:00+00:00"))
        other = [
            self.module.check(self.params(seed=1), "manual__2026-01-01T00:00:00+00:00"),
            self.module.check(self.params(), "manual__2026-01-01T00:00:00-00:00"),
            self.module.check(self.params(), "scheduled__" + "x" * 300),
        ]
        self.assertEqual(4, len({run, *other}))
        for directory in other:
            self.assertRegex(directory.rsplit("/", 1)[1], r"^[A-Za-z0-9][A-Za-z0-9._-]{0,100}$")

    def test_spark_submit_gets_every_parameter(self):
        params = self.params(
            transfer="https://example.org/edm.pkl", batch=64, duration=0.5, gpus=1, executors=2,
            overrides=["engine.precision=bfloat16"], metrics=["fid50k_full", "pr50k3_full"],
            vgg16="/vgg16.pt",
        )
        module = self.module
        run = module.check(params, "a")
        ti = type("TI", (), {"xcom_pull": lambda self, task_ids: run})()
        context = {"params": params, "ti": ti, **module.dag.macros}
        command = module.dag.get_task("tune").command(context, "yarn")
        jar = command.index("/opt/ect/ect-spark-job-all.jar")
        self.assertEqual(["spark-submit", "--master", "yarn", "--conf"], command[:4])
        self.assertEqual(["--name", "ect-tune", "--class", module.MAIN_CLASS], command[jar - 4:jar])
        self.assertEqual(
            ["tune", "--config", "cifar10", "engine.precision=bfloat16",
             "data.path=hdfs://nn/data/cifar10-32x32.zip", "run.outdir=hdfs://nn/runs",
             "run.id=" + run.rsplit("/", 1)[1], "run.seed=0", "spark.executors=2",
             "run.transfer=https://example.org/edm.pkl", "tuning.duration=0.5", "tuning.batch=64"],
            command[jar + 1:],
        )
        self.assertIn("spark.cores.max=8", command)
        self.assertIn("spark.task.resource.gpu.amount=1", command)
        network = run + "/network-snapshot-latest.safetensors"
        self.assertEqual(
            ["evaluate", "--network", network, "--data", params["data"],
             "--metrics", "fid50k_full,pr50k3_full", "--repeats", "1", "--mid-t", "0.821",
             "spark.executors=2", "evaluation.inception.path=hdfs://nn/inception-2015-12-05.pt",
             "evaluation.vgg16.path=/vgg16.pt", "--trust-detectors"],
            module.evaluate_arguments(params, run),
        )
        hashed = self.params(
            trust_detectors=False, overrides=["a.b=c", "evaluation.inception.sha256=0a"]
        )
        self.assertEqual("evaluation.inception.sha256=0a", module.evaluate_arguments(hashed, run)[-1])
        self.assertEqual(["report", run], module.report_arguments(run))
        self.assertEqual(
            ["publish", run, "s3a://bucket/models/" + run.rsplit("/", 1)[1]],
            module.publish_arguments(params, run),
        )
        self.assertEqual(["dataset", "info", params["data"]], module.prepare_arguments(params))
        self.assertEqual(
            ["dataset", "convert", "--if-missing", "--source", "/cifar-10-python.tar.gz",
             "--dest", params["data"], "--transform", "none"],
            module.prepare_arguments(self.params(source="/cifar-10-python.tar.gz")),
        )

    def test_the_jvm_options_are_those_of_the_launcher(self):
        lines = (REPOSITORY / "deploy/jvm-options").read_text().splitlines()
        self.assertEqual([line for line in lines if line[0] != "#"], self.module.JVM_OPTIONS)

    def test_presets_and_class_exist(self):
        for preset in self.module.PRESETS:
            self.assertTrue((REPOSITORY / "conf" / (preset + ".conf")).is_file(), preset)
        source = "ect-spark-job/src/main/java/" + self.module.MAIN_CLASS.replace(".", "/") + ".java"
        self.assertTrue((REPOSITORY / source).is_file())

    def test_a_wrong_value_is_refused_before_anything_starts(self):
        wrong = {
            "config": ["", "a b", None], "data": ["", "cifar10.zip", 3], "source": ["here"],
            "resolution": ["32", "0x0"], "transform": ["crop"], "transfer": ["edm.pkl"],
            "outdir": ["runs", ""], "duration": [0, -1, "1"], "batch": [0, 1.5, "64"],
            "seed": [-1, 0.5, None], "overrides": [["batch"], ["tuning.batch 3"], "a.b=c"],
            "executors": [0, 1025, "2"], "executor_cores": [0], "executor_memory": ["4", "0g", "4 g"],
            "executor_memory_overhead": ["x"], "driver_memory": [4], "gpus": [2, -1, True],
            "metrics": [[], ["fid"], ["fid50k_full", "fid50k_full"], ["fid50k"], "is50k"],
            "inception": ["i.pt"], "vgg16": [""], "dinov2": [1],
            "trust_detectors": [1, "yes", None], "repeats": [0, 101],
            "mid_t": [0, 80, "1"], "publish_to": ["", None],
        }
        self.assertEqual(set(self.module.PARAMS), set(wrong))
        for name, values in wrong.items():
            for value in values:
                with self.subTest(name=name, value=value):
                    with self.assertRaises(standin.ParamValidationError):
                        self.params(**{name: value})
        for name in ("data", "outdir", "publish_to"):
            with self.assertRaises(standin.ParamValidationError):
                self.module.dag.run("x", {key: GIVEN[key] for key in GIVEN if key != name})

    def test_values_that_do_not_go_together_give_a_line_each(self):
        cases = {
            "inception is empty; expected the path of the detector of fid50k_full,"
            " two_step_fid50k_full": {"inception": None},
            "vgg16 is empty; expected the path of the detector of pr50k3_full":
                {"metrics": ["pr50k3_full"]},
            "dinov2 is empty; expected the path of the detector of two_step_fd_dinov2_5k":
                {"metrics": ["two_step_fd_dinov2_5k"]},
            "inception is code that nothing says you trust; expected evaluation.inception.sha256=..."
            " among overrides, or trust_detectors": {"trust_detectors": False},
            "resolution is 64x64 without source; expected it where images are converted":
                {"resolution": "64x64"},
            "transform is center-crop without source; expected it where images are converted":
                {"transform": "center-crop"},
            "transform is center-crop without resolution; expected WxH":
                {"source": "/images", "transform": "center-crop"},
            "data is /data with source; expected a .zip, which appears as a whole":
                {"source": "/images", "data": "/data"},
            "source and data are the same; expected data to be what is made of source":
                {"source": "/a.zip", "data": "/a.zip"},
            "executors is 9 with batch 8; expected at most one executor per image":
                {"executors": 9, "batch": 8},
            "overrides has run.id; expected nothing: the DAG sets it": {"overrides": ["run.id=x"]},
            "overrides has tuning.batch; expected the parameter batch":
                {"overrides": ["tuning.batch=3"]},
            "overrides has a.b more than once; expected it once": {"overrides": ["a.b=1", "a.b=2"]},
            "publish_to and outdir are the same; expected another folder for the results":
                {"publish_to": "hdfs://nn/runs"},
        }
        for line, given in cases.items():
            with self.subTest(line):
                self.assertEqual([line], self.module.problems(self.params(**given)))
        several = self.params(batch=1, executors=2, inception=None)
        with self.assertRaisesRegex(ValueError, "^executors is 2.*\ninception is empty.*$"):
            self.module.check(several, "x")
        own = {"inception": None, "config": "/conf/with-detectors.conf"}
        self.assertEqual([], self.module.problems(self.params(**own)))
        path = {"inception": None, "overrides": ["evaluation.inception.path=/i.pt"]}
        self.assertEqual([], self.module.problems(self.params(**path)))

    def test_every_parameter_is_described_in_the_page(self):
        page = (REPOSITORY / "deploy/airflow/README.md").read_text()
        described = set(re.findall(r"`([a-z_0-9]+)`", page))
        self.assertEqual(set(), set(self.module.PARAMS) - described)


if __name__ == "__main__":
    os.chdir(REPOSITORY)
    unittest.main()
