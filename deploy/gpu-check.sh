#!/usr/bin/env bash
# Proves the torch engine on a GPU, in one command: the numbers of the authors' implementation on it
# (float32, TF32 off), then tuning and sampling against PyTorch on the same card in the same run.
#
#   deploy/gpu-check.sh [--device cuda|cuda:N|cpu] [--batch N] [--steps N] [--out FOLDER]
#                       [--skip-tests] [--no-pytorch]
#
# --device cpu goes through the same steps on the CPU, to try the script (use --batch 8 --steps 1).
# It fails if a test or benchmark does, or if PyTorch was not measured: on a GPU python3 must have
# it, with CUDA, but for --no-pytorch.
# It builds with the Maven profile cuda. Where there is no Maven, set ECT_JARS to a folder with the
# jars of the job, those that it depends on, ect-model/target/test-classes as a jar, and JUnit's
# console launcher (org.junit.platform:junit-platform-console-standalone); JAVA_HOME to a Java 17,
# ECT_NATIVES to the folders of CUDA's libraries, divided by colons, and ECT_GOLDENS to the folder of
# the goldens (ect-model/src/test/resources/goldens).
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
device=cuda batch=128 steps=10 out=gpu-check tests=yes pytorch=yes

usage() {
  sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"
}

fail() {
  echo "gpu-check: $*" >&2
  exit 1
}

while [[ $# -gt 0 ]]; do
  case $1 in
    --device | --batch | --steps | --out)
      [[ $# -ge 2 ]] || fail "$1: expected a value"
      declare "${1#--}=$2"
      shift 2
      ;;
    --skip-tests)
      tests=
      shift
      ;;
    --no-pytorch)
      pytorch=
      shift
      ;;
    -h | --help)
      usage
      exit
      ;;
    *)
      fail "found '$1'; expected --device, --batch, --steps, --out, --skip-tests or --no-pytorch"
      ;;
  esac
done
[[ $device =~ ^(cpu|cuda(:[0-9]+)?)$ ]] || fail "--device is '$device'; expected cpu, cuda or cuda:N"
mkdir -p "$out"
out=$(cd "$out" && pwd)

if [[ $device = cpu ]]; then
  precisions=(float32)
else
  precisions=(float32 tf32 bfloat16)
  export MAVEN_ARGS="-Pcuda ${MAVEN_ARGS:-}"
  command -v nvidia-smi >/dev/null \
    && nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader
fi

# Runs Java with the jars of ECT_JARS. Python's CUDA is its own, not that of ECT_NATIVES.
# shellcheck disable=SC2097,SC2098 # and so it is meant
packed() {
  OPENBLAS_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE SPARK_LOCAL_IP=127.0.0.1 \
    ECT_PYTHON_LD_LIBRARY_PATH=${LD_LIBRARY_PATH:-} \
    LD_LIBRARY_PATH=${ECT_NATIVES:+$ECT_NATIVES:}${LD_LIBRARY_PATH:-} \
    "${JAVA_HOME:-/usr}/bin/java" "@$root/deploy/jvm-options" \
    ${ECT_NATIVES:+"-Djava.library.path=$ECT_NATIVES" -Dorg.bytedeco.javacpp.pathsFirst=true} \
    "-Dlog4j2.configurationFile=$root/conf/log4j2.properties" "-Dect.test.device=$device" \
    ${ECT_GOLDENS:+"-Dect.goldens=$ECT_GOLDENS"} -cp "$ECT_JARS/*" "$@"
}

ect() {
  if [[ -n ${ECT_JARS:-} ]]; then
    packed dev.ect.spark.cli.Main "$@"
  else
    "$root/deploy/ect" "$@"
  fi
}

# The kernels against a plain reference, and networks, tuning, sampling and detectors against the
# authors' numbers; without a limit of native memory, which CUDA's mappings exceed.
prove() {
  local classes=(engine.TorchEngineContractTest engine.TorchChannelsLastContractTest
    network.ForwardGoldenTest tuning.TrainGoldenTest sampling.SampleGoldenTest
    metrics.DetectorGoldenTest)
  if [[ -n ${ECT_JARS:-} ]]; then
    packed org.junit.platform.console.ConsoleLauncher execute --disable-banner --details=summary \
      "${classes[@]/#/--select-class=dev.ect.model.}"
  else
    (cd "$root" && ./mvnw -B -ntp -q test -pl ect-model -Dtest.native=0 "-Dect.test.device=$device" \
      "-Dtest=$(IFS=,; echo "${classes[*]##*.}")")
  fi
}

status=0
if [[ -n $tests ]]; then
  echo "== kernels and goldens on $device (log: $out/goldens.log)"
  if prove >"$out/goldens.log" 2>&1; then
    echo "passed"
  else
    status=1
    tail -n 40 "$out/goldens.log"
    echo "FAILED"
  fi
fi

failed() {
  echo "FAILED: $*"
  status=1
}

# NAME COMMAND...: a benchmark whose failure does not keep the others from running
bench() {
  local name=$1 json=$out/$1.json without=()
  shift
  [[ -n $pytorch ]] || without=(--no-pytorch)
  rm -f "$json"
  echo "== bench $*"
  ect bench "$@" --engine torch --device "$device" --batch "$batch" --kernels \
    ${without[@]+"${without[@]}"} --json "$json" 2>&1 | tee "$out/$name.log" || failed "$name"
  [[ -f $json ]] || return 0
  if grep -q '"failure"' "$json"; then
    failed "$name: see the reason above"
  elif [[ -n $pytorch ]] && ! grep -Eq '"engine" *: *"pytorch"' "$json"; then
    if [[ $device = cpu ]]; then
      echo "not compared with PyTorch"
    else
      failed "$name: PyTorch was not measured"
    fi
  fi
}

for precision in "${precisions[@]}"; do
  bench "step-$precision" step --precision "$precision" --warm-up 3 --steps "$steps"
  bench "sample-$precision" sample --precision "$precision" --warm-up 3 --batches "$steps"
done
if [[ $device != cpu ]]; then
  # at equal precision throughout, without float32 for student and teacher
  for precision in tf32 bfloat16; do
    bench "step-$precision-throughout" step --precision "$precision" --warm-up 3 --steps "$steps" \
      engine.float32-from=never
  done
  # what the layout is worth, beside step-tf32-throughout
  pytorch=
  bench step-tf32-throughout-contiguous step --precision tf32 --warm-up 3 --steps "$steps" \
    engine.float32-from=never engine.memory-format=contiguous
fi
echo "== all results are in $out"
exit "$status"
