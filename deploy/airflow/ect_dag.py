"""Prepares a dataset, tunes a model on it, evaluates the model and publishes the result, on Spark.

For Airflow 2.8 and newer, and 3, with apache-airflow-providers-apache-spark. Where it runs and what
its parameters mean: README.md beside this file.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from datetime import datetime, timedelta, timezone

try:
    from airflow.sdk import DAG, Param
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.models.param import Param
try:
    from airflow.providers.standard.operators.python import PythonOperator
except ImportError:  # Airflow 2
    from airflow.operators.python import PythonOperator
from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator

DAG_ID = "ect"
# where jar, natives and conf/ lie: on the machine that submits, and on those of the executors
HOME = os.environ.get("ECT_HOME", "/opt/ect")
JAR = os.environ.get("ECT_JAR", HOME + "/ect-spark-job-all.jar")
CONNECTION = os.environ.get("ECT_SPARK_CONNECTION", "spark_default")
MAIN_CLASS = "dev.ect.spark.cli.Main"
NETWORK = "network-snapshot-latest.safetensors"

# deploy/jvm-options
JVM_OPTIONS = [
    "--add-opens=java.base/java.lang=ALL-UNNAMED",
    "--add-opens=java.base/java.lang.invoke=ALL-UNNAMED",
    "--add-opens=java.base/java.lang.reflect=ALL-UNNAMED",
    "--add-opens=java.base/java.io=ALL-UNNAMED",
    "--add-opens=java.base/java.net=ALL-UNNAMED",
    "--add-opens=java.base/java.nio=ALL-UNNAMED",
    "--add-opens=java.base/java.util=ALL-UNNAMED",
    "--add-opens=java.base/java.util.concurrent=ALL-UNNAMED",
    "--add-opens=java.base/java.util.concurrent.atomic=ALL-UNNAMED",
    "--add-opens=java.base/jdk.internal.ref=ALL-UNNAMED",
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
    "--add-opens=java.base/sun.nio.cs=ALL-UNNAMED",
    "--add-opens=java.base/sun.security.action=ALL-UNNAMED",
    "--add-opens=java.base/sun.util.calendar=ALL-UNNAMED",
    "-XX:+IgnoreUnrecognizedVMOptions",
    "-Djdk.reflect.useDirectMethodHandle=false",
    "-Dorg.bytedeco.javacpp.maxbytes=0",
    "-Dorg.bytedeco.javacpp.maxphysicalbytes=0",
]

PRESETS = ["demo", "cifar10", "cifar10-1hour", "imagenet64"]
# the same on every machine: absolute, or with a scheme
PATH = r"^(/|[a-z][a-z0-9+.-]*:/)\S*$"
MEMORY = r"^[1-9][0-9]*[mg]$"
NUMBER = r"[0-9]{1,7}(\.[0-9]{1,3})?"
METRIC = (
    rf"^(two_step_)?((fid|kid){NUMBER}k_full|is{NUMBER}k|pr{NUMBER}k3_full"
    rf"|fd_dinov2(_{NUMBER}k)?)$"
)


def path(description: str) -> Param:
    return Param(type="string", pattern=PATH, description=description)


def optional(kind: str, description: str, **schema) -> Param:
    return Param(None, type=["null", kind], description=description, **schema)


PARAMS = {
    "config": Param(
        "cifar10",
        type="string",
        pattern=r"^\S+$",
        examples=PRESETS,
        description="A preset, or a configuration file on the driver's machine.",
    ),
    "data": path("The dataset, in EDM's format: a folder or .zip."),
    "source": optional(
        "string",
        "Images to make the dataset of, where it is not there yet (ect dataset convert --source).",
        pattern=PATH,
    ),
    "resolution": optional("string", "Of the new dataset: WxH.", pattern=r"^[1-9][0-9]*x[1-9][0-9]*$"),
    "transform": Param(
        "none",
        type="string",
        enum=["none", "center-crop", "center-crop-wide", "center-crop-dhariwal"],
        description="Of the images of the new dataset.",
    ),
    "transfer": optional(
        "string", "The diffusion model to tune, a path or http address; else the preset's.",
        pattern=PATH,
    ),
    "outdir": path("Folder of the run directories."),
    "duration": optional(
        "number", "Length of the run in million images; else the preset's.", exclusiveMinimum=0
    ),
    "batch": optional(
        "integer", "Images per step, all executors together; else the preset's.", minimum=1
    ),
    "seed": Param(0, type="integer", minimum=0, description="Every random number follows from it."),
    "overrides": Param(
        [],
        type="array",
        items={"type": "string", "pattern": r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+=.*$"},
        description="Further settings, key=value, such as engine.precision=bfloat16.",
    ),
    "executors": Param(1, type="integer", minimum=1, maximum=1024, description="Of Spark."),
    "executor_cores": Param(4, type="integer", minimum=1, maximum=256, description="Of each."),
    "executor_memory": Param(
        "4g", type="string", pattern=MEMORY, description="Heap of each executor, such as 4g."
    ),
    "executor_memory_overhead": Param(
        "8g",
        type="string",
        pattern=MEMORY,
        description="What each executor needs besides: tensors are there. ect plan says how much.",
    ),
    "driver_memory": Param("4g", type="string", pattern=MEMORY, description="Heap of the driver."),
    "gpus": Param(0, type="integer", enum=[0, 1], description="GPUs of each executor."),
    "metrics": Param(
        ["fid50k_full", "two_step_fid50k_full"],
        type="array",
        minItems=1,
        uniqueItems=True,
        items={"type": "string", "pattern": METRIC},
        description="What to measure.",
    ),
    "inception": optional("string", "Detector of FID, KID and IS.", pattern=PATH),
    "vgg16": optional("string", "Detector of precision and recall.", pattern=PATH),
    "dinov2": optional("string", "Detector of FD-DINOv2.", pattern=PATH),
    "trust_detectors": Param(
        False,
        type="boolean",
        description="Detectors are code: run also those whose SHA-256 overrides do not say.",
    ),
    "repeats": Param(1, type="integer", minimum=1, maximum=100, description="Evaluations."),
    "mid_t": Param(
        0.821,
        type="number",
        exclusiveMinimum=0,
        exclusiveMaximum=80,
        description="Intermediate time of two-step metrics.",
    ),
    "publish_to": path("Folder in which the result gets a folder with the run's name."),
}

# What makes a run: another value, another run. The rest says where it runs, and what follows it.
OF_THE_RUN = ["config", "data", "transfer", "duration", "batch", "seed", "overrides"]
# What the parameters above say already.
TAKEN = {
    "data.path": "data",
    "run.transfer": "transfer",
    "run.outdir": "outdir",
    "run.id": None,
    "run.resume": None,
    "run.seed": "seed",
    "tuning.duration": "duration",
    "tuning.batch": "batch",
    "spark.executors": "executors",
    "spark.master": None,
}
DETECTORS = {
    "fid": "inception", "kid": "inception", "is": "inception", "pr": "vgg16", "fd_dinov2": "dinov2"
}


def run_name(params, dag_run_id: str) -> str:
    """The run's id: the same for the same DAG run and parameters, so that a retry goes on."""
    identity = [DAG_ID, dag_run_id, {key: params[key] for key in OF_THE_RUN}]
    digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
    readable = re.sub(r"[^A-Za-z0-9._-]+", "-", dag_run_id).strip("-._")[:80]
    return f"{readable or 'run'}-{digest[:12]}"


def detector(metric: str) -> str:
    """The parameter that names a metric's detector."""
    return DETECTORS[re.match(r"(two_step_)?(fid|kid|is|pr|fd_dinov2)", metric).group(2)]


def problems(params) -> list[str]:
    """What is wrong with values that are each right by themselves, a line for each."""
    found = []
    overridden = [override.split("=", 1)[0] for override in params["overrides"]]
    for key in overridden:
        if key in TAKEN:
            instead = f"the parameter {TAKEN[key]}" if TAKEN[key] else "nothing: the DAG sets it"
            found.append(f"overrides has {key}; expected {instead}")
    for key in sorted({key for key in overridden if overridden.count(key) > 1}):
        found.append(f"overrides has {key} more than once; expected it once")
    if params["source"] is None:
        for key in ("resolution", "transform"):
            if params[key] not in (None, "none"):
                found.append(
                    f"{key} is {params[key]} without source; expected it where images are converted"
                )
    else:
        if not params["data"].lower().endswith(".zip"):
            found.append(
                f"data is {params['data']} with source; expected a .zip, which appears as a whole"
            )
        if params["source"].rstrip("/") == params["data"].rstrip("/"):
            found.append("source and data are the same; expected data to be what is made of source")
        if params["transform"] != "none" and params["resolution"] is None:
            found.append(f"transform is {params['transform']} without resolution; expected WxH")
    if params["batch"] is not None and params["executors"] > params["batch"]:
        found.append(
            f"executors is {params['executors']} with batch {params['batch']}; expected at most one"
            " executor per image"
        )
    # a file may name the detectors
    if params["config"] in PRESETS:
        for key in sorted({detector(metric) for metric in params["metrics"]}):
            if params[key] is None and f"evaluation.{key}.path" not in overridden:
                names = ", ".join(m for m in params["metrics"] if detector(m) == key)
                found.append(f"{key} is empty; expected the path of the detector of {names}")
            elif not (params["trust_detectors"] or f"evaluation.{key}.sha256" in overridden):
                found.append(
                    f"{key} is code that nothing says you trust; expected evaluation.{key}.sha256=..."
                    " among overrides, or trust_detectors"
                )
    if params["publish_to"].rstrip("/") == params["outdir"].rstrip("/"):
        found.append("publish_to and outdir are the same; expected another folder for the results")
    return found


def check(params, run_id, **_) -> str:
    """Refuses what cannot work before anything is submitted; returns the run directory."""
    found = problems(params)
    if found:
        raise ValueError("\n".join(found))
    return params["outdir"].rstrip("/") + "/" + run_name(params, run_id)


def prepare_arguments(params) -> list[str]:
    if params["source"] is None:
        return ["dataset", "info", params["data"]]
    arguments = ["dataset", "convert", "--if-missing", "--source", params["source"]]
    arguments += ["--dest", params["data"], "--transform", params["transform"]]
    if params["resolution"] is not None:
        arguments += ["--resolution", params["resolution"]]
    return arguments


def tune_arguments(params, run_directory: str) -> list[str]:
    outdir, run_id = run_directory.rsplit("/", 1)
    arguments = ["tune", "--config", params["config"], *params["overrides"]]
    arguments += [f"data.path={params['data']}", f"run.outdir={outdir}", f"run.id={run_id}"]
    arguments += [f"run.seed={params['seed']}", f"spark.executors={params['executors']}"]
    for key, setting in (
        ("transfer", "run.transfer"), ("duration", "tuning.duration"), ("batch", "tuning.batch")
    ):
        if params[key] is not None:
            arguments.append(f"{setting}={params[key]}")
    return arguments


def evaluate_arguments(params, run_directory: str) -> list[str]:
    arguments = ["evaluate", "--network", f"{run_directory}/{NETWORK}", "--data", params["data"]]
    if params["config"] not in PRESETS:
        arguments += ["--config", params["config"]]
    arguments += ["--metrics", ",".join(params["metrics"]), "--repeats", str(params["repeats"])]
    arguments += ["--mid-t", str(params["mid_t"]), f"spark.executors={params['executors']}"]
    for key in sorted(set(DETECTORS.values())):
        if params[key] is not None:
            arguments.append(f"evaluation.{key}.path={params[key]}")
    # a run directory says what was measured, not what code to trust
    arguments += [each for each in params["overrides"] if each.startswith("evaluation.")]
    if params["trust_detectors"]:
        arguments.append("--trust-detectors")
    return arguments


def report_arguments(run_directory: str) -> list[str]:
    return ["report", run_directory]


def publish_arguments(params, run_directory: str) -> list[str]:
    name = run_directory.rsplit("/", 1)[1]
    return ["publish", run_directory, params["publish_to"].rstrip("/") + "/" + name]


def spark_settings(params) -> dict[str, str]:
    """Added to spark-defaults.conf, which says the rest; defaultJavaOptions leaves its options."""
    options = " ".join(JVM_OPTIONS)
    cores = params["executor_cores"]
    settings = {
        "spark.driver.memory": params["driver_memory"],
        "spark.driver.defaultJavaOptions":
            f"{options} '-Dlog4j2.configurationFile={HOME}/conf/log4j2.properties'",
        "spark.executor.defaultJavaOptions": options,
        "spark.executor.instances": str(params["executors"]),
        "spark.executor.cores": str(cores),
        "spark.cores.max": str(cores * params["executors"]),
        "spark.executor.memory": params["executor_memory"],
        "spark.executor.memoryOverhead": params["executor_memory_overhead"],
        # its threads fight LibTorch's; threads that wait must not take the cores from the others
        "spark.executorEnv.OPENBLAS_NUM_THREADS": "1",
        "spark.executorEnv.OMP_WAIT_POLICY": "PASSIVE",
        # barrier stages need a fixed number of executors
        "spark.dynamicAllocation.enabled": "false",
    }
    if params["gpus"]:
        settings["spark.executor.resource.gpu.amount"] = str(params["gpus"])
        settings["spark.task.resource.gpu.amount"] = str(params["gpus"])
        settings["spark.driver.extraClassPath"] = f"{HOME}/natives/*"
        settings["spark.executor.extraClassPath"] = f"{HOME}/natives/*"
    return settings


def submit(task: str, arguments: str, retries: int) -> SparkSubmitOperator:
    return SparkSubmitOperator(
        task_id=task,
        name="ect-" + task,
        conn_id=CONNECTION,
        application=JAR,
        java_class=MAIN_CLASS,
        # expressions that give a list and a dict, since the DAG renders to native objects
        application_args="{{ " + arguments + " }}",
        conf="{{ spark_settings(params) }}",
        retries=retries,
    )


with DAG(
    dag_id=DAG_ID,
    description="Prepare, tune, evaluate, report and publish a few-step generator on Spark.",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2024, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    params=PARAMS,
    render_template_as_native_obj=True,
    user_defined_macros={
        macro.__name__: macro
        for macro in (
            prepare_arguments,
            tune_arguments,
            evaluate_arguments,
            report_arguments,
            publish_arguments,
            spark_settings,
        )
    },
    default_args={
        "retry_delay": timedelta(minutes=1),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(minutes=30),
    },
    tags=["ect", "spark"],
) as dag:
    # a wrong parameter is wrong the next time, too
    checked = PythonOperator(task_id="check", python_callable=check, retries=0)
    run = "ti.xcom_pull(task_ids='check')"
    prepared = submit("prepare", "prepare_arguments(params)", retries=2)
    # a retry goes on where the last try left a checkpoint
    tuned = submit("tune", f"tune_arguments(params, {run})", retries=5)
    evaluated = submit("evaluate", f"evaluate_arguments(params, {run})", retries=2)
    reported = submit("report", f"report_arguments({run})", retries=2)
    published = submit("publish", f"publish_arguments(params, {run})", retries=2)
    checked >> prepared >> tuned >> evaluated >> reported >> published
