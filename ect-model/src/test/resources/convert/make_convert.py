"""Makes the sources beside it and what Python's libraries make of them. Run in this folder with NumPy,
Pillow and lmdb.

transforms.txt has a line for every image, transform and resolution, jpegs.txt and webps.txt one for every
JPEG and WebP: the result's width, height and SHA-256 of its bytes in the order [C,H,W], or the word skipped
or transparent.
"""

import hashlib
import io
import os
import shutil
import pickle
import struct
import tarfile

import lmdb
import numpy as np
import PIL.Image
import PIL.ImageCms

BOX, BICUBIC, LANCZOS = PIL.Image.BOX, PIL.Image.BICUBIC, PIL.Image.LANCZOS


def picture(seed, height, width, channels):
    """Waves with noise, in steps of 16 so that PNGs stay small."""
    random = np.random.RandomState(seed)
    y, x = np.mgrid[:height, :width]
    planes = [128 + 100 * np.sin(x / (5 + k + seed)) * np.cos(y / (4 + 2 * k)) for k in range(channels)]
    pixels = np.stack(planes, 2) + random.randint(-40, 40, (height, width, channels))
    return (pixels.clip(0, 255) // 16 * 17).astype(np.uint8)


def image(pixels):
    return PIL.Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)


def digest(result):
    pixels = np.asarray(result)
    planes = pixels.reshape(*pixels.shape[:2], -1).transpose(2, 0, 1)
    return f'{pixels.shape[1]} {pixels.shape[0]} {hashlib.sha256(planes.tobytes()).hexdigest()}'


def write(name, lines):
    with open(name, 'w') as file:
        file.write('\n'.join(['# Pillow ' + PIL.__version__] + lines) + '\n')


# Transforms, each as formats.md of the project's specification words it.

def center_crop(source, w, h):
    side = min(source.size)
    left, top = (source.width - side) // 2, (source.height - side) // 2
    return source.convert('RGB').crop((left, top, left + side, top + side)).resize((w, h), LANCZOS)


def center_crop_wide(source, w, h):
    rows = round(w * source.height / source.width)
    if source.width < w or rows < h:
        return None
    top = (source.height - rows) // 2
    wide = source.convert('RGB').crop((0, top, source.width, top + rows))
    canvas = PIL.Image.new('RGB', (w, w))
    canvas.paste(wide.resize((w, h), LANCZOS), (0, (w - h) // 2))
    return canvas


def center_crop_dhariwal(source, w, h):
    assert w == h
    source = source.convert('RGB')
    while min(source.size) >= 2 * w:
        source = source.resize((source.width // 2, source.height // 2), BOX)
    scale = w / min(source.size)
    source = source.resize((round(source.width * scale), round(source.height * scale)), BICUBIC)
    left, top = (source.width - w) // 2, (source.height - w) // 2
    return source.crop((left, top, left + w, top + w))


TRANSFORMS = {'none': lambda source, w, h: source.resize((w, h), LANCZOS), 'center-crop': center_crop,
              'center-crop-wide': center_crop_wide, 'center-crop-dhariwal': center_crop_dhariwal}
RESOLUTIONS = {'none': [(16, 16), (32, 32)], 'center-crop': [(16, 16), (32, 32)],
               'center-crop-wide': [(32, 24), (32, 15), (16, 12), (16, 16)],
               'center-crop-dhariwal': [(8, 8), (16, 16), (32, 32)]}
# height, width, channels; the last but one is narrower than 32, the last one flat
SIZES = [(40, 50, 3), (41, 33, 3), (33, 64, 3), (31, 45, 1), (97, 70, 3), (32, 32, 3), (64, 64, 1), (29, 21, 3), (9, 61, 3)]

os.makedirs('images', exist_ok=True)
lines = []
for i, (height, width, channels) in enumerate(SIZES):
    source = image(picture(i, height, width, channels))
    name = f'images/{i}-{width}x{height}.png'
    source.save(name, optimize=True)
    for transform, sizes in RESOLUTIONS.items():
        for w, h in sizes:
            result = TRANSFORMS[transform](source, w, h)
            lines.append(f'{name} {transform} {w}x{h} ' + ('skipped' if result is None else digest(result)))
write('transforms.txt', lines)


# JPEGs of every kind that datasets hold.

def jpeg(source, **options):
    file = io.BytesIO()
    source.save(file, 'jpeg', **options)
    return file.getvalue()


def without_jfif(data):
    return data[:2] + data[4 + struct.unpack('>H', data[4:6])[0]:]


def adobe(transform):
    return b'\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00' + bytes([transform])


def components(data, ids):
    data, at = bytearray(data), 2
    while True:
        marker, length = data[at + 1], struct.unpack('>H', data[at + 2:at + 4])[0]
        for k in range(3):
            if marker == 0xc0:
                data[at + 10 + 3 * k] = ids[k]
            if marker == 0xda:
                data[at + 5 + 2 * k] = ids[k]
        if marker == 0xda:
            return bytes(data)
        at += 2 + length


rgb, grey = image(picture(20, 21, 35, 3)), image(picture(21, 21, 35, 1))
cmyk = PIL.Image.fromarray(picture(22, 21, 35, 4), 'CMYK')
exif = PIL.Image.Exif()
exif[0x0112] = 6  # turned by 90 degrees, which decoders leave to others
profile = PIL.ImageCms.ImageCmsProfile(PIL.ImageCms.createProfile('LAB')).tobytes()
plain = jpeg(rgb, subsampling=0)
inks = jpeg(cmyk)
place = inks.find(b'Adobe')
JPEGS = {'444': jpeg(rgb, subsampling=0, quality=90), '422': jpeg(rgb, subsampling=1),
         '420': jpeg(rgb, subsampling=2, quality=50), 'progressive': jpeg(rgb, progressive=True),
         'grey': jpeg(grey), 'exif': jpeg(rgb, exif=exif.tobytes()), 'icc': jpeg(rgb, icc_profile=profile),
         'no-jfif': without_jfif(plain), 'no-jfif-012': components(without_jfif(plain), b'\0\1\2'),
         'letters': components(without_jfif(plain), b'RGB'),
         'adobe-rgb': plain[:2] + adobe(0) + without_jfif(plain)[2:],
         'adobe-jfif': plain[:20] + adobe(0) + plain[20:],
         'cmyk': inks, 'cmyk-no-adobe': inks[:place - 4] + inks[place + 12:],
         'ycck': inks[:place + 11] + b'\2' + inks[place + 12:]}
os.makedirs('jpegs', exist_ok=True)
lines = []
for name, data in JPEGS.items():
    with open(f'jpegs/{name}.jpg', 'wb') as file:
        file.write(data)
    decoded = PIL.Image.open(io.BytesIO(data))
    lines.append(f'jpegs/{name}.jpg ' + digest(decoded.convert('RGB') if decoded.mode == 'CMYK' else decoded))
write('jpegs.txt', lines)


# WebPs: lossy of all qualities, with and without what surrounds the pixels, and lossless ones.

def encoded(source, kind, **options):
    file = io.BytesIO()
    source.save(file, kind, **options)
    return file.getvalue()


def chunk(name, data):
    return name + struct.pack('<I', len(data)) + data + b'\0' * (len(data) % 2)


def with_alpha(data, width, height, alpha):
    """A lossy file with an alpha chunk, uncompressed."""
    canvas = b'\x10\0\0\0' + struct.pack('<I', width - 1)[:3] + struct.pack('<I', height - 1)[:3]
    chunks = b'WEBP' + chunk(b'VP8X', canvas) + chunk(b'ALPH', b'\0' + alpha) + data[12:]
    return chunk(b'RIFF', chunks)


def photo(seed, height, width, channels=3, noise=25):
    """Waves with noise, of all levels."""
    random = np.random.RandomState(seed)
    y, x = np.mgrid[:height, :width]
    planes = [128 + 100 * np.sin(x / (5 + k + seed)) * np.cos(y / (4 + 2 * k)) for k in range(channels)]
    return (np.stack(planes, 2) + random.randint(-noise, noise + 1, (height, width, channels))).clip(0, 255).astype(np.uint8)


small = image(photo(30, 17, 27))
translucent = photo(31, 17, 27, 4)
translucent[:, :, 3] = 255
translucent[9, 5, 3] = 254
opaque = bytearray(encoded(small, 'webp', lossless=True))
assert opaque[12:16] == b'VP8L'
opaque[24] |= 0x10  # alpha is used
WEBPS = {'quality-1': encoded(small, 'webp', quality=1), 'quality-30': encoded(small, 'webp', quality=30, method=0),
         'quality-75': encoded(small, 'webp', quality=75), 'quality-100': encoded(small, 'webp', quality=100, method=6),
         'noise': encoded(image(photo(32, 31, 16, noise=127)), 'webp', quality=90),
         'large': encoded(image(photo(33, 203, 301, noise=3)), 'webp', quality=20),
         'column': encoded(image(photo(34, 33, 1)), 'webp', quality=60), 'pixel': encoded(image(photo(35, 1, 1)), 'webp'),
         'grey': encoded(image(photo(36, 16, 16, 1)), 'webp', quality=80),
         'icc': encoded(small, 'webp', quality=50, icc_profile=PIL.ImageCms.ImageCmsProfile(PIL.ImageCms.createProfile('LAB')).tobytes()),
         'exif': encoded(small, 'webp', quality=50, exif=exif.tobytes()),
         'lossless': encoded(small, 'webp', lossless=True),
         'lossless-palette': encoded(image(photo(37, 19, 23) // 128 * 200), 'webp', lossless=True),
         'opaque': with_alpha(encoded(small, 'webp', quality=70), 27, 17, b'\xff' * (27 * 17)),
         'opaque-lossless': bytes(opaque),
         'transparent': encoded(image(translucent), 'webp', quality=70),
         'transparent-lossless': encoded(image(translucent), 'webp', lossless=True)}
os.makedirs('webps', exist_ok=True)
lines = []
for name, data in WEBPS.items():
    with open(f'webps/{name}.webp', 'wb') as file:
        file.write(data)
    decoded = PIL.Image.open(io.BytesIO(data))
    assert decoded.mode == ('RGBA' if 'opaque' in name or 'transparent' in name else 'RGB'), name
    hidden = decoded.mode == 'RGBA' and decoded.getextrema()[3][0] < 255
    lines.append(f'webps/{name}.webp ' + ('transparent' if hidden else digest(decoded.convert('RGB'))))
write('webps.txt', lines)


# Databases: images in leaves and on pages of their own; and a tree of several levels.

def database(folder, entries, removed=()):
    shutil.rmtree(folder, ignore_errors=True)
    with lmdb.open(folder, map_size=1 << 22) as environment:
        for part in range(2):
            with environment.begin(write=True) as transaction:
                for key, value in entries[part::2]:
                    transaction.put(key, value)
        with environment.begin(write=True) as transaction:
            for key in removed:
                transaction.delete(key)
    os.remove(folder + '/lock.mdb')


large = PIL.Image.fromarray(np.random.RandomState(9).randint(0, 256, (70, 50, 3)).astype(np.uint8))
values = [encoded(rgb, 'jpeg'), encoded(large, 'webp', lossless=True), encoded(grey, 'png'),
          encoded(large, 'jpeg', quality=95), encoded(rgb, 'webp', lossless=True)]
assert max(map(len, values)) > 8192 and min(map(len, values)) < 2000
database('images_lmdb', [(b'%040x' % (i * 7919 % 65537), value) for i, value in enumerate(values)])
with lmdb.open('images_lmdb', readonly=True, lock=False) as environment:
    with environment.begin() as transaction:
        write('lmdb.txt', [digest(PIL.Image.open(io.BytesIO(value)).convert('RGB')) for _, value in transaction.cursor()])
deep = [(b'%0500d' % (i * 37 % 61), b'value %d' % (i * 37 % 61)) for i in range(61)]
database('deep_lmdb', deep, [b'%0500d' % i for i in range(0, 61, 10)])


# CIFAR-10's archive, pickled as Python 2 does it, the members in the order of the original.

def text(data):
    return (b'U' + bytes([len(data)]) if len(data) < 256 else b'T' + struct.pack('<i', len(data))) + data


def integer(value):
    return b'K' + bytes([value]) if value < 256 else b'M' + struct.pack('<H', value)


def batch(number, pixels, labels):
    dtype = b'cnumpy\ndtype\n' + text(b'u1') + b'K\0K\1\x87R(K\3' + text(b'|') + b'NNN' + b'J\xff\xff\xff\xff' * 2 + b'K\0tb'
    array = (b'cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85' + text(b'b') + b'\x87R(K\1'
             + integer(len(pixels)) + integer(3072) + b'\x86' + dtype + b'\x89' + text(pixels.tobytes()) + b'tb')
    return (b'\x80\2}(' + text(b'data') + array + text(b'labels') + b'](' + b''.join(map(integer, labels)) + b'e'
            + text(b'batch_label') + text(b'training batch %d of 5' % number) + text(b'filenames') + b'](' + text(b'a.png') + b'eu.')


def member(tar, name, data):
    info = tarfile.TarInfo('cifar-10-batches-py/' + name)
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))


def cifar_pixels(number, count):
    i, k = np.mgrid[:count, :3072]
    return ((number * 50 + i * 11 + k * (number + 3)) % 256).astype(np.uint8)


counts = [0, 2, 1, 3, 2, 2]
with tarfile.open('cifar-10-python.tar.gz', 'w:gz') as tar:
    for number in [4, 3, 2, 5, 1]:
        labels = [(number * 3 + i) % 10 for i in range(counts[number])]
        member(tar, f'data_batch_{number}', batch(number, cifar_pixels(number, counts[number]), labels))
        member(tar, f'readme-{number}.html', b'text')

# The same as Python 3 writes it: bytes as keys, NumPy's integers as labels.
with tarfile.open('cifar-10-python3.tar.gz', 'w:gz') as tar:
    for number, protocol in enumerate([2, 3, 4, 5, 2], start=1):
        labels = [np.int64((number * 3 + i) % 10) for i in range(counts[number])]
        content = {b'data': cifar_pixels(number, counts[number]),
                   b'labels': np.array(labels) if number == 3 else labels}
        member(tar, f'data_batch_{number}', pickle.dumps(content, protocol=protocol))
