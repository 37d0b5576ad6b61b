"""Makes the small TorchScript files beside it, and what PyTorch and Pillow get from them.

Run with PyTorch 1.13, NumPy and Pillow, in this folder. The files are rewritten without PyTorch's
debugging records, which are larger than the networks and hold paths of the machine.
"""

import io
import json
import struct
import zipfile

import numpy as np
import PIL.Image
import torch
import torch.nn.functional as F

FEATURES = 8


class Vgg(torch.nn.Module):
    """Called like vgg16.pt."""

    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 4, 3)
        self.features = torch.nn.Linear(4 * 9, FEATURES)
        self.classes = torch.nn.Linear(FEATURES, 5)

    def forward(self, img, resize_images: bool = True, return_features: bool = False,
                return_lpips: bool = False):
        x = img.to(torch.float32) / 127.5 - 1
        if resize_images:
            x = F.adaptive_avg_pool2d(x, [12, 12])
        x = F.adaptive_avg_pool2d(torch.relu(self.conv(x)), [3, 3])
        x = torch.relu(self.features(torch.flatten(x, 1)))
        if return_features:
            return x
        return torch.softmax(self.classes(x), 1)


class Dino(torch.nn.Module):
    """Takes what DINOv2 takes: patches in, one vector out."""

    def __init__(self):
        super().__init__()
        self.patches = torch.nn.Conv2d(3, FEATURES, 7, stride=7)

    def forward(self, x):
        return torch.tanh(self.patches(x)).mean([2, 3])


class Scripted(torch.nn.Module):
    """Called like inception-2015-12-05.pt; relies on the order of its activations in memory."""

    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 4, 8, stride=8)

    def forward(self, img, return_features: bool = False, no_output_bias: bool = False):
        x = self.conv(img.to(torch.float32) / 128 - 1)
        x = torch.relu(x).view(x.shape[0], -1)
        if return_features:
            return x
        return torch.softmax(x, 1)


class Types(torch.nn.Module):
    """The mean colour, in several types."""

    def forward(self, img, half: bool = False, bfloat16: bool = False, double: bool = False,
                integer: bool = False):
        x = img.to(torch.float32).mean([2, 3]) / 3
        if half:
            x = x.to(torch.float16)
        if bfloat16:
            x = x.to(torch.bfloat16)
        if double:
            x = x.to(torch.float64)
        if integer:
            x = x.to(torch.int64)
        return x


class NoKeyword(torch.nn.Module):
    def forward(self, img):
        return img.to(torch.float32).mean([2, 3])


class TwoInputs(torch.nn.Module):
    def forward(self, img, mask, return_features: bool = False):
        return (img * mask).to(torch.float32).mean([2, 3])


class Spatial(torch.nn.Module):
    def forward(self, img, return_features: bool = False):
        return F.adaptive_avg_pool2d(img.to(torch.float32), [2, 2])


class NotANumber(torch.nn.Module):
    def forward(self, img, return_features: bool = False):
        return torch.log(img.to(torch.float32).mean([2, 3]) - 1000)


class Pair(torch.nn.Module):
    def forward(self, img, return_features: bool = False):
        x = img.to(torch.float32).mean([2, 3])
        return x, x


class Logits(torch.nn.Module):
    def forward(self, img, return_features: bool = False, no_output_bias: bool = False):
        return img.to(torch.float32).mean([2, 3])


class FloatOnly(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 4, 3)

    def forward(self, img, return_features: bool = False):
        return self.conv(img).mean([2, 3])


def save(module, path):
    buffer = io.BytesIO()
    torch.jit.save(module, buffer)
    with zipfile.ZipFile(buffer) as old, zipfile.ZipFile(path, 'w') as new:
        for name in old.namelist():
            if not name.endswith('.debug_pkl'):
                new.writestr(zipfile.ZipInfo(name), old.read(name))


def save_tensors(tensors, path):
    types = {np.dtype(np.uint8): 'U8', np.dtype(np.float32): 'F32'}
    header, data = {}, b''
    for name, tensor in tensors.items():
        array = np.ascontiguousarray(tensor.numpy() if torch.is_tensor(tensor) else tensor)
        header[name] = {'dtype': types[array.dtype], 'shape': array.shape,
                        'data_offsets': [len(data), len(data) + array.nbytes]}
        data += array.tobytes()
    text = json.dumps(header).encode()
    text += b' ' * (-len(text) % 8)
    with open(path, 'wb') as file:
        file.write(struct.pack('<Q', len(text)) + text + data)


def dino_input(images):
    """FD-DINOv2's preprocessing: 8-bit Pillow bicubic, then ImageNet's means and deviations."""
    out = []
    for image in images:
        pixels = image[0] if image.shape[0] == 1 else image.transpose(1, 2, 0)
        large = np.asarray(PIL.Image.fromarray(pixels).resize((224, 224), PIL.Image.BICUBIC))
        large = np.stack([large] * 3) if large.ndim == 2 else large.transpose(2, 0, 1)
        out.append(torch.from_numpy(np.ascontiguousarray(large)))
    mean = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
    deviation = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    return (torch.stack(out).to(torch.float32) / 255 - mean) / deviation


torch.manual_seed(0)
random = np.random.RandomState(0)
rgb = random.randint(0, 256, (3, 3, 32, 32)).astype(np.uint8)
rgb[1] = rgb[1] // 4 + np.arange(32).astype(np.uint8) * 6
grey = random.randint(0, 256, (2, 1, 20, 24)).astype(np.uint8)
rgb_in, grey_in = torch.from_numpy(rgb), torch.from_numpy(grey).repeat([1, 3, 1, 1])
expected = {'in.rgb': rgb, 'in.grey': grey}

with torch.no_grad():
    vgg = torch.jit.script(Vgg().eval())
    save(vgg, 'vgg.pt')
    dino = torch.jit.trace(Dino().eval(), dino_input(rgb))
    save(dino, 'dino.pt')
    for kind, images, tensor in (('rgb', rgb, rgb_in), ('grey', grey, grey_in)):
        expected['vgg.' + kind] = vgg(tensor, return_features=True)
        expected['dino.' + kind] = dino(dino_input(images))

    view = torch.jit.script(Scripted().eval())
    save(view, 'view.pt')
    expected['view.features'] = view(rgb_in, return_features=True)
    expected['view.probabilities'] = view(rgb_in, no_output_bias=True)
    frozen = torch.jit.freeze(view)
    save(frozen, 'frozen.pt')

    types = torch.jit.script(Types().eval())
    save(types, 'types.pt')
    for name in ('half', 'bfloat16', 'double'):
        expected['types.' + name] = types(rgb_in, **{name: True}).to(torch.float32)

save_tensors(expected, 'detectors.expected.safetensors')

for module, path in ((NoKeyword(), 'no-keyword.pt'), (TwoInputs(), 'two-inputs.pt'),
                     (Spatial(), 'spatial.pt'), (NotANumber(), 'not-a-number.pt'),
                     (Pair(), 'pair.pt'), (Logits(), 'logits.pt'),
                     (FloatOnly(), 'float-only.pt')):
    save(torch.jit.script(module.eval()), path)
torch.save({'weight': torch.zeros(2)}, 'weights.pt')
