"""Makes the snapshots *-network.pkl beside it: tiny networks of every architecture and
preconditioning, pickled as EDM's torch_utils.persistence does, with weights that follow from their
names: element j of a tensor is crc32(name) % 1000 + j / 1024.

Run with PyTorch 1.13, in this folder.
"""

import collections
import pickle
import sys
import types
import zlib

import torch

persistence = types.ModuleType("torch_utils.persistence")


def _reconstruct_persistent_obj(meta):
    raise NotImplementedError


_reconstruct_persistent_obj.__module__ = "torch_utils.persistence"
persistence._reconstruct_persistent_obj = _reconstruct_persistent_obj
sys.modules["torch_utils"] = types.ModuleType("torch_utils")
sys.modules["torch_utils.persistence"] = persistence


class Persistent:
    def __init__(self, class_name, **state):
        self.class_name = class_name
        self.state = dict(_parameters=collections.OrderedDict(), _buffers=collections.OrderedDict(),
                          _modules=collections.OrderedDict(), _init_args=(), **state)

    def __reduce__(self):
        meta = dict(type="class", version=6, module_src="# source text removed",
                    class_name=self.class_name, state=self.state)
        return _reconstruct_persistent_obj, (meta,)


def values(name, shape):
    count = torch.Size(shape).numel()
    return (zlib.crc32(name.encode()) % 1000 + torch.arange(count) / 1024).reshape(shape)


def conv(name, width_in, width_out, kernel):
    return [(f"{name}.weight", (width_out, width_in, kernel, kernel)), (f"{name}.bias", (width_out,))]


def linear(name, width_in, width_out, bias=True):
    return [(f"{name}.weight", (width_out, width_in))] + [(f"{name}.bias", (width_out,))] * bias


def norm(name, width):
    return [(f"{name}.weight", (width,)), (f"{name}.bias", (width,))]


class Layout:
    """Parameters and buffers by name and shape."""

    def __init__(self, song, fourier, labels, augment, base, mults, blocks, attention, resolution):
        self.song, self.taps, self.emb = song, 4 if fourier else 2, 4 * base
        self.parameters, self.buffers = [], []
        noise = 2 * base if fourier else base
        if fourier:
            self.buffers.append(("map_noise.freqs", (noise // 2,)))
        if song and labels:
            self.parameters += linear("map_label", labels, noise)
        if augment:
            self.parameters += linear("map_augment", augment, noise, bias=False)
        self.parameters += linear("map_layer0", noise, self.emb) + linear("map_layer1", self.emb, self.emb)
        if not song and labels:
            self.parameters += linear("map_label", labels, self.emb, bias=False)
        width = base if song else base * mults[0]
        self.parameters += conv(f"enc.{resolution}x{resolution}_conv", 3, width, 3)
        skips, aux = [width], 3
        for level, mult in enumerate(mults):
            size = f"{resolution >> level}x{resolution >> level}"
            if level:
                self.block(f"enc.{size}_down", width, width, resample=True)
                skips.append(width)
                if fourier:
                    self.parameters += conv(f"enc.{size}_aux_residual", aux, width, 3)
                    self.filter(f"enc.{size}_aux_residual")
                    aux = width
            for i in range(blocks):
                self.block(f"enc.{size}_block{i}", width, base * mult, attention=resolution >> level in attention)
                width = base * mult
                skips.append(width)
        for level, mult in reversed(list(enumerate(mults))):
            size = f"{resolution >> level}x{resolution >> level}"
            if level == len(mults) - 1:
                self.block(f"dec.{size}_in0", width, width, attention=True)
                self.block(f"dec.{size}_in1", width, width)
            else:
                self.block(f"dec.{size}_up", width, width, resample=True)
            for i in range(blocks + 1):
                self.block(f"dec.{size}_block{i}", width + skips.pop(), base * mult,
                           attention=resolution >> level in attention and (not song or i == blocks))
                width = base * mult
        out = f"dec.{size}_aux" if song else "out"
        self.parameters += norm(f"{out}_norm", width) + conv(f"{out}_conv", width, 3, 3)

    def filter(self, name):
        self.buffers.append((f"{name}.resample_filter", (1, 1, self.taps, self.taps)))

    def block(self, name, width_in, width_out, resample=False, attention=False):
        self.parameters += norm(f"{name}.norm0", width_in) + conv(f"{name}.conv0", width_in, width_out, 3)
        self.parameters += linear(f"{name}.affine", self.emb, width_out * (1 if self.song else 2))
        self.parameters += norm(f"{name}.norm1", width_out) + conv(f"{name}.conv1", width_out, width_out, 3)
        if width_in != width_out or (resample and self.song):
            self.parameters += conv(f"{name}.skip", width_in, width_out, 1)
        if resample:
            self.filter(f"{name}.conv0")
            self.filter(f"{name}.skip")
        # ADM's heads take 64 channels each: these networks have none.
        if attention and self.song:
            self.parameters += norm(f"{name}.norm2", width_out)
            self.parameters += conv(f"{name}.qkv", width_out, 3 * width_out, 1)
            self.parameters += conv(f"{name}.proj", width_out, width_out, 1)


def place(root, name, kind, tensor):
    *path, last = name.split(".")
    for depth, part in enumerate(path):
        modules = root._modules if isinstance(root, torch.nn.Module) else root.state["_modules"]
        if part not in modules:
            if path[: depth + 1] in (["model", "enc"], ["model", "dec"]):
                modules[part] = torch.nn.ModuleDict()
            else:
                modules[part] = Persistent("Module")
        root = modules[part]
    root.state[kind][last] = tensor


def save(file, class_name, layout, kept, **arguments):
    net = Persistent(class_name, training=False, **kept, _init_kwargs=arguments)
    for name, shape in layout.parameters:
        name = f"model.{name}"
        place(net, name, "_parameters", torch.nn.Parameter(values(name, shape)))
    for name, shape in layout.buffers:
        name = f"model.{name}"
        place(net, name, "_buffers", values(name, shape))
    with open(file, "wb") as out:
        pickle.dump({"ema": net}, out, protocol=4)


common = dict(img_resolution=8, img_channels=3, use_fp16=False, dropout=0.25)
save("ve-network.pkl", "VEPrecond", Layout(True, True, 0, 9, 4, [1, 2], 1, [4], 8),
     dict(sigma_min=0.02, sigma_max=100), **common, label_dim=0, model_type="SongUNet",
     embedding_type="fourier", encoder_type="residual", decoder_type="standard",
     channel_mult_noise=2, resample_filter=[1, 3, 3, 1], model_channels=4, channel_mult=[1, 2],
     num_blocks=1, attn_resolutions=[4], augment_dim=9)
save("vp-network.pkl", "VPPrecond", Layout(True, False, 10, 0, 4, [1, 2], 1, [8], 8),
     dict(beta_d=20.5, beta_min=0.2, M=500, epsilon_t=1e-5), **common, label_dim=10,
     model_type="SongUNet", model_channels=4, channel_mult=[1, 2], num_blocks=1,
     attn_resolutions=[8], label_dropout=0.125)
save("adm-network.pkl", "EDMPrecond", Layout(False, False, 10, 9, 4, [1, 2], 1, [4], 8),
     dict(sigma_min=0, sigma_max=float("inf"), sigma_data=0.75), **common, label_dim=10,
     model_type="DhariwalUNet", model_channels=4, channel_mult=[1, 2], num_blocks=1,
     attn_resolutions=[4], augment_dim=9)
