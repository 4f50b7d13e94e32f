"""Picture files to arrays and back: whatever a camera or a browser wrote becomes RGB 0..1, and is told."""

import io
import os
import re
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from .errors import InputError
from .file_kinds import PICTURES
from .files import check_folder, write_atomically
from .pixels import read_picture
from .profiles import SRGB_BYTES
from .settings import whole_number

if TYPE_CHECKING:  # recipe.py reads pictures
    from .recipe import Recipe

SAVE_OPTIONS = {
    ".jpg": {"format": "JPEG", "quality": 95, "subsampling": "4:4:4"},
    ".jpeg": {"format": "JPEG", "quality": 95, "subsampling": "4:4:4"},
    ".png": {"format": "PNG"},
}
LONGEST_EXIF = {".jpg": 65_533, ".jpeg": 65_533, ".png": 500_000}
"""Bytes; a JPEG holds no more, and of a PNG no more is read. A recipe takes about 2000."""
LARGEST_FILE = 2_000_000_000  # bytes
LARGEST_SIZE = 10_000


def load_image(
    path: str | os.PathLike, size: int | None = None, *, report: Callable[[str], None] | None = print
) -> np.ndarray:
    """Read a JPEG, PNG, WebP, TIFF, BMP or GIF (its first frame) as an array, and AVIF where Pillow does.

    Args:
        path: the file.
        size: length of the longer side in pixels; the aspect is kept and a smaller picture stays as it is.
        report: gets one line if something about the file had to be put right: turned upright as its EXIF data say,
            colours converted to sRGB, transparency laid on white, few bits stretched, not enlarged. None keeps it
            silent.

    Returns:
        float32 `[1, H, W, 3]`, RGB, 0..1.

    Raises:
        InputError: no such file, or not a picture that can be read.

    Built in notebooks/11_your_own_picture.
    """
    path = check_is_file(path)
    notes: list[str] = []
    image = read_picture(path, notes)
    if size is not None:
        image = _resize(image, whole_number("size", size, 1, LARGEST_SIZE), notes)
    if notes and report:
        report(f"{path.name}: {', '.join(notes)}.")
    return np.asarray(image, np.float32)[None] / 255


def save_image(image: np.ndarray, path: str | os.PathLike, *, recipe: "Recipe | None" = None) -> None:
    """Write an image as sRGB JPEG (quality 95, full colour resolution) or PNG, by the file's extension.

    The file appears whole or not at all.

    Args:
        image: `[1, H, W, 3]` or `[H, W, 3]`, 0..1; values outside are clipped.
        recipe: what the image was made from, to be kept in the file's EXIF data, where `read_recipe` finds it; one that
            is too long for that is left out, with a warning.

    Raises:
        InputError: another extension, a folder that cannot be written, or an image that holds NaN or infinity.

    Built in notebooks/11_your_own_picture.
    """
    path = check_output(path)
    write_atomically(path, encode(to_pil(image), path.suffix.lower(), recipe))


def encode(picture: Image.Image, suffix: str, recipe: "Recipe | None" = None) -> bytes:
    """Return the bytes of a file with that ending, a key of SAVE_OPTIONS."""
    encoded = io.BytesIO()  # Pillow itself would not notice where a full disk cuts its file short
    options = SAVE_OPTIONS[suffix] | {"icc_profile": SRGB_BYTES}
    if recipe:
        exif = recipe.to_exif(picture).tobytes()
        if len(exif) <= LONGEST_EXIF[suffix]:
            options["exif"] = exif
        else:
            what = "a JPEG can carry; a PNG carries more" if suffix != ".png" else "a picture can carry"
            warnings.warn(f"the picture is written without its recipe, which is longer than {what}.", stacklevel=3)
    picture.save(encoded, **options)
    return encoded.getvalue()


def to_pil(image: np.ndarray) -> Image.Image:
    """Return an image `[1, H, W, 3]` or `[H, W, 3]`, 0..1, as 8-bit Pillow image."""
    array = np.asarray(image, np.float32)
    array = array[0] if array.ndim == 4 else array
    if not np.isfinite(array).all():
        raise InputError("the image holds NaN or infinity and was not written; lower the learning rate.")
    return Image.fromarray(np.uint8(np.round(np.clip(array, 0, 1) * 255)))


def check_output(path: str | os.PathLike) -> Path:
    """Return `path` if a picture could be written there; found out before a run, not after it."""
    path = Path(path)
    if path.suffix.lower() not in SAVE_OPTIONS:
        raise InputError(f"{path} must end in {', '.join(SAVE_OPTIONS)}, which says what kind of file to write.")
    try:
        with suppress(FileNotFoundError):
            path.stat()
    except (OSError, ValueError) as error:  # such as a name that is too long
        raise InputError(f"{path} cannot be written ({error}); name another file.") from error
    if path.is_dir():
        raise InputError(f"{path} is a folder; name a file.")
    check_folder(path.parent)
    return path


def check_new_output(path: str | os.PathLike, *inputs: str | os.PathLike) -> Path:
    """Return `path` if a picture could be written there and it is none of the pictures to read."""
    path = check_output(path)
    if path.exists() and any(path.samefile(each) for each in inputs):
        raise InputError(f"{path} is one of the pictures to read; name another file with -o.")
    return path


def check_is_file(path: str | os.PathLike) -> Path:
    """Return `path` if there is a file, else raise InputError."""
    if re.match(r"[a-z]{2,}:/", os.fspath(path)):  # a Path has lost the second slash
        raise InputError(f"{path} is an address; download the picture and name its file.")
    path = Path(path)
    if not (os.path.isfile(path) and os.access(path, os.R_OK)):  # Path.is_file() raises on names that are too long
        what = "is not a file that can be read" if os.path.lexists(path) else "does not exist"
        raise InputError(f"{path} {what}; name a picture ({PICTURES}).")
    if path.stat().st_size > LARGEST_FILE:
        raise InputError(f"{path} is larger than {LARGEST_FILE // 10**9} GB; make it smaller first.")
    return path


def _resize(image: Image.Image, size: int, notes: list[str]) -> Image.Image:
    longer = max(image.size)
    if longer < size:
        notes.append(f"kept at {image.width}×{image.height}, since it is smaller than {size}")
        return image
    width, height = (max(1, round(side * size / longer)) for side in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
