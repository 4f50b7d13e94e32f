"""Colour spaces: which one a picture file names, by a profile or otherwise, and from there to sRGB."""

import io
import struct
from collections.abc import Sequence

import numpy as np
from PIL import ExifTags, Image, ImageCms

SRGB = ImageCms.createProfile("sRGB")
_bytes = ImageCms.ImageCmsProfile(SRGB).tobytes()
SRGB_BYTES = _bytes[:24] + struct.pack(">6H", 2000, 1, 1, 0, 0, 0) + _bytes[36:]
"""The profile to write; not dated by the minute of its making, so that equal pictures make equal files."""
LAB_BYTES = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()

D50 = (0.9642, 1.0, 0.8249)
D65 = (0.3127, 0.3290)
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
SRGB_PRIMARIES = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
ADOBE_PRIMARIES = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
ADOBE_GAMMA = 563 / 256
UNCALIBRATED, ADOBE = 0xFFFF, 2
"""Values of EXIF's ColorSpace: another one than sRGB, and what some cameras write for Adobe RGB."""


def profile_of(image: Image.Image, notes: list[str]) -> bytes | None:
    """Return the ICC profile that a picture carries or names, None if it is to be taken for sRGB.

    A profile comes first; then EXIF's Adobe RGB, as cameras name it; then a PNG's gamma and primaries.
    """
    if profile := image.info.get("icc_profile"):
        return profile
    space, interoperability = _exif_color_space(image)
    if space == ADOBE or (space == UNCALIBRATED and interoperability == "R03"):
        return matrix_profile("Adobe RGB", ADOBE_PRIMARIES, D65, ADOBE_GAMMA)
    if space == UNCALIBRATED:
        notes.append("colours taken for sRGB, since its EXIF data say only that they are not")
    if image.format == "PNG" and "srgb" not in image.info:
        return _profile_of_png(image.info)
    return None


def to_srgb(image: Image.Image, profile: bytes, notes: list[str]) -> Image.Image:
    """Convert a picture in RGB, L, CMYK or LAB by its ICC profile; one that cannot be used is noted and left aside."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        name = ImageCms.getProfileDescription(source).strip()
        converted = ImageCms.profileToProfile(image, source, SRGB, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        notes.append("unusable colour profile ignored")
        return image
    if "srgb" not in name.lower():
        notes.append(f"colours converted from {name or 'its own profile'} to sRGB")
    return converted


def matrix_profile(
    name: str, primaries: Sequence[tuple[float, float]], white: tuple[float, float], gamma: float
) -> bytes:
    """Return the ICC profile of an RGB space.

    Args:
        name: what to call it, in ASCII.
        primaries, white: chromaticities x, y of red, green, blue and of white.
        gamma: the exponent from values to light.

    Source: ICC.1:2001-04, sections 6.1, 6.4 and 6.5; white is adapted to D50 after Bradford, as annex E has it.
    """
    columns = np.array([_xyz(xy) for xy in primaries]).T
    columns = columns * np.linalg.solve(columns, _xyz(white))  # so that 1, 1, 1 is white
    scale = np.diag(BRADFORD @ D50 / (BRADFORD @ _xyz(white)))
    red, green, blue = (np.linalg.inv(BRADFORD) @ scale @ BRADFORD @ columns).T
    curve = b"curv" + struct.pack(">IIH", 0, 1, round(gamma * 256))
    text = name.encode("ascii") + b"\0"
    described = b"desc" + struct.pack(">II", 0, len(text)) + text + bytes(78)
    tags = {b"desc": described, b"wtpt": _numbers(D50), b"rXYZ": _numbers(red), b"gXYZ": _numbers(green)}
    tags |= {b"bXYZ": _numbers(blue), b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}
    table, data, offset = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for tag, content in tags.items():
        table += tag + struct.pack(">II", offset + len(data), len(content))
        data += content + bytes(-len(content) % 4)
    head = struct.pack(">I4sI", offset + len(data), b"", 0x02400000) + b"mntrRGB XYZ "
    head += struct.pack(">6H", 2000, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + _numbers(D50)[8:]
    return head.ljust(128, b"\0") + table + data


def _exif_color_space(image: Image.Image) -> tuple[int | None, str]:
    try:
        exif = image.getexif()
        details = exif.get_ifd(ExifTags.IFD.Exif)
        interoperability = exif.get_ifd(ExifTags.IFD.Interop) if ExifTags.IFD.Interop in details else {}
        index = interoperability.get(ExifTags.Interop.InteropIndex, "")
        return details.get(ExifTags.Base.ColorSpace), str(index).strip("\0 ")
    except Exception:  # damaged EXIF data are no reason to refuse the picture
        return None, ""


def _profile_of_png(info: dict) -> bytes | None:
    """Return the profile of a PNG's gamma and primaries, None if they are sRGB's or make no sense."""
    gamma, numbers = info.get("gamma", 1 / 2.2), info.get("chromaticity")
    white, *primaries = zip(numbers[::2], numbers[1::2], strict=True) if numbers else (D65, *SRGB_PRIMARIES)
    near = np.abs(np.subtract((white, *primaries), (D65, *SRGB_PRIMARIES))).max() < 0.005
    if not 0.05 < gamma < 5 or (near and abs(gamma * 2.2 - 1) < 0.05):
        return None
    try:
        return matrix_profile(f"gamma {gamma:.2g}" if near else "its own primaries", primaries, white, 1 / gamma)
    except (np.linalg.LinAlgError, ValueError, OverflowError, ZeroDivisionError, struct.error):
        return None


def _xyz(xy: tuple[float, float]) -> np.ndarray:
    x, y = xy
    return np.array([x / y, 1.0, (1 - x - y) / y])


def _numbers(xyz: Sequence[float]) -> bytes:
    return b"XYZ " + struct.pack(">I3i", 0, *(round(float(each) * 65536) for each in xyz))
