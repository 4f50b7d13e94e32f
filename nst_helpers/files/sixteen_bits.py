"""PNG and TIFF files with 16 bits per colour, which Pillow neither writes nor reads in full."""

import io
import struct
import zlib

import numpy as np
from PIL import ExifTags, Image

TAG = ExifTags.Base
UNASSOCIATED_ALPHA = 2
EXTRA_SAMPLES = 338
IHDR_BITS = 24
"""Position of the number of bits in a PNG file."""


def encode_png(pixels: np.ndarray, profile: bytes, exif: Image.Exif | None) -> bytes:
    """Return a PNG file of 16 bits.

    Args:
        pixels: uint16 `[H, W, 3]`, or `[H, W, 4]` with opacity.
        profile: the ICC profile.
        exif: EXIF data, if there are any.

    Source: Portable Network Graphics, third edition, W3C 2025.
    """
    height, width, channels = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 16, {3: 2, 4: 6}[channels], 0, 0, 0)
    rows = _big_endian(pixels).reshape(height, -1).view(np.uint8)
    left = np.pad(rows, ((0, 0), (2 * channels, 0)))[:, : rows.shape[1]]
    filtered = np.pad(rows - left, ((0, 0), (1, 0)), constant_values=1)  # each row starts with its filter's number
    chunks = {b"IHDR": header, b"iCCP": b"sRGB\0\0" + zlib.compress(profile)}
    if exif:
        chunks[b"eXIf"] = exif.tobytes().removeprefix(b"Exif\0\0")
    chunks |= {b"IDAT": zlib.compress(filtered.tobytes()), b"IEND": b""}
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks.items()
    )


def encode_tiff(pixels: np.ndarray, profile: bytes, exif: Image.Exif | None) -> bytes:
    """Return a TIFF file, uncompressed.

    EXIF data are a TIFF file without pixels, so this one is made of them and the picture's tags.

    Args:
        pixels: uint8 or uint16 `[H, W, 3]`, or `[H, W, 4]` with opacity.
        profile, exif: as for `encode_png`.

    Source: TIFF, revision 6.0, Adobe 1992.
    """
    height, width, channels = pixels.shape
    tags = Image.Exif() if exif is None else exif
    tags[TAG.ImageWidth], tags[TAG.ImageLength] = width, height
    tags[TAG.BitsPerSample] = (8 * pixels.dtype.itemsize,) * channels
    tags[TAG.Compression], tags[TAG.PhotometricInterpretation], tags[TAG.PlanarConfiguration] = 1, 2, 1
    tags[TAG.SamplesPerPixel], tags[TAG.RowsPerStrip] = channels, height
    tags[TAG.StripOffsets], tags[TAG.StripByteCounts] = 0, pixels.nbytes  # Pillow adds the length of all tags
    tags[TAG.InterColorProfile] = profile
    if channels == 4:
        tags[EXTRA_SAMPLES] = UNASSOCIATED_ALPHA
    head = tags.tobytes().removeprefix(b"Exif\0\0")
    comment = struct.pack(">H", TAG.UserComment)  # must have type 7; libtiff warns of Pillow's type 1
    return head.replace(comment + b"\0\1", comment + b"\0\7", 1) + _big_endian(pixels).tobytes()


def decode(file: bytes) -> np.ndarray | None:
    """Return the colours of a PNG of 16 bits, or of such a TIFF from `encode_tiff`; None for any other file.

    Args:
        file: the bytes of a picture file.

    Returns:
        uint16 `[H, W, 3]`.
    """
    with Image.open(io.BytesIO(file)) as image:
        if image.format == "PNG" and file[IHDR_BITS] == 16:
            from ..machine.hardware import tf  # TensorFlow without its banner

            return tf.io.decode_png(file, channels=3, dtype=tf.uint16).numpy()
        tags = getattr(image, "tag_v2", {})
        bits, strips = tags.get(TAG.BitsPerSample, ()), tags.get(TAG.StripOffsets, ())
        if set(bits) != {16} or len(strips) != 1 or tags.get(TAG.Compression) != 1 or not file.startswith(b"MM"):
            return None
        shape = image.height, image.width, len(bits)
        pixels = np.frombuffer(file, ">u2", np.prod(shape), strips[0])
        return pixels.reshape(shape)[..., :3].astype(np.uint16)


def _big_endian(pixels: np.ndarray) -> np.ndarray:
    """Return pixels in the byte order of PNG files, and of the TIFF that Pillow makes of EXIF data."""
    return np.ascontiguousarray(pixels, pixels.dtype.newbyteorder(">"))
