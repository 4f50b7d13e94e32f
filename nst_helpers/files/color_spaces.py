"""Colour spaces: which one a picture file names, by a profile or otherwise, and the conversion to sRGB."""

import io
import struct
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

import numpy as np
from PIL import ExifTags, Image, ImageCms

SRGB = ImageCms.createProfile("sRGB")
_bytes = ImageCms.ImageCmsProfile(SRGB).tobytes()
SRGB_BYTES = _bytes[:24] + struct.pack(">6H", 2000, 1, 1, 0, 0, 0) + _bytes[36:]
"""The profile to write, with a fixed date, so that equal pictures make equal files."""
LAB_BYTES = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()

SRGB_CHROMATICITIES = (0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
"""x and y of white, red, green and blue, in the order of a PNG's cHRM chunk."""
ADOBE_GAMMA = 563 / 256
ADOBE_TO_SRGB = ((1.39836, -0.39836, 0), (0, 1, 0), (0, -0.04293, 1.04293))
"""Linear Adobe RGB to linear sRGB, from both spaces' primaries; their white point is the same."""
UNCALIBRATED, ADOBE = 0xFFFF, 2
"""Values of EXIF's ColorSpace: for anything but sRGB, and as some cameras write for Adobe RGB."""


class RGBSpace(NamedTuple):
    """An RGB space without a profile: its name, its gamma, and the matrix from its linear values to linear sRGB."""

    name: str
    gamma: float
    to_srgb: Sequence[Sequence[float]]


def named_space(image: Image.Image, notes: list[str]) -> RGBSpace | None:
    """Return the colour space that EXIF data or a PNG's gamma name; None if it is sRGB or unknown.

    Args:
        image: a picture as Pillow opens it.
        notes: a phrase is added if the space is unknown.
    """
    color_space, interoperability = _exif_color_space(image)
    if color_space == ADOBE or (color_space == UNCALIBRATED and interoperability == "R03"):
        return RGBSpace("Adobe RGB", ADOBE_GAMMA, ADOBE_TO_SRGB)
    if color_space == UNCALIBRATED:
        notes.append("colours read as sRGB, since its EXIF data say only that they are not")
    if image.format != "PNG" or "srgb" in image.info:
        return None
    if not np.allclose(image.info.get("chromaticity", SRGB_CHROMATICITIES), SRGB_CHROMATICITIES, rtol=0, atol=0.005):
        notes.append("colours read as sRGB, though the file names other primaries")
    gamma = image.info.get("gamma", 1 / 2.2)
    usual = abs(gamma * 2.2 - 1) < 0.05 or not 0.05 < gamma < 5
    return None if usual else RGBSpace(f"gamma {gamma:.2g}", 1 / gamma, np.eye(3))


def from_space(image: Image.Image, space: RGBSpace, notes: list[str]) -> Image.Image:
    """Convert a picture in RGB from a colour space to sRGB.

    Source: IEC 61966-2-1, for sRGB's curve.
    """
    light_of = np.float32((np.arange(256) / 255) ** space.gamma)
    to_srgb = np.float32(space.to_srgb).T
    pixels = np.array(image)
    for row in pixels:  # all at once would take ten times the memory
        light = np.clip(light_of[row] @ to_srgb, 0, 1)
        row[:] = np.round(255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055))
    notes.append(f"colours converted from {space.name} to sRGB")
    return Image.fromarray(pixels)


def from_profile(image: Image.Image, profile: bytes, notes: list[str]) -> Image.Image:
    """Convert a picture in RGB, L, CMYK or LAB by its ICC profile to sRGB; an unusable profile is ignored."""
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


def _exif_color_space(image: Image.Image) -> tuple[int | None, str]:
    color_space, index = None, ""
    with suppress(Exception):  # damaged EXIF data are no reason to refuse the picture
        exif = image.getexif()
        color_space = exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.ColorSpace)
        index = exif.get_ifd(ExifTags.IFD.Interop).get(ExifTags.Interop.InteropIndex, "")
    return color_space, str(index).strip("\0 ")
