"""Runs the whole DAG through spark-submit on this machine, with a first try that is killed.

Needs the class path of the built job in ECT_TEST_CLASSPATH, its own jar in ECT_TEST_JAR and a
detector of 64 features in ECT_TEST_DETECTOR: the build's AirflowTest gives them.
"""

import json
import os
import re
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).parent))
import installation  # noqa: E402
import standin  # noqa: E402
import test_dag  # noqa: E402

CONFIGURATION = """
network { model-channels = 8, channel-mult = [1, 2], num-blocks = 1, attn-resolutions = [4] }
tuning { batch-gpu = 8, tick = 0.04, double-ticks = 4, dropout = 0 }
data.virtual-shards = 8
engine.threads = 1
run { checkpoint-every = 1, grid = 4, sample-every = 1000 }
spark.segment-ticks = 1
evaluation.inception.width = 64
"""


@unittest.skipUnless("ECT_TEST_CLASSPATH" in os.environ, "the job is not built: see AirflowTest")
class Pipeline(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="ect-airflow-")
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        class_path = os.environ["ECT_TEST_CLASSPATH"].split(os.pathsep)
        environment = installation.install(self.folder / "spark", class_path)
        environment.update(
            ECT_HOME=str(self.folder / "ect"),
            ECT_JAR=os.environ["ECT_TEST_JAR"],
            ECT_TEST_MASTER="local[2]",
            ECT_CACHE=str(self.folder / "cache"),
            # starts sooner
            SPARK_SUBMIT_OPTS="-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Dect.log.level=warn",
        )
        patch = mock.patch.dict(os.environ, environment)
        patch.start()
        self.addCleanup(patch.stop)
        (self.folder / "ect").mkdir()
        (self.folder / "ect/conf").symlink_to(test_dag.REPOSITORY / "conf")
        (self.folder / "tiny.conf").write_text(CONFIGURATION)
        standin.install(3)
        self.dag = test_dag.load().dag
        self.lines = {}

    def given(self, **more):
        return {
            "config": str(self.folder / "tiny.conf"),
            "source": str(test_dag.REPOSITORY / "ect-model/src/test/resources/convert/images"),
            "data": str(self.folder / "data.zip"),
            "resolution": "8x8",
            "transform": "center-crop",
            "outdir": str(self.folder / "runs"),
            "duration": 0.00064,
            "batch": 8,
            "executor_memory": "512m",
            "driver_memory": "512m",
            "metrics": ["fid0.02k_full"],
            "inception": os.environ["ECT_TEST_DETECTOR"],
            "trust_detectors": True,
            "publish_to": str(self.folder / "models"),
            **more,
        }

    def watch(self, task, process, line):
        self.lines.setdefault((task.task_id, task.attempt), []).append(line)
        if task.task_id == "tune" and task.attempt == 1 and line.startswith("tick 3 "):
            # as the hook does when Airflow ends the task
            process.kill()

    def test_a_killed_try_is_resumed_and_the_results_are_published(self):
        results = self.dag.run("manual__2026-01-01T00:00:00+00:00", self.given(), self.watch)
        said = {key: "\n".join(lines) for key, lines in self.lines.items()}
        self.assertEqual(
            [("prepare", 1), ("tune", 1), ("tune", 2), ("evaluate", 1), ("report", 1),
             ("publish", 1)],
            list(said),
        )
        run = Path(results.pop("check"))
        self.assertEqual({None}, set(results.values()))
        self.assertIn("wrote " + str(self.folder / "data.zip"), said["prepare", 1])
        self.assertIn("run directory " + str(run), said["tune", 1])
        self.assertNotIn("finished", said["tune", 1])
        going_on = re.search(rf"going on in {re.escape(str(run))} after step (\d+)", said["tune", 2])
        self.assertTrue(going_on, said["tune", 2])
        self.assertGreaterEqual(int(going_on.group(1)), 6)
        self.assertIn(f"finished {run}: 80 steps", said["tune", 2])
        published = self.folder / "models" / run.name
        manifest = json.loads((published / "published.json").read_text())
        self.assertEqual(str(run), manifest["run_directory"])
        for file in manifest["files"]:
            self.assertEqual((run / file["name"]).read_bytes(), (published / file["name"]).read_bytes())
        self.assertLessEqual(
            {
                "metric-fid0.02k_full.jsonl", "network-snapshot-latest.safetensors", "report.html"
            },
            {file["name"] for file in manifest["files"]},
        )
        self.assert_nothing_is_scraped()

    def test_what_only_the_job_can_see_is_one_line(self):
        with self.assertRaisesRegex(RuntimeError, "prepare ended with 1"):
            self.dag.get_task("prepare").retries = 0
            self.dag.run("x", self.given(source="/no/such/folder"), self.watch)
        [line] = self.lines["prepare", 1]
        self.assertRegex(line, r"^ect: /no/such/folder: does not exist; expected .* \(--source\)$")
        self.assert_nothing_is_scraped()

    def assert_nothing_is_scraped(self):
        """Airflow's hook must find nothing of its own in what the job prints."""
        for lines in self.lines.values():
            for line in lines:
                for what, pattern in standin.SCRAPED.items():
                    self.assertIsNone(pattern.search(line), f"{what} in: {line}")


if __name__ == "__main__":
    unittest.main()
