"""Exchanges checkpoints with PyTorch: run by PyTorchRoundTripTest with a Python that has torch.

    roundtrip.py forward SPEC NETWORK INPUTS OUTPUT   D of an exported network
    roundtrip.py tune SPEC STATE EXPECTED             six steps, the state, and one more step
    roundtrip.py resume SPEC STATE EXPECTED           one more step from an exported state

SPEC is the network's specification as JSON; the other files are torch.save's. edm.py is on PYTHONPATH.
"""

import json
import sys

import torch
from edm import Network, Tuner, Unet, denoise

# At stage 3, without dropout.
SETTINGS = {
    "p_mean": -1.1, "p_std": 2.0, "mapping": "sigmoid", "q": 2, "k": 8, "b": 1, "c": 0, "stage": 3,
    "optim": "radam", "lr": 1e-3, "ema_beta": 0.99,
}  # fmt: skip


def forward(spec, network, inputs, output):
    weights = torch.load(network, weights_only=True)
    given = torch.load(inputs, weights_only=True)
    with torch.no_grad():
        unet = Unet(spec, weights)
        d = denoise(unet, given["x"], given["sigma"], False, given.get("labels"))
    torch.save({"d": d}, output)


class Run:
    """Steps on random draws."""

    def __init__(self, spec):
        self.spec = spec
        self.generator = torch.Generator().manual_seed(7)
        self.net = Network(spec["shapes"], self.generator)
        self.tuner = Tuner(spec, self.net, SETTINGS)

    def step(self):
        size, g = self.spec["img_resolution"], self.generator
        y = torch.rand((4, self.spec["img_channels"], size, size), generator=g) * 2 - 1
        normal = torch.randn(4, generator=g)
        eps = torch.randn(y.shape, generator=g)
        loss = self.tuner.losses(y, normal, eps)
        loss.mean().backward()
        self.tuner.update()
        return {"y": y, "normal": normal, "eps": eps, "loss": loss.detach()}

    def save_step(self, path):
        step = self.step()
        net = {name: p.detach() for name, p in self.net.state_dict().items()}
        torch.save({**step, "net": net, "ema": self.tuner.ema}, path)


def tune(spec, state, expected):
    run = Run(spec)
    for _ in range(6):
        run.step()
    torch.save(
        {
            "net": run.net.state_dict(),
            "ema": run.tuner.ema,
            "optimizer_state": run.tuner.optimizer.state_dict(),
        },
        state,
    )
    run.save_step(expected)


def resume(spec, state, expected):
    run = Run(spec)
    # The optimiser's settings are Python floats, which weights_only takes from PyTorch 2 on only.
    saved = torch.load(state)
    own = dict(run.net.named_parameters())
    run.net.load_state_dict({name: p for name, p in saved["net"].items() if name in own})
    run.tuner.ema = {name: p for name, p in saved["ema"].items() if name in own}
    run.tuner.optimizer.load_state_dict(saved["optimizer_state"])
    run.save_step(expected)


if __name__ == "__main__":
    command, spec_file, *files = sys.argv[1:]
    with open(spec_file, encoding="utf-8") as f:
        specification = json.load(f)
    torch.set_num_threads(1)
    {"forward": forward, "tune": tune, "resume": resume}[command](specification, *files)
