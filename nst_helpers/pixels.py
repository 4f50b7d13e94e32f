"""A picture file's pixels, whatever a camera, scanner or browser wrote: upright RGB in 8 bits, and what was done."""

import warnings
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, PngImagePlugin

from .errors import InputError
from .file_kinds import FORMATS, check_tiff, why_not
from .profiles import LAB_BYTES, profile_of, to_srgb

LARGEST_PIXELS = 100_000_000
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation to what turns the picture upright."""
TAG = ExifTags.Base
WHITES = (255, 1023, 4095)
"""The largest values of 8, 10 and 12 bits, which scanners and microscopes put into 16, where they are nearly black."""
DARK = "dark, perhaps since its values fill less than their 16 bits"
FAINT = 26
"""A picture whose levels, 0..255, differ by less than this is no more than a shade on its ground."""

# Other programs keep whole workflows beside the pixels; Pillow would refuse more than 1 MB of it.
PngImagePlugin.MAX_TEXT_CHUNK = max(PngImagePlugin.MAX_TEXT_CHUNK, 1 << 27)
PngImagePlugin.MAX_TEXT_MEMORY = max(PngImagePlugin.MAX_TEXT_MEMORY, 1 << 28)


def read_picture(path: Path, notes: list[str]) -> Image.Image:
    """Return a picture file (its first frame) as upright 8-bit sRGB; `notes` gets a phrase for each thing put right.

    Raises:
        InputError: it cannot be read.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's remarks on odd metadata; what we change we tell ourselves
            with Image.open(path, formats=FORMATS) as image:
                if image.width * image.height > LARGEST_PIXELS:
                    raise Image.DecompressionBombError
                if image.format == "TIFF":
                    check_tiff(path, image.tag_v2)
                return _upright_rgb(image, notes)
    except Image.DecompressionBombError as error:
        limit = LARGEST_PIXELS // 10**6
        raise InputError(f"{path} has more than {limit} million pixels; make it smaller first.") from error
    except _NothingLeft as error:
        raise InputError(f"{path} is wholly transparent; save it without transparency first.") from error
    except InputError:
        raise
    except Exception as error:  # on damaged files Pillow's decoders raise a dozen different kinds
        raise InputError(why_not(path, error)) from error


class _NothingLeft(Exception):
    """No pixel of the picture can be seen."""


def _upright_rgb(image: Image.Image, notes: list[str]) -> Image.Image:
    raw = _raw_mode(image)  # known only before the pixels are unpacked
    image.load()
    if getattr(image, "is_animated", False) and image.format != "MPO":  # a telephone's JPEG with a preview
        notes.append("first of several frames taken")
    turn, colors = TURNS.get(_orientation(image)), []
    profile = profile_of(image, colors)
    if image.format == "BMP" and image.mode == "RGBA" and image.getextrema()[3][1] == 0:
        image = image.convert("RGB")  # most programs leave the fourth byte of a pixel unused
    image = _eight_bit(_with_scaled_transparency(image, raw), notes)
    if turn is not None:
        image = image.transpose(turn)
        notes.append("turned upright")
    image, alpha = _apart(image, gray=bool(profile) and profile[16:20] == b"GRAY")
    if "16" in raw and image.mode != "CMYK" and max(high for _, high in _extrema(image)) <= 64:  # as 14 bits would be
        notes.append(DARK)
    if image.mode == "LAB":  # Pillow converts it by profile only
        profile = LAB_BYTES
    elif image.mode not in ("L", "CMYK") or (profile and profile[16:20] == b"RGB " and image.mode == "L"):
        image = image.convert("RGB")
    notes += colors
    if profile:
        image = to_srgb(image, profile, notes)
    if image.mode != "RGB":
        notes.append("gray made RGB" if image.mode == "L" else f"{image.mode} made RGB")
        image = image.convert("RGB")
    return image if alpha is None else _on_a_ground(image, alpha, notes)


def _raw_mode(image: Image.Image) -> str:
    """Return Pillow's name for how the values are packed in the file, such as RGB;16B, as far as it is known."""
    arguments = image.tile[0][3] if image.tile else ""
    return str(arguments[0] if isinstance(arguments, tuple) and arguments else arguments)


def _orientation(image: Image.Image) -> int | None:
    try:
        orientation = image.getexif().get(TAG.Orientation)
    except Exception:  # damaged EXIF data are no reason to refuse the picture
        return None
    return orientation if isinstance(orientation, int) else None


def _with_scaled_transparency(image: Image.Image, raw: str) -> Image.Image:
    """Scale the colour that a PNG calls transparent as its pixels have been scaled to 8 bits."""
    color = image.info.get("transparency")
    if image.format == "PNG" and isinstance(color, int) and raw in ("1", "L;2", "L;4"):
        image.info["transparency"] = color * {"1": 255, "L;2": 85, "L;4": 17}[raw]
    if image.format == "PNG" and isinstance(color, tuple) and "16" in raw:
        image.info["transparency"] = tuple(each >> 8 for each in color)
    return image


def _eight_bit(image: Image.Image, notes: list[str]) -> Image.Image:
    """Bring 16- and 32-bit gray to 8 bits, which Pillow's own conversion would clip instead of scale."""
    if image.mode not in ("I", "F", "I;16", "I;16B", "I;16L", "I;16N"):
        return image
    values, tags = np.nan_to_num(np.asarray(image, np.float64), posinf=0, neginf=0), getattr(image, "tag_v2", {})
    bits, signed = tags.get(TAG.BitsPerSample, (16,))[0], tags.get(TAG.SampleFormat, (1,))[0] == 2
    if image.mode == "I" and bits == 32 and not signed:
        values %= 2**32  # Pillow knows only signed ones
    if values.min() < 0:
        notes.append("values below 0 made 0")
    white = _white(image.mode, values.max(), bits, signed)
    few = image.mode != "F" and white in WHITES
    notes.append(f"values up to {white} taken for 0 to white" if few else "scaled to 8 bits")
    values = np.clip(values / white, 0, 1)
    if tags.get(TAG.PhotometricInterpretation) == 0:  # white is zero, which Pillow minds up to 8 bits only
        values = 1 - values
    gray = Image.fromarray(np.uint8(np.round(values * 255)))
    if (color := image.info.get("transparency")) is not None:
        gray.putalpha(Image.fromarray(np.uint8(np.asarray(image) != color) * 255))
    return gray


def _white(mode: str, largest: float, bits: int, signed: bool) -> float:
    """Return the value that stands for white: what the file's values can be, unless they plainly fill fewer bits."""
    if mode == "F":
        return next((white for white in (1, 255, 65535) if white >= largest), largest)
    if bits == 12 or largest <= 0:
        return 2**bits - 1
    return next((white for white in (*WHITES, 32767 if signed else 65535) if white >= largest), largest)


def _apart(image: Image.Image, *, gray: bool) -> tuple[Image.Image, Image.Image | None]:
    """Return a picture's colours, in gray if its profile wants that, and its opacity, None if all is opaque."""
    if not image.has_transparency_data:
        return image, None
    if image.mode == "La":  # premultiplied, which Pillow converts no further
        image = image.convert("LA")
    image = image.convert("RGBA")
    alpha = image.getchannel("A")
    return image.convert("L" if gray else "RGB"), alpha if alpha.getextrema()[0] < 255 else None


def _on_a_ground(image: Image.Image, alpha: Image.Image, notes: list[str]) -> Image.Image:
    """Lay a transparent picture on white, or on black where white would leave nothing of it."""
    if not alpha.getextrema()[1]:
        raise _NothingLeft
    on_white, on_black = (
        Image.composite(image, Image.new("RGB", image.size, ground), alpha) for ground in ("white", "black")
    )
    if _contrast(on_white) < FAINT <= _contrast(on_black):
        notes.append("transparency laid on black, since on white nothing would be left")
        return on_black
    notes.append("transparency laid on white")
    return on_white


def _extrema(image: Image.Image) -> list[tuple[int, int]]:
    return image.getextrema() if len(image.getbands()) > 1 else [image.getextrema()]


def _contrast(image: Image.Image) -> int:
    return max(high - low for low, high in _extrema(image))
