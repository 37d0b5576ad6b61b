"""Exchanges checkpoints with PyTorch: run by PyTorchRoundTripTest with a Python that has torch.

    roundtrip.py forward SPEC NETWORK INPUTS OUTPUT   D of an exported network
    roundtrip.py tune SPEC STATE EXPECTED             six steps, the state, and one more step
    roundtrip.py resume SPEC STATE EXPECTED           one more step from an exported state

SPEC is the network's specification as JSON; the other files are torch.save's.
"""

import json
import math
import sys

import torch
from torch import nn
from torch.nn.functional import avg_pool2d, conv2d, conv_transpose2d, group_norm, pad, silu

SIGMA_DATA = 0.5
SIGMA_MIN = 0.003


class Unet:
    """The U-Nets of EDM as functions of a dict of weights under PyTorch's names."""

    def __init__(self, spec, weights):
        self.spec = spec
        self.w = weights
        self.adm = spec["arch"] == "adm"
        self.ncsnpp = spec["arch"] == "ncsnpp"
        self.eps = 1e-5 if self.adm else 1e-6
        self.skip_scale = 1.0 if self.adm else math.sqrt(0.5)
        taps = torch.tensor([1.0, 3.0, 3.0, 1.0] if self.ncsnpp else [1.0, 1.0])
        self.filter = torch.outer(taps, taps) / taps.sum() ** 2

    def conv(self, x, name, padding=None):
        w = self.w[name + ".weight"]
        return conv2d(x, w, self.w[name + ".bias"], padding=w.shape[-1] // 2 if padding is None else padding)

    def linear(self, x, name):
        bias = self.w.get(name + ".bias")
        return nn.functional.linear(x, self.w[name + ".weight"], bias)

    def norm(self, x, name):
        groups = min(32, x.shape[1] // 4)
        return group_norm(x, groups, self.w[name + ".weight"], self.w[name + ".bias"], self.eps)

    def resample(self, x, down, padding=None):
        size = self.filter.shape[0]
        padding = (size - 1) // 2 if padding is None else padding
        kernel = self.filter.expand(x.shape[1], 1, size, size)
        if down:
            return conv2d(x, kernel, stride=2, padding=padding, groups=x.shape[1])
        return conv_transpose2d(x, kernel * 4, stride=2, padding=padding, groups=x.shape[1])

    def block(self, x, emb, name):
        down, up = name.endswith("_down"), name.endswith("_up")
        h = silu(self.norm(x, name + ".norm0"))
        skip = x
        if down or up:
            h, skip = self.resample(h, down), self.resample(skip, down)
        h = self.conv(h, name + ".conv0")
        p = self.linear(emb, name + ".affine")[:, :, None, None]
        if self.adm:
            scale, shift = p.chunk(2, dim=1)
            h = silu(self.norm(h, name + ".norm1") * (scale + 1) + shift)
        else:
            h = silu(self.norm(h + p, name + ".norm1"))
        h = self.conv(h, name + ".conv1")
        if name + ".skip.weight" in self.w:
            skip = self.conv(skip, name + ".skip")
        x = (h + skip) * self.skip_scale
        if name + ".qkv.weight" in self.w:
            x = self.attend(x, name)
        return x

    def attend(self, x, name):
        n, c, height, width = x.shape
        heads = c // 64 if self.adm else 1
        qkv = self.conv(self.norm(x, name + ".norm2"), name + ".qkv")
        q, k, v = qkv.reshape(n * heads, c // heads, 3, height * width).unbind(2)
        weights = torch.einsum("ncq,nck->nqk", q, k / math.sqrt(c // heads)).softmax(dim=2)
        a = torch.einsum("nqk,nck->ncq", weights, v).reshape(n, c, height, width)
        return (self.conv(a, name + ".proj") + x) * self.skip_scale

    def embed(self, noise, labels, augment):
        channels = self.w["model.map_layer0.weight"].shape[1]
        half = channels // 2
        if self.ncsnpp:
            angles = torch.outer(noise, 2 * math.pi * self.w["model.map_noise.freqs"])
        else:
            last = half if self.adm else half - 1
            angles = torch.outer(noise, (1 / 10000) ** (torch.arange(half) / last))
        cos, sin = angles.cos(), angles.sin()
        e = torch.cat([cos, sin] if self.adm else [sin, cos], dim=1)
        if labels is not None and not self.adm:
            e = e + self.linear(labels * math.sqrt(labels.shape[1]), "model.map_label")
        if augment is not None:
            e = e + self.linear(augment, "model.map_augment")
        e = self.linear(silu(self.linear(e, "model.map_layer0")), "model.map_layer1")
        if labels is not None and self.adm:
            e = e + self.linear(labels, "model.map_label")
        return silu(e)

    def __call__(self, x, noise, labels=None, augment=None):
        emb = self.embed(noise, labels, augment)
        levels = len(self.spec["channel_mult"])
        blocks = self.spec["num_blocks"]
        sizes = [self.spec["img_resolution"] >> level for level in range(levels)]
        aux = x
        skips = []
        for level, size in enumerate(sizes):
            at = f"model.enc.{size}x{size}"
            if level == 0:
                x = self.conv(x, at + "_conv")
            else:
                x = self.block(x, emb, at + "_down")
                if self.ncsnpp:
                    taps = self.filter.shape[0]
                    aux = self.conv(aux, at + "_aux_residual", padding=1 + (taps - 1) // 2)
                    aux = self.resample(aux, True, padding=0)
                    x = aux = (x + aux) / math.sqrt(2)
            skips.append(x)
            for i in range(blocks):
                x = self.block(x, emb, f"{at}_block{i}")
                skips.append(x)
        for level, size in reversed(list(enumerate(sizes))):
            at = f"model.dec.{size}x{size}"
            for step in ["_in0", "_in1"] if level == levels - 1 else ["_up"]:
                x = self.block(x, emb, at + step)
            for i in range(blocks + 1):
                x = self.block(torch.cat([x, skips.pop()], dim=1), emb, f"{at}_block{i}")
        if self.adm:
            return self.conv(silu(self.norm(x, "model.out_norm")), "model.out_conv")
        return self.conv(silu(self.norm(x, at + "_aux_norm")), at + "_aux_conv")


def denoise(unet, x, sigma, training, labels=None):
    s = sigma[:, None, None, None]
    shifted = s if training else s - SIGMA_MIN
    c_skip = SIGMA_DATA**2 / (shifted**2 + SIGMA_DATA**2)
    c_out = shifted * SIGMA_DATA / (s**2 + SIGMA_DATA**2).sqrt()
    c_in = 1 / (s**2 + SIGMA_DATA**2).sqrt()
    return c_skip * x + c_out * unet(c_in * x, sigma.log() / 4, labels)


def forward(spec, network, inputs, output):
    weights = torch.load(network, weights_only=True)
    given = torch.load(inputs, weights_only=True)
    with torch.no_grad():
        unet = Unet(spec, weights)
        d = denoise(unet, given["x"], given["sigma"], False, given.get("labels"))
    torch.save({"d": d}, output)


class Network(nn.Module):
    """Parameters under dotted names, in order."""

    def __init__(self, shapes, generator):
        super().__init__()
        for name, shape in shapes:
            module = self
            *path, last = name.split(".")
            for part in path:
                if part not in module._modules:
                    module.add_module(part, nn.Module())
                module = module._modules[part]
            value = torch.randn(shape, generator=generator) * 0.1
            module.register_parameter(last, nn.Parameter(value + (last == "weight" and len(shape) == 1)))


class Run:
    """ECT's loss (arXiv 2406.14548) on given draws, without dropout, at stage 3 with q = 2."""

    def __init__(self, spec):
        self.spec = spec
        self.generator = torch.Generator().manual_seed(7)
        self.net = Network(spec["shapes"], self.generator)
        self.ema = {name: p.detach().clone() for name, p in self.net.named_parameters()}
        self.optimizer = torch.optim.RAdam(self.net.parameters(), lr=1e-3)

    def step(self):
        size, g = self.spec["img_resolution"], self.generator
        y = torch.rand((4, self.spec["img_channels"], size, size), generator=g) * 2 - 1
        normal = torch.randn(4, generator=g)
        eps = torch.randn(y.shape, generator=g)
        t = (normal * 2.0 - 1.1).exp()
        # r = t (1 - n(t) / q^(s+1)), n(t) = 1 + 8 sigmoid(-t)
        r = (t * (1 - (1 + 8 * torch.sigmoid(-t)) / 16)).clamp(min=0)
        ts, rs = t[:, None, None, None], r[:, None, None, None]
        unet = Unet(self.spec, dict(self.net.named_parameters()))
        student = denoise(unet, y + ts * eps, t, True)
        with torch.no_grad():
            teacher = denoise(unet, y + rs * eps, r.clamp(min=1e-8), True)
            teacher = torch.where(rs > 0, teacher, y)
        loss = (student - teacher).square().sum(dim=(1, 2, 3)).sqrt() / (t - r)
        self.optimizer.zero_grad()
        loss.mean().backward()
        self.optimizer.step()
        for name, p in self.net.named_parameters():
            self.ema[name].lerp_(p.detach(), 1 - 0.99)
        return {"y": y, "normal": normal, "eps": eps, "loss": loss.detach()}

    def save_step(self, path):
        step = self.step()
        net = {name: p.detach() for name, p in self.net.state_dict().items()}
        torch.save({**step, "net": net, "ema": self.ema}, path)


def tune(spec, state, expected):
    run = Run(spec)
    for _ in range(6):
        run.step()
    torch.save(
        {
            "net": run.net.state_dict(),
            "ema": run.ema,
            "optimizer_state": run.optimizer.state_dict(),
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
    run.ema = {name: p for name, p in saved["ema"].items() if name in own}
    run.optimizer.load_state_dict(saved["optimizer_state"])
    run.save_step(expected)


if __name__ == "__main__":
    command, spec_file, *files = sys.argv[1:]
    with open(spec_file, encoding="utf-8") as f:
        specification = json.load(f)
    torch.set_num_threads(1)
    {"forward": forward, "tune": tune, "resume": resume}[command](specification, *files)
