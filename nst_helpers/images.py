"""Picture files to arrays and back: whatever a camera or a browser wrote becomes RGB 0..1, and is told."""

import io
import os
import struct
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import ExifTags, Image, ImageCms, UnidentifiedImageError

from .errors import InputError
from .files import check_folder, write_atomically
from .settings import whole_number

if TYPE_CHECKING:  # recipe.py reads pictures
    from .recipe import Recipe

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF")
PICTURES = "JPEG, PNG, WebP, TIFF, BMP or GIF"
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

SAVE_OPTIONS = {
    ".jpg": {"format": "JPEG", "quality": 95, "subsampling": "4:4:4"},
    ".jpeg": {"format": "JPEG", "quality": 95, "subsampling": "4:4:4"},
    ".png": {"format": "PNG"},
}
LARGEST_PIXELS = 100_000_000
LARGEST_FILE = 2_000_000_000  # bytes
LARGEST_SIZE = 10_000
SRGB = ImageCms.createProfile("sRGB")
_bytes = ImageCms.ImageCmsProfile(SRGB).tobytes()
SRGB_BYTES = _bytes[:24] + struct.pack(">6H", 2000, 1, 1, 0, 0, 0) + _bytes[36:]
"""The profile to write; not dated by the minute of its making, so that equal pictures make equal files."""


def load_image(
    path: str | os.PathLike, size: int | None = None, *, report: Callable[[str], None] | None = print
) -> np.ndarray:
    """Read a JPEG, PNG, WebP, TIFF, BMP or GIF (its first frame) as an array.

    Args:
        path: the file.
        size: length of the longer side in pixels; the aspect is kept and a smaller picture stays as it is.
        report: gets one line if something about the file had to be put right: turned upright as its EXIF data say,
            colours converted to sRGB, transparency laid on white, not enlarged. None keeps it silent.

    Returns:
        float32 `[1, H, W, 3]`, RGB, 0..1.

    Raises:
        InputError: no such file, or not a picture that can be read.

    Built in notebooks/11_your_own_picture.
    """
    path = check_is_file(path)
    notes: list[str] = []
    image = _read(path, notes)
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
        recipe: what the image was made from, to be kept in the file's EXIF data, where `read_recipe` finds it.

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
        options["exif"] = recipe.to_exif(picture)
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
    path = Path(path)
    if not (os.path.isfile(path) and os.access(path, os.R_OK)):  # Path.is_file() raises on names that are too long
        what = "is not a file that can be read" if os.path.lexists(path) else "does not exist"
        raise InputError(f"{path} {what}; name a picture ({PICTURES}).")
    if path.stat().st_size > LARGEST_FILE:
        raise InputError(f"{path} is larger than {LARGEST_FILE // 10**9} GB; make it smaller first.")
    return path


def _read(path: Path, notes: list[str]) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's remarks on odd metadata; what we change we tell ourselves
            with Image.open(path, formats=FORMATS) as image:
                if image.width * image.height > LARGEST_PIXELS:
                    raise Image.DecompressionBombError
                return _upright_rgb(image, notes)
    except Image.DecompressionBombError as error:
        limit = LARGEST_PIXELS // 10**6
        raise InputError(f"{path} has more than {limit} million pixels; make it smaller first.") from error
    except UnidentifiedImageError as error:
        raise InputError(f"{path} is not a picture that can be read; use {PICTURES}.") from error
    except Exception as error:  # on damaged files Pillow's decoders raise a dozen different kinds
        raise InputError(f"{path} is damaged or cut off ({error}); get the file again.") from error


def _upright_rgb(image: Image.Image, notes: list[str]) -> Image.Image:
    image.load()
    if getattr(image, "is_animated", False) and image.format != "MPO":  # a telephone's JPEG with a preview
        notes.append("first of several frames taken")
    profile = image.info.get("icc_profile")
    turn = TURNS.get(_orientation(image))
    image = _eight_bit(image, notes)
    if turn is not None:
        image = image.transpose(turn)
        notes.append("turned upright")
    alpha = None
    if image.has_transparency_data:
        image = image.convert("RGBA")
        alpha = image.getchannel("A")
    if image.mode == "LAB":  # Pillow converts it by profile only
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    elif image.mode not in ("L", "CMYK"):
        image = image.convert("RGB")
    if profile:
        image = _to_srgb(image, profile, notes)
    if image.mode != "RGB":
        notes.append("gray made RGB" if image.mode == "L" else f"{image.mode} made RGB")
        image = image.convert("RGB")
    if alpha is not None and alpha.getextrema()[0] < 255:
        notes.append("transparency laid on white")
        image = Image.composite(image, Image.new("RGB", image.size, "white"), alpha)
    return image


def _orientation(image: Image.Image) -> int | None:
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # damaged EXIF data are no reason to refuse the picture
        return None
    return orientation if isinstance(orientation, int) else None


def _eight_bit(image: Image.Image, notes: list[str]) -> Image.Image:
    """Bring 16- and 32-bit gray to 8 bits, which Pillow's own conversion would clip instead of scale."""
    if image.mode not in ("I", "F", "I;16", "I;16B", "I;16L", "I;16N"):
        return image
    values = np.nan_to_num(np.asarray(image, np.float64), posinf=0, neginf=0)
    largest = values.max()
    white = next((w for w in (1, 255, 65535) if w >= largest), largest) if image.mode == "F" else max(65535, largest)
    notes.append("scaled to 8 bits")
    return Image.fromarray(np.uint8(np.round(np.clip(values / white, 0, 1) * 255)))


def _to_srgb(image: Image.Image, profile: bytes, notes: list[str]) -> Image.Image:
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


def _resize(image: Image.Image, size: int, notes: list[str]) -> Image.Image:
    longer = max(image.size)
    if longer < size:
        notes.append(f"kept at {image.width}×{image.height}, since it is smaller than {size}")
        return image
    width, height = (max(1, round(side * size / longer)) for side in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
