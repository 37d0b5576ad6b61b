"""Makes the images beside it and what Pillow resizes them to. Run with NumPy and Pillow, in this
folder.

expected.txt has a line for every case: source, width, height, filter, and the SHA-256 of the
result's bytes in the order [C,H,W]. Results named there as files are kept whole.
"""

import hashlib

import numpy as np
import PIL
import PIL.Image

FILTERS = {'box': PIL.Image.BOX, 'bicubic': PIL.Image.BICUBIC, 'lanczos': PIL.Image.LANCZOS}


def source(seed, height, width, channels):
    """Noise, with a part of black and white only, where cubic filters overshoot."""
    random = np.random.RandomState(seed)
    pixels = random.randint(0, 256, (height, width, channels))
    hard = random.randint(0, 2, pixels.shape) * 255
    pixels[:height // 2, :width // 2] = hard[:height // 2, :width // 2]
    return pixels.astype(np.uint8)


sources = {'rgb-32x32': source(0, 32, 32, 3), 'grey-64x64': source(1, 64, 64, 1),
           'rgb-33x41': source(2, 41, 33, 3), 'grey-7x50': source(3, 50, 7, 1)}
cases = {'rgb-32x32': [(224, 224), (64, 64), (16, 16), (32, 20), (20, 32), (45, 13), (1, 1)],
         'grey-64x64': [(224, 224), (32, 32), (64, 9), (21, 63), (3, 200)],
         'rgb-33x41': [(224, 224), (16, 16), (66, 82), (17, 100), (33, 41), (34, 40)],
         'grey-7x50': [(224, 224), (5, 5), (50, 7), (7, 49), (1, 50)]}
whole = {('rgb-33x41', 17, 30, 'bicubic'), ('grey-64x64', 21, 63, 'lanczos'),
         ('rgb-32x32', 16, 16, 'box')}

lines = ['# Pillow ' + PIL.__version__]
for name, pixels in sources.items():
    image = PIL.Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    image.save(name + '.png', optimize=True)
    for key in sorted(set((w, h, f) for w, h in cases[name] for f in FILTERS)
                      | set(w[1:] for w in whole if w[0] == name)):
        width, height, kind = key
        result = image.resize((width, height), FILTERS[kind])
        planes = np.asarray(result).reshape(height, width, -1).transpose(2, 0, 1)
        digest = hashlib.sha256(planes.tobytes()).hexdigest()
        line = f'{name} {width} {height} {kind} {digest}'
        if (name, *key) in whole:
            file = f'{name}-to-{width}x{height}-{kind}.png'
            result.save(file, optimize=True)
            line += ' ' + file
        lines.append(line)
with open('expected.txt', 'w') as file:
    file.write('\n'.join(lines) + '\n')
