"""A Spark installation of the jars that the build takes from Maven, with scripts as Spark has them."""

from __future__ import annotations

import os
from pathlib import Path

SPARK_CLASS = r"""#!/usr/bin/env bash
# Starts a class as Spark's launcher says: after a zero and a new line, its command in zeros.
set -euo pipefail
mapfile -d '' -t command < <("${JAVA_HOME:+$JAVA_HOME/bin/}java" -Xmx128m -XX:TieredStopAtLevel=1 \
  -cp "$SPARK_HOME/jars/*" org.apache.spark.launcher.Main "$@")
exec "${command[1]#$'\n'}" "${command[@]:2}"
"""
SPARK_SUBMIT = r"""#!/usr/bin/env bash
exec "$SPARK_HOME/bin/spark-class" org.apache.spark.deploy.SparkSubmit "$@"
"""


def install(home: Path, class_path: list[str]) -> dict[str, str]:
    """Makes it; returns the environment to use it in."""
    (home / "jars").mkdir(parents=True)
    (home / "bin").mkdir()
    for number, jar in enumerate(class_path):
        # jars of one name with different content are told apart by their numbers
        (home / "jars" / f"{number:03}-{Path(jar).name}").symlink_to(Path(jar).resolve())
    for name, script in (("spark-class", SPARK_CLASS), ("spark-submit", SPARK_SUBMIT)):
        (home / "bin" / name).write_text(script)
        (home / "bin" / name).chmod(0o755)
    return {
        "SPARK_HOME": str(home),
        "SPARK_SCALA_VERSION": "2.12",
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PATH": f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}",
    }
