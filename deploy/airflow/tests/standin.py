"""Airflow's classes that the DAG uses, as far as it uses them, for machines without Airflow.

Their spark-submit is real: the command line is put together in the order of Airflow's
SparkSubmitHook, and its output is read as the hook reads it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import types

# What the hook searches every line of spark-submit for, over its versions.
SCRAPED = {
    "exit code": re.compile(r"\s*[eE]xit code: (\d+)"),
    "YARN application": re.compile(r"application[0-9_]+"),
    "standalone driver": re.compile(r"driver-[0-9\-]+"),
    "Kubernetes driver": re.compile(r"\s*pod name: ((.+?)-([a-z0-9]+)-driver)"),
    "Kubernetes submission": re.compile(r"(?:^|\s)submission ID spark:\S+-driver(?=\s|$)"),
    "Kubernetes application": re.compile(r"\s*spark-app-selector -> (spark-([a-z0-9]+)), "),
    "driver state": re.compile("driverState"),
}
MISSING = object()
try:
    from jinja2.nativetypes import NativeEnvironment
except ImportError:
    NativeEnvironment = None
TYPES = {
    "null": type(None), "boolean": bool, "string": str, "array": list, "integer": int,
    "number": (int, float),
}


class ParamValidationError(ValueError):
    pass


class Param:
    """A parameter with the keywords of JSON schema that the DAG uses; others are an error."""

    def __init__(self, default=MISSING, description=None, **schema):
        self.default = default
        self.description = description
        self.schema = schema

    def resolve(self, name, value):
        if value is MISSING:
            raise ParamValidationError(f"{name} is missing")
        validate(name, value, self.schema)
        return value


def validate(name, value, schema):
    """Raises an error where a value does not fit a schema."""
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    # Python's booleans are integers
    fits = any(
        isinstance(value, TYPES[kind]) and isinstance(value, bool) == (kind == "boolean")
        for kind in kinds
    )
    tests = {
        "type": lambda _: fits,
        "examples": lambda _: True,
        "enum": lambda allowed: value in allowed,
        "pattern": lambda regex: not isinstance(value, str) or re.search(regex, value),
        "minimum": lambda least: value is None or value >= least,
        "maximum": lambda most: value is None or value <= most,
        "exclusiveMinimum": lambda bound: value is None or value > bound,
        "exclusiveMaximum": lambda bound: value is None or value < bound,
        "minItems": lambda least: len(value) >= least,
        "uniqueItems": lambda _: len(set(value)) == len(value),
        "items": lambda each: all(validate(name, item, each) is None for item in value),
    }
    # first of all, since the others take it for granted
    for keyword in ["type", *schema]:
        if not tests[keyword](schema[keyword]):
            raise ParamValidationError(f"{name} is {value!r}; expected {keyword} {schema[keyword]}")


class DAG:
    current = None

    def __init__(self, dag_id, *, params, default_args, user_defined_macros, schedule, **settings):
        assert settings.pop("render_template_as_native_obj"), "lists are rendered"
        unknown = set(settings) - {"description", "doc_md", "start_date", "catchup", "tags"}
        assert not unknown, unknown
        assert schedule is None, "parameters without a default need a start by hand"
        self.dag_id = dag_id
        self.params = params
        self.default_args = default_args
        self.macros = user_defined_macros
        self.tasks = []

    def __enter__(self):
        DAG.current = self
        return self

    def __exit__(self, *_):
        DAG.current = None

    def get_task(self, task_id):
        return next(task for task in self.tasks if task.task_id == task_id)

    def run(self, run_id, conf, watch=None):
        """Runs the tasks in order, each as often as its retries allow; returns what they gave."""
        params = {
            name: param.resolve(name, conf.get(name, param.default))
            for name, param in self.params.items()
        }
        unknown = set(conf) - set(params)
        if unknown:
            raise ParamValidationError(f"unknown: {unknown}")
        results = {}
        ti = types.SimpleNamespace(xcom_pull=lambda task_ids: results.get(task_ids))
        context = {"params": params, "run_id": run_id, "dag": self, "ti": ti, **self.macros}
        for task in self.tasks:
            for attempt in range(1, task.retries + 2):
                task.attempt = attempt
                task.watch = watch
                try:
                    results[task.task_id] = task.run(context)
                    break
                except Exception:
                    if attempt > task.retries:
                        raise
        return results


class BaseOperator:
    def __init__(self, *, task_id, retries, **unknown):
        assert not unknown, unknown
        self.task_id = task_id
        self.retries = retries
        self.downstream_task_ids = set()
        DAG.current.tasks.append(self)

    def __rshift__(self, other):
        self.downstream_task_ids.add(other.task_id)
        return other


class PythonOperator(BaseOperator):
    def __init__(self, *, python_callable, **kwargs):
        super().__init__(**kwargs)
        self.python_callable = python_callable

    def run(self, context):
        return self.python_callable(**context)


class SparkSubmitOperator(BaseOperator):
    def __init__(self, *, application, java_class, name, conn_id, application_args, conf, **kwargs):
        super().__init__(**kwargs)
        self.fields = {"application": application, "java_class": java_class, "name": name,
                       "conn_id": conn_id, "application_args": application_args, "conf": conf}

    def render(self, context):
        """Native rendering; without Jinja, of a field that is one expression or none."""
        if NativeEnvironment:
            jinja = NativeEnvironment()
            return {
                name: jinja.from_string(field).render(context)
                for name, field in self.fields.items()
            }
        return {
            name: eval(field[2:-2], {"__builtins__": {}}, context)
            if field.startswith("{{ ") and field.endswith(" }}") else field
            for name, field in self.fields.items()
        }

    def command(self, context, master):
        fields = self.render(context)
        command = ["spark-submit", "--master", master]
        for key, value in fields["conf"].items():
            command += ["--conf", f"{key}={value}"]
        command += ["--name", fields["name"], "--class", fields["java_class"]]
        return [*command, fields["application"], *fields["application_args"]]

    def run(self, context):
        process = subprocess.Popen(
            self.command(context, os.environ["ECT_TEST_MASTER"]),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        lines = []
        with process.stdout:
            for line in process.stdout:
                lines.append(line.strip())
                if self.watch:
                    self.watch(self, process, lines[-1])
        if process.wait():
            raise RuntimeError(f"{self.task_id} ended with {process.returncode}: {lines[-20:]}")


def install(version):
    """Makes the classes importable where Airflow 2 or 3 has them, and nowhere else."""
    for name in [name for name in sys.modules if name.split(".")[0] == "airflow"]:
        del sys.modules[name]
    places = {
        2: {"airflow": {"DAG": DAG}, "airflow.models.param": {"Param": Param},
            "airflow.operators.python": {"PythonOperator": PythonOperator}},
        3: {"airflow.sdk": {"DAG": DAG, "Param": Param},
            "airflow.providers.standard.operators.python": {"PythonOperator": PythonOperator}},
    }[version]
    places["airflow.providers.apache.spark.operators.spark_submit"] = {
        "SparkSubmitOperator": SparkSubmitOperator
    }
    for place, members in places.items():
        parts = place.split(".")
        for end in range(1, len(parts) + 1):
            name = ".".join(parts[:end])
            module = sys.modules.setdefault(name, types.ModuleType(name))
            module.__path__ = []
        vars(sys.modules[place]).update(members)
