"""Times PyTorch at the work of `ect bench step` and `ect bench sample`, in eager mode.

Reads its settings as one line of JSON from the standard input, and prints a line for each result:
"result " and JSON; or one with "ect: " and what is wrong. edm.py lies beside it.
"""

import json
import math
import resource
import statistics
import sys
import time

import torch
from edm import Network, Tuner, Unet, denoise

GIB = 2**30


class Bench:
    def __init__(self, settings):
        self.settings = settings
        self.spec = settings["spec"]
        self.batch = settings["batch"]
        self.precision = settings["precision"]
        self.device = torch.device(settings["device"])
        torch.set_num_threads(settings["threads"])
        torch.manual_seed(settings["seed"])
        if self.device.type == "cuda":
            torch.cuda.set_device(self.device)
            torch.backends.cudnn.benchmark = True
            torch.backends.cudnn.allow_tf32 = self.precision == "tf32"
            torch.backends.cuda.matmul.allow_tf32 = self.precision == "tf32"
        self.net = Network(self.spec["shapes"], torch.Generator().manual_seed(settings["seed"]))
        with torch.no_grad():
            for p in self.net.parameters():
                if p.dim() > 1:
                    p.mul_(10 / math.sqrt(p[0].numel()))
        self.net.to(self.device)
        self.buffers = {}
        if self.spec["arch"] == "ncsnpp":
            half = self.net.model.map_layer0.weight.shape[1] // 2
            self.buffers["model.map_noise.freqs"] = torch.randn(half, device=self.device) * 0.02
        self.labels = None
        if self.spec["label_dim"]:
            classes = torch.arange(self.batch) % self.spec["label_dim"]
            self.labels = torch.eye(self.spec["label_dim"])[classes].to(self.device)

    def autocast(self):
        on = self.precision == "bfloat16"
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=on)

    def noise(self, *shape, dtype=torch.float32):
        return torch.randn(shape, dtype=dtype, device=self.device)

    def shape(self):
        size = self.spec["img_resolution"]
        return self.batch, self.spec["img_channels"], size, size

    def seconds(self, work, prepare=lambda: ()):
        """The median time of the settings' rounds of work, after those to warm up.

        prepare: makes work's arguments, before its time begins.
        """
        times = []
        for _ in range(self.settings["warm_up"] + self.settings["count"]):
            arguments = prepare()
            self.synchronize()
            begin = time.perf_counter()
            work(*arguments)
            self.synchronize()
            times.append(time.perf_counter() - begin)
        return statistics.median(times[self.settings["warm_up"] :])

    def synchronize(self):
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def report(self, **figures):
        # Linux counts in KiB, macOS in bytes
        unit = 1 if sys.platform == "darwin" else 1024
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
        if self.device.type == "cuda":
            where = f"{self.device}, {torch.cuda.get_device_name(self.device)}"
            device_peak = torch.cuda.max_memory_allocated(self.device)
        else:
            threads = torch.get_num_threads()
            where = f"cpu, {threads} thread{'' if threads == 1 else 's'}"
            device_peak = 0
        row = {
            "engine": "pytorch",
            "precision": self.precision,
            "device": f"{where}, PyTorch {torch.__version__}",
            "parameters": sum(p.numel() for p in self.net.parameters()),
            "batch": self.batch,
            **figures,
            "peakGib": peak / GIB,
            "devicePeakGib": device_peak / GIB,
        }
        print("result " + json.dumps(row), flush=True)

    def step(self):
        tuner = Tuner(self.spec, self.net, self.settings["tuning"], self.buffers)
        images = (torch.randn(self.shape()) / 2).clamp(-1, 1)
        size = self.settings["round"]
        taught = []

        def draw():
            return self.noise(self.batch), self.noise(*images.shape)

        def work(normal, eps):
            y = images.to(self.device)
            for i in range(0, self.batch, size):
                part = slice(i, i + size)
                labels = None if self.labels is None else self.labels[part]
                with self.autocast():
                    losses = tuner.losses(y[part], normal[part], eps[part], labels)
                (losses.sum() / self.batch).backward()
            tuner.update()
            taught.append(normal)

        seconds = self.seconds(work, draw)
        _, r = tuner.noise_levels(torch.cat(taught[self.settings["warm_up"] :]))
        self.report(
            steps=self.settings["count"],
            teacherShare=(r > 0).double().mean().item(),
            secondsPerStep=seconds,
        )

    def sample(self):
        unet = Unet(self.spec, {**dict(self.net.named_parameters()), **self.buffers})

        def evaluate(x, t):
            sigma = torch.full((self.batch,), t, device=self.device)
            with self.autocast():
                return denoise(unet, x.float(), sigma, False, self.labels).double()

        for mid_t in self.settings["ways"]:

            def work(mid_t=mid_t):
                with torch.no_grad():
                    x = evaluate(80.0 * self.noise(*self.shape(), dtype=torch.float64), 80.0)
                    for t in mid_t:
                        x = evaluate(x + t * self.noise(*x.shape, dtype=torch.float64), t)
                    return x.float().cpu()

            self.report(
                batches=self.settings["count"],
                steps=1 + len(mid_t),
                midT=mid_t,
                secondsPerBatch=self.seconds(work),
            )


def main():
    settings = json.loads(sys.stdin.readline())
    if settings["device"] != "cpu" and not torch.cuda.is_available():
        sys.exit(f"ect: PyTorch {torch.__version__} sees no GPU, where {settings['device']} is used")
    bench = Bench(settings)
    {"step": bench.step, "sample": bench.sample}[settings["work"]]()


if __name__ == "__main__":
    try:
        main()
    except Exception as e:
        sys.exit("ect: " + " ".join(f"{type(e).__name__}: {e}".split()))
