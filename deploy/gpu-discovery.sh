#!/usr/bin/env bash
# Tells Spark which GPUs there are: {"name":"gpu","addresses":["0","1"]}, from nvidia-smi.
# For spark.worker.resource.gpu.discoveryScript (standalone) and
# spark.executor.resource.gpu.discoveryScript (YARN, Kubernetes).
set -euo pipefail

fail() {
  echo "gpu-discovery: $*" >&2
  exit 1
}

command -v nvidia-smi >/dev/null \
  || fail "no nvidia-smi on the PATH; expected NVIDIA's driver on this machine, and in containers" \
    "its container runtime"
if ! found=$(nvidia-smi --query-gpu=index --format=csv,noheader 2>&1); then
  fail "nvidia-smi failed: $(head -n 1 <<<"$found")"
fi
[[ $found =~ ^[0-9]+([[:space:]]+[0-9]+)*$ ]] \
  || fail "nvidia-smi found no GPU: '$(head -n 1 <<<"$found")'"
read -r -d '' -a gpus <<<"$found" || true
addresses=$(printf ',"%s"' "${gpus[@]}")
printf '{"name":"gpu","addresses":[%s]}\n' "${addresses#,}"
