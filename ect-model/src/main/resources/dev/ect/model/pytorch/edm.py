"""EDM's U-Nets, their preconditioning, and Easy Consistency Tuning, in PyTorch.

What the checkpoints are exchanged with, and what the benchmarks compare themselves with.
"""

import math

import torch
from torch import nn
from torch.nn.functional import conv2d, conv_transpose2d, dropout, group_norm, linear, silu

SIGMA_DATA = 0.5
SIGMA_MIN = 0.003


class Unet:
    """The U-Nets of EDM as functions of a dict of weights under PyTorch's names.

    Dropout, of the probability in the specification, is on where a call says `training`.
    """

    def __init__(self, spec, weights):
        self.spec = spec
        self.w = weights
        self.dropout = 0.0
        self.adm = spec["arch"] == "adm"
        self.ncsnpp = spec["arch"] == "ncsnpp"
        self.eps = 1e-5 if self.adm else 1e-6
        self.skip_scale = 1.0 if self.adm else math.sqrt(0.5)
        device = next(iter(weights.values())).device
        taps = torch.tensor([1.0, 3.0, 3.0, 1.0] if self.ncsnpp else [1.0, 1.0], device=device)
        self.filter = torch.outer(taps, taps) / taps.sum() ** 2

    def conv(self, x, name, padding=None):
        w = self.w[name + ".weight"]
        padding = w.shape[-1] // 2 if padding is None else padding
        return conv2d(x, w, self.w[name + ".bias"], padding=padding)

    def linear(self, x, name):
        return linear(x, self.w[name + ".weight"], self.w.get(name + ".bias"))

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
        if self.dropout:
            h = dropout(h, self.dropout)
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
            angles = torch.outer(noise, (1 / 10000) ** (torch.arange(half, device=noise.device) / last))
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

    def __call__(self, x, noise, training, labels=None, augment=None):
        self.dropout = self.spec["dropout"] if training else 0.0
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
    """D(x, sigma), x of [N, C, H, W] and sigma of [N]."""
    s = sigma[:, None, None, None]
    shifted = s if training else s - SIGMA_MIN
    c_skip = SIGMA_DATA**2 / (shifted**2 + SIGMA_DATA**2)
    c_out = shifted * SIGMA_DATA / (s**2 + SIGMA_DATA**2).sqrt()
    c_in = 1 / (s**2 + SIGMA_DATA**2).sqrt()
    return c_skip * x + c_out * unet(c_in * x, sigma.log() / 4, training, labels)


class Network(nn.Module):
    """Random parameters under dotted names, in order."""

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
            norm = last == "weight" and len(shape) == 1
            module.register_parameter(last, nn.Parameter(value + norm))


class Tuner:
    """Tunes a network by ECT's loss (arXiv 2406.14548), one batch after the other.

    settings: p_mean, p_std, mapping (sigmoid or const), q, k, b, c, stage, optim (radam or adam),
    lr, ema_beta. buffers: further weights by name, which are not tuned.
    """

    def __init__(self, spec, net, settings, buffers=None):
        self.net = net
        self.settings = settings
        self.unet = Unet(spec, {**dict(net.named_parameters()), **(buffers or {})})
        self.ema = {name: p.detach().clone() for name, p in net.named_parameters()}
        optimizer = {"radam": torch.optim.RAdam, "adam": torch.optim.Adam}[settings["optim"]]
        self.optimizer = optimizer(net.parameters(), lr=settings["lr"])

    def noise_levels(self, normal):
        """t and r(t) of [N]: r = max(0, t (1 - n(t) / q^(stage+1)))."""
        s = self.settings
        t = (normal * s["p_std"] + s["p_mean"]).exp()
        n = 1 + s["k"] * torch.sigmoid(-s["b"] * t) if s["mapping"] == "sigmoid" else 1
        return t, (t * (1 - n / s["q"] ** (s["stage"] + 1))).clamp(min=0)

    def losses(self, y, normal, eps, labels=None):
        """The loss of each image; the teacher drops what the student dropped."""
        t, r = self.noise_levels(normal)
        ts, rs = t[:, None, None, None], r[:, None, None, None]
        state = rng_state(y.device)
        student = denoise(self.unet, y + ts * eps, t, True, labels)
        set_rng_state(y.device, state)
        with torch.no_grad():
            teacher = denoise(self.unet, y + rs * eps, r.clamp(min=1e-8), True, labels)
            teacher = torch.where(rs > 0, torch.nan_to_num(teacher), y)
        squared = (student - teacher).square().sum(dim=(1, 2, 3))
        c = self.settings["c"]
        distance = (squared + c**2).sqrt() - c if c > 0 else squared.sqrt()
        return distance / (t - r)

    def update(self):
        """Moves the weights along the gradients that are there, and the moving average."""
        for p in self.net.parameters():
            if p.grad is not None:
                torch.nan_to_num(p.grad, nan=0.0, posinf=1e5, neginf=-1e5, out=p.grad)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        with torch.no_grad():
            for name, p in self.net.named_parameters():
                ema = self.ema[name]
                ema.copy_(p.detach().lerp(ema, self.settings["ema_beta"]))


def rng_state(device):
    return torch.cuda.get_rng_state(device) if device.type == "cuda" else torch.get_rng_state()


def set_rng_state(device, state):
    if device.type == "cuda":
        torch.cuda.set_rng_state(state, device)
    else:
        torch.set_rng_state(state)
