"""A picture file's pixels, whatever a camera, scanner or browser wrote: upright sRGB in 8 bits."""

import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageOps, PngImagePlugin

from ..errors import InputError
from ..machine.disk import File
from .color_spaces import LAB_BYTES, from_profile, from_space, named_space
from .file_kinds import FORMATS, PICTURES, check_tiff, describe_failure

LARGEST_PIXELS = 100_000_000
TAG = ExifTags.Base
FEW_BITS = (255, 1023, 4095)
"""White in 8, 10 and 12 bits, which scanners and microscopes store in 16, where it is nearly black."""
FAINT = 26
"""A picture whose levels, 0..255, differ by less than this is barely visible on its background."""

# Other programs store whole workflows beside the pixels; by default Pillow refuses more than 1 MB of them.
PngImagePlugin.MAX_TEXT_CHUNK = max(PngImagePlugin.MAX_TEXT_CHUNK, 1 << 27)
PngImagePlugin.MAX_TEXT_MEMORY = max(PngImagePlugin.MAX_TEXT_MEMORY, 1 << 28)


def check_is_file(path: File) -> Path:
    """Return `path` if there is a file, else raise InputError."""
    if re.match(r"[a-z]{2,}:/", os.fspath(path)):  # a Path has lost the second slash
        raise InputError(f"{path} is an address; download the picture and name its file.")
    path = Path(path)
    if not (os.path.isfile(path) and os.access(path, os.R_OK)):  # Path.is_file() raises on names that are too long
        what = "is not a file that can be read" if os.path.lexists(path) else "does not exist"
        raise InputError(f"{path} {what}; name a picture ({PICTURES}).")
    return path


@contextmanager
def opened(path: File) -> Iterator[Image.Image]:
    """Yield a picture file as Pillow opens it, its pixels not yet decoded.

    Raises:
        InputError: there is no such file, or it cannot be read, then or later within the context.
    """
    path = check_is_file(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's remarks on odd metadata
            with Image.open(path, formats=FORMATS) as image:
                if image.width * image.height > LARGEST_PIXELS:
                    raise Image.DecompressionBombError
                if image.format == "TIFF":
                    check_tiff(path, image.tag_v2)
                yield image
    except Image.DecompressionBombError as error:
        limit = LARGEST_PIXELS // 10**6
        raise InputError(f"{path} has more than {limit} million pixels; make it smaller first.") from error
    except InputError:
        raise
    except Exception as error:  # on damaged files Pillow's decoders raise a dozen different kinds
        raise InputError(describe_failure(path, error)) from error


def read_picture(path: File, notes: list[str]) -> Image.Image:
    """Return a picture file (its first frame) as upright 8-bit sRGB; each correction adds a phrase to `notes`.

    Raises:
        InputError: it cannot be read.
    """
    with opened(path) as image:
        picture, opacity = upright_srgb(path, image, notes)
        return picture if opacity is None else _on_background(picture, opacity, notes)


def upright_srgb(path: File, image: Image.Image, notes: list[str]) -> tuple[Image.Image, Image.Image | None]:
    """Return an opened picture's colours, and its opacity in 8-bit grey; None if all is opaque."""
    raw = _raw_mode(image)  # known only until the pixels are decoded
    image.load()
    if getattr(image, "is_animated", False) and image.format != "MPO":  # a phone's JPEG with a preview
        notes.append("first of several frames taken")
    _turn_upright(image, notes)
    profile = image.info.get("icc_profile", b"")
    space = None if profile else named_space(image, notes)
    if image.format == "PNG":
        _scale_transparent_color(image, raw)
    if image.format == "BMP" and image.mode == "RGBA" and image.getextrema()[3][1] == 0:
        image = image.convert("RGB")  # most programs do not use a pixel's fourth byte
    image = _eight_bit(image, notes)
    image, alpha = _without_alpha(image, gray=profile[16:20] == b"GRAY")
    if "16" in raw and image.mode != "CMYK" and np.max(image) <= 64:  # as 14 bits would be
        notes.append("dark, perhaps because its values use fewer than 16 bits")
    if image.mode == "LAB":
        profile = LAB_BYTES  # Pillow converts it only by a profile
    elif image.mode not in ("L", "CMYK") or (image.mode == "L" and (space or profile[16:20] == b"RGB ")):
        image = image.convert("RGB")
    if profile:
        image = from_profile(image, profile, notes)
    elif space and image.mode == "RGB":
        image = from_space(image, space, notes)
    if image.mode != "RGB":
        notes.append("grey converted to RGB" if image.mode == "L" else f"{image.mode} converted to RGB")
        image = image.convert("RGB")
    if alpha is not None and not alpha.getextrema()[1]:
        raise InputError(f"{path} is fully transparent; save it without transparency first.")
    return image, alpha


def _raw_mode(image: Image.Image) -> str:
    """Return Pillow's name for the packing of values in the file, such as RGB;16B, or "" if unknown."""
    arguments = image.tile[0][3] if image.tile else ""
    return str(arguments[0] if isinstance(arguments, tuple) and arguments else arguments)


def _turn_upright(image: Image.Image, notes: list[str]) -> None:
    with suppress(Exception):  # damaged EXIF data are no reason to refuse the picture
        if image.getexif().get(TAG.Orientation, 1) in range(2, 9):
            image.info.pop("exif", None)  # else Pillow encodes them again, which fails on damaged ones
            ImageOps.exif_transpose(image, in_place=True)
            notes.append("turned upright")


def _scale_transparent_color(image: Image.Image, raw: str) -> None:
    """Scale a PNG's transparent colour to 8 bits, as Pillow scales its pixels."""
    color = image.info.get("transparency")
    if isinstance(color, int):
        image.info["transparency"] = color * {"1": 255, "L;2": 85, "L;4": 17}.get(raw, 1)
    elif isinstance(color, tuple) and "16" in raw:
        image.info["transparency"] = tuple(each >> 8 for each in color)


def _eight_bit(image: Image.Image, notes: list[str]) -> Image.Image:
    """Scale 16- and 32-bit grey to 8 bits; Pillow's own conversion clips it."""
    if image.mode not in ("I", "F", "I;16", "I;16B", "I;16L", "I;16N"):
        return image
    values, tags = np.nan_to_num(np.asarray(image, np.float64), posinf=0, neginf=0), getattr(image, "tag_v2", {})
    largest = values.max()
    if values.min() < 0:
        notes.append("values below 0 set to 0")
    if image.mode == "F":
        whites = (1, 255, 65535)
    else:
        whites = (*FEW_BITS, 32767 if tags.get(TAG.SampleFormat, (1,))[0] == 2 else 65535)
    white = next((white for white in whites if white >= largest), largest)
    few = image.mode != "F" and white in FEW_BITS and largest > 0
    notes.append(f"values up to {white} stretched to white" if few else "scaled to 8 bits")
    values = np.clip(values / white, 0, 1)
    if tags.get(TAG.PhotometricInterpretation) == 0:  # white is zero, which Pillow inverts only up to 8 bits
        values = 1 - values
    gray = Image.fromarray(np.uint8(np.round(values * 255)))
    if (color := image.info.get("transparency")) is not None:
        gray.putalpha(Image.fromarray(np.uint8(np.asarray(image) != color) * 255))
    return gray


def _without_alpha(image: Image.Image, *, gray: bool) -> tuple[Image.Image, Image.Image | None]:
    """Return a picture's colours, grey if its profile is for grey, and its opacity, None if all is opaque."""
    if not image.has_transparency_data:
        return image, None
    if image.mode == "La":  # premultiplied, which Pillow converts only to LA
        image = image.convert("LA")
    image = image.convert("RGBA")
    alpha = image.getchannel("A")
    return image.convert("L" if gray else "RGB"), alpha if alpha.getextrema()[0] < 255 else None


def _on_background(image: Image.Image, alpha: Image.Image, notes: list[str]) -> Image.Image:
    """Lay a transparent picture on white, or on black if it would be invisible on white."""
    on_white, on_black = (
        Image.composite(image, Image.new("RGB", image.size, color), alpha) for color in ("white", "black")
    )
    if _contrast(on_white) < FAINT <= _contrast(on_black):
        notes.append("transparency laid on black, since nothing would show on white")
        return on_black
    notes.append("transparency laid on white")
    return on_white


def _contrast(image: Image.Image) -> int:
    return np.ptp(np.asarray(image), axis=(0, 1)).max()
