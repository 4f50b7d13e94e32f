"""Picture files to arrays and back: whatever a camera or a browser wrote becomes RGB 0..1."""

import io
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from PIL import Image

from ..errors import InputError
from ..machine.disk import File, check_folder, write_atomically
from ..settings import whole_number
from .color_spaces import SRGB_BYTES
from .pixels import opened, read_picture
from .sixteen_bits import encode_png, encode_tiff

SAVE_OPTIONS = {
    ".jpg": {"format": "JPEG", "quality": 95, "subsampling": "4:4:4"},
    ".jpeg": {"format": "JPEG", "quality": 95, "subsampling": "4:4:4"},
    ".png": {"format": "PNG"},
    ".webp": {"format": "WEBP", "quality": 95},
    ".tif": {"format": "TIFF"},
    ".tiff": {"format": "TIFF"},
}
BITS = dict.fromkeys(SAVE_OPTIONS, (8,)) | {".png": (8, 16)} | dict.fromkeys((".tif", ".tiff"), (16, 8))
"""The possible numbers of bits per colour in each kind of file, the default first."""
OPAQUE = (".jpg", ".jpeg")
"""The kinds of file without transparency."""
LONGEST_EXIF = dict.fromkeys(SAVE_OPTIONS, 500_000) | dict.fromkeys(OPAQUE, 65_533)
"""Bytes: all that a JPEG can hold, and all that is read of the others. A recipe takes about 2000."""
LARGEST_SIZE = 10_000


class Origin(Protocol):
    """What a finished picture was made from, such as a `Recipe`."""

    def to_exif(self, pixels: np.ndarray) -> Image.Exif:
        """Return the EXIF data for the file of a picture with these pixels."""


Report = Callable[[str], None] | None


def load_image(path: File, size: int | None = None, *, enlarge: bool = False, report: Report = print) -> np.ndarray:
    """Read a JPEG, PNG, WebP, TIFF, BMP or GIF (its first frame), or AVIF where Pillow does, as an array.

    Args:
        path: the file.
        size: length of the longer side in pixels; the aspect is kept.
        enlarge: whether to enlarge a smaller picture; by default it stays as it is.
        report: is called with one line if the file had to be corrected: turned upright as its EXIF data say, converted
            to sRGB, laid on white where transparent, stretched from few bits, or resized. None for no report.

    Returns:
        float32 `[1, H, W, 3]`, RGB, 0..1.

    Raises:
        InputError: no such file, or not a picture that can be read.

    Used in notebooks/11_your_own_picture.
    """
    notes: list[str] = []
    image = read_picture(path, notes)
    if size is not None:
        image = _resize(image, whole_number("size", size, 1, LARGEST_SIZE), enlarge, notes)
    report_notes(path, notes, report)
    return np.asarray(image, np.float32)[None] / 255


def longer_side(path: File) -> int:
    """Return the length of a picture file's longer side in pixels.

    Raises:
        InputError: no such file, or not a picture that can be read.
    """
    with opened(path) as image:
        return max(image.size)


def save_image(
    image: np.ndarray,
    path: File,
    *,
    recipe: Origin | None = None,
    bits: int | None = None,
    opacity: np.ndarray | None = None,
) -> None:
    """Write an image in sRGB as JPEG or WebP (quality 95), PNG or TIFF, by the file's extension.

    The file appears whole or not at all, with a colour profile and the recipe.

    Args:
        image: `[1, H, W, 3]` or `[H, W, 3]`, 0..1; values outside are clipped.
        recipe: what the image was made from, written to the EXIF data, where `read_recipe` finds it; if it is too long
            for them it is left out, with a warning.
        bits: of each colour, 8 or 16; None for 16 in a TIFF and 8 in all others. A JPEG or WebP cannot have 16.
        opacity: `[H, W]`, 0..1; left out of a JPEG.

    Raises:
        InputError: another extension, a folder that cannot be written, or an image that holds NaN or infinity.

    Used in notebooks/11_your_own_picture.
    """
    path = check_output(path, bits)
    suffix = path.suffix.lower()
    pixels = to_pixels(image, bits or BITS[suffix][0], None if suffix in OPAQUE else opacity)
    write_atomically(path, encode(pixels, suffix, recipe))


def encode(pixels: np.ndarray, suffix: str, recipe: Origin | None = None) -> bytes:
    """Return the bytes of a file with `suffix`, a key of SAVE_OPTIONS, of pixels as `to_pixels` returns them."""
    exif = recipe.to_exif(pixels) if recipe else None
    if exif and len(exif.tobytes()) > LONGEST_EXIF[suffix]:
        exif = None
        what = "a JPEG can carry; a PNG carries more" if suffix in OPAQUE else "a picture can carry"
        warnings.warn(f"the picture is written without its recipe, which is longer than {what}.", stacklevel=3)
    if SAVE_OPTIONS[suffix]["format"] == "TIFF":
        return encode_tiff(pixels, SRGB_BYTES, exif)
    if pixels.dtype == np.uint16:
        return encode_png(pixels, SRGB_BYTES, exif)
    options = SAVE_OPTIONS[suffix] | {"icc_profile": SRGB_BYTES} | ({"exif": exif} if exif else {})
    return file_of(Image.fromarray(pixels), **options)


def file_of(picture: Image.Image, format: str, **options: Any) -> bytes:
    """Return a picture as the bytes of a file; Pillow itself does not notice when a full disk cuts a file short."""
    file = io.BytesIO()
    picture.save(file, format, **options)
    return file.getvalue()


def to_pixels(image: np.ndarray, bits: int = 8, opacity: np.ndarray | None = None) -> np.ndarray:
    """Return an image `[1, H, W, 3]` or `[H, W, 3]`, 0..1, as integers of 8 or 16 bits, `[H, W, 3]`.

    With an opacity, `[H, W]`, 0..1, they are `[H, W, 4]`.
    """
    array = np.asarray(image, np.float32)
    array = array[0] if array.ndim == 4 else array
    if not np.isfinite(array).all():
        raise InputError("the image holds NaN or infinity and was not written; lower the learning rate.")
    if opacity is not None:
        array = np.dstack([array, opacity])
    return np.round(np.clip(array, 0, 1) * (2**bits - 1)).astype(np.uint16 if bits == 16 else np.uint8)


def to_pil(image: np.ndarray) -> Image.Image:
    """Return an image `[1, H, W, 3]` or `[H, W, 3]`, 0..1, as an 8-bit Pillow image."""
    return Image.fromarray(to_pixels(image))


def check_output(path: File, bits: int | None = None) -> Path:
    """Return `path` if a picture of that many bits can be written there, else raise InputError."""
    path = Path(path)
    if path.suffix.lower() not in SAVE_OPTIONS:
        raise InputError(f"{path} must end in {', '.join(SAVE_OPTIONS)}, which says what kind of file to write.")
    if bits is not None and bits not in BITS[path.suffix.lower()]:
        raise InputError(f"{path} cannot have {bits} bits; a .png or a .tiff can.")
    try:
        with suppress(FileNotFoundError):
            path.stat()
    except (OSError, ValueError) as error:  # such as a name that is too long
        raise InputError(f"{path} cannot be written ({error}); name another file.") from error
    if path.is_dir():
        raise InputError(f"{path} is a folder; name a file.")
    check_folder(path.parent)
    return path


def report_notes(path: File, notes: Sequence[str], report: Report) -> None:
    """Report what had to be corrected in a picture file, if anything."""
    if notes and report:
        report(f"{Path(path).name}: {', '.join(notes)}.")


def _resize(image: Image.Image, size: int, enlarge: bool, notes: list[str]) -> Image.Image:
    longer = max(image.size)
    if longer < size and not enlarge:
        notes.append(f"kept at {image.width}×{image.height}, since it is smaller than {size}")
        return image
    width, height = (max(1, round(side * size / longer)) for side in image.size)
    if longer < size:
        notes.append(f"enlarged from {image.width}×{image.height} to {width}×{height}")
    return image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
