"""Makes the pickles beside it: the same values in every protocol.

Run with Python 3.8 or newer and NumPy below 2, in this folder.
"""

import collections
import io
import pickle

import numpy as np


class Storage:
    """Stands for what lies outside the pickle."""


class Pickler(pickle.Pickler):
    def persistent_id(self, obj):
        return "storage-7" if isinstance(obj, Storage) else None


def build():
    itself = [1]
    itself.append(itself)
    knot = ([],)
    knot[0].append(knot)
    shared = ["shared"]
    default = collections.defaultdict(list)
    default["a"] = [1]
    return {
        "none": None,
        "bools": [True, False],
        "ints": [0, 1, 255, 256, 65535, 65536, -1, -(2**31), 2**31, 2**63 - 1, -(2**63)],
        "big": [2**63, -(2**63) - 1, 2**500],
        "floats": [0.0, -0.0, 1.5, 1e300, 5e-324, float("inf"), float("-inf"), float("nan")],
        "texts": ["", "plain", "caf\u00e9", "\u4e2d\u6587", "\U0001f600", "a\nb\\u0041'\"\r\x00"],
        "bytes": [b"", b"\x00\xff\x80a", bytearray(b""), bytearray(b"\x01\xfe")],
        "tuples": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)],
        "keys": {None: 0, True: 1, 7: 2, 0.5: 3, (1, 2): 4, b"b": 5, frozenset([1]): 6},
        "sets": [{1}, frozenset(["x"])],
        "itself": itself,
        "knot": knot,
        "shared": [shared, shared],
        "ordered": collections.OrderedDict([("z", 1), ("a", 2)]),
        "default": default,
        "counter": collections.Counter({"n": 3}),
        "deque": collections.deque([1, 2]),
        "class": collections.OrderedDict,
        "complex": 1 + 2j,
        "outside": Storage(),
        "numpy": {
            "c": np.arange(6, dtype="<f4").reshape(2, 3),
            "f": np.asfortranarray(np.arange(24, dtype="<f8").reshape(2, 3, 4)),
            "big": np.array([1, -2, 3], dtype=">i8"),
            "u1": np.array([[0, 127], [128, 255]], dtype="u1"),
            "bool": np.array([True, False]),
            "zero": np.array(2.5),
            "empty": np.zeros((0, 3), "f4"),
            "object": np.array([None, "x"], dtype=object),
            "f8": np.float64(0.1),
            "i4": np.int32(-5),
        },
    }


for protocol in range(6):
    out = io.BytesIO()
    Pickler(out, protocol).dump(build())
    Pickler(out, protocol).dump("the next one")
    with open(f"protocol{protocol}.pkl", "wb") as file:
        file.write(out.getvalue())
