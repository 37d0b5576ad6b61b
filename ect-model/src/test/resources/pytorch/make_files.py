"""Makes the PyTorch files beside it: the same tensors in every format.

Run with PyTorch 1.13 and NumPy, in this folder.
"""

import collections
import pickle

import numpy as np
import torch

EXACT = [0.0, -0.0, 1.5, -2.0, 2.0**-14, float("inf"), float("-inf"), float("nan")]


def build():
    base = torch.arange(24, dtype=torch.float32)
    grid = base.reshape(2, 3, 4)
    return {
        "dtypes": {
            "f16": torch.tensor(EXACT + [65504.0, 2.0**-24], dtype=torch.float16),
            "bf16": torch.tensor(EXACT + [2.0**127, 2.0**-126], dtype=torch.bfloat16),
            "f32": torch.tensor(EXACT + [2.0**-149, 0.1], dtype=torch.float32),
            "f64": torch.tensor(EXACT + [1e300, 0.1], dtype=torch.float64),
            "i64": torch.tensor([0, -1, 2**62]),
            "i32": torch.tensor([0, -1, 2**30], dtype=torch.int32),
            "i16": torch.tensor([0, -1, 2**14], dtype=torch.int16),
            "i8": torch.tensor([0, -1, 127], dtype=torch.int8),
            "u8": torch.tensor([0, 1, 255], dtype=torch.uint8),
            "bool": torch.tensor([True, False]),
        },
        "views": collections.OrderedDict(
            whole=grid,
            transposed=grid.transpose(0, 2),
            part=grid[1, 1:, ::2],
            expanded=base[5:7].reshape(2, 1).expand(2, 3),
            channels_last=grid.reshape(1, 2, 3, 4).contiguous(memory_format=torch.channels_last),
            scalar=torch.tensor(7.0),
            empty=torch.zeros(0, 3),
        ),
        "parameter": torch.nn.Parameter(base[:2].clone()),
        "step": torch.tensor(1234),
        "numpy": np.float64(0.7),
        "lr": 1e-3,
    }


values = build()
torch.save(values, "zip.pt")
torch.save(values, "legacy.pt", _use_new_zipfile_serialization=False)
for protocol in (2, 4):
    with open(f"protocol{protocol}.pkl", "wb") as file:
        pickle.dump(values, file, protocol)

torch.manual_seed(0)
shared = torch.nn.Linear(2, 2)
network = torch.nn.ModuleDict(
    {"b": torch.nn.BatchNorm1d(2), "a": shared, "again": shared, "c": torch.nn.ModuleList([torch.nn.Linear(2, 1, bias=False)])}
)
torch.save({"net": network, "names": [name for name, _ in network.named_parameters()],
            "buffers": [name for name, _ in network.named_buffers()],
            "state": network.state_dict()}, "module.pt")
