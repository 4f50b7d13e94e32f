"""Picture files written byte by byte, so that a test knows what is in them without asking Pillow."""

import struct
import zlib

import numpy as np
from PIL import ImageCms


def tiff(samples, photometric, *, order="<", kind=1, bits=None, extra=(), planar=1, compression=1, **tags):
    """Return an uncompressed TIFF of an array [H, W] or [H, W, C]; `bits` if it is packed already, as [H, bytes]."""
    samples = np.asarray(samples)
    height, width = tags.pop("height", samples.shape[0]), tags.pop("width", samples.shape[1])
    count = samples.shape[2] if samples.ndim == 3 else 1
    bits = [bits or 8 * samples.itemsize] * count
    data = samples.astype(samples.dtype.newbyteorder(order)).tobytes()
    if planar == 2:
        data = np.moveaxis(samples, -1, 0).astype(samples.dtype.newbyteorder(order)).tobytes()
    entries = {256: (4, [width]), 257: (4, [height]), 258: (3, bits), 259: (3, [compression]), 262: (3, [photometric])}
    offsets = [8 + i * len(data) // count for i in range(count if planar == 2 else 1)]
    entries |= {273: (4, offsets), 277: (3, [count]), 278: (4, [height]), 339: (3, [kind] * count), 284: (3, [planar])}
    entries |= {279: (4, [len(data) // len(offsets)] * len(offsets))}
    entries |= {338: (3, list(extra))} if extra else {}
    entries |= {int(tag[1:]): value for tag, value in tags.items()}  # such as t254=(4, [1])
    data += bytes(len(data) % 2)
    beyond, table = b"", struct.pack(f"{order}H", len(entries))
    after = 8 + len(data) + 2 + 12 * len(entries) + 4
    for tag, (code, values) in sorted(entries.items()):
        packed = struct.pack(f"{order}{len(values)}{'HI'[code - 3]}", *values)
        if len(packed) > 4:
            packed, beyond = struct.pack(f"{order}I", after + len(beyond)), beyond + packed
        table += struct.pack(f"{order}HHI", tag, code, len(values)) + packed.ljust(4, b"\0")
    start = {"<": b"II", ">": b"MM"}[order] + struct.pack(f"{order}HI", 42, 8 + len(data))
    return start + data + table + bytes(4) + beyond


def chunk(name, content):
    """Return a chunk of a PNG."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(rows, width, depth, color, *chunks):
    """Return a PNG of packed rows, with chunks before its pixels."""
    header = struct.pack(">IIBBBBB", width, len(rows), depth, color, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    parts = [chunk(b"IHDR", header), *chunks, chunk(b"IDAT", pixels), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def rows_of(values):
    """Return the rows of an array of 8 or 16 bits as a PNG has them."""
    return [row.astype(row.dtype.newbyteorder(">")).tobytes() for row in np.asarray(values)]


def packed(values, bits):
    """Return the rows of an array [H, W] with 1, 2 or 4 bits for each value; W fills whole bytes."""
    shifts = 8 - bits * (1 + np.arange(8 // bits))
    groups = np.asarray(values).reshape(len(values), -1, 8 // bits)
    return [bytes((row << shifts).sum(-1).astype(np.uint8)) for row in groups]


def swapped_profile():
    """The profile of sRGB with its red and green primaries exchanged, under a name of its own."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profile = profile.replace(b"rXYZ", b"temp").replace(b"gXYZ", b"rXYZ").replace(b"temp", b"gXYZ")
    return profile.replace("sRGB".encode("utf-16-be"), "swap".encode("utf-16-be"))
