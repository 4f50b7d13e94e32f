"""Pictures that take the shape of another one: masks, an image to start from, and transparency."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageOps

from ..errors import InputError
from ..machine.disk import File
from .images import Report, report_notes
from .pixels import FAINT, opened, read_picture, upright_srgb

SAME_ASPECT = 0.02
"""The largest relative difference in height between two pictures scaled to the same width."""


def load_mask(path: File, shape: Sequence[int], *, report: Report = print) -> np.ndarray:
    """Read a mask, a grey picture that selects a part of another one: white in full, black not at all.

    Args:
        path: the file.
        shape: of the other picture, `[1, H, W, 3]`, to which the mask is scaled.
        report: as for `load_image`.

    Returns:
        float32 `[H, W]`, 0..1.

    Raises:
        InputError: no such file, not a picture that can be read, of another aspect, or black everywhere.
    """
    notes: list[str] = []
    image, (height, width) = read_picture(path, notes), shape[1:3]
    if not _same_aspect(image, height, width):
        raise InputError(
            f"{path} has {image.width}×{image.height} pixels and the picture that it is for {width}×{height}; "
            "a mask must have the same proportions."
        )
    if np.ptp(np.asarray(image.resize((64, 64))), axis=-1).max() > FAINT:
        notes.append("colours read as grey")
    mask = image.convert("L").resize((width, height), Image.Resampling.BILINEAR)  # does not overshoot
    if not mask.getextrema()[1]:
        raise InputError(f"{path} is black everywhere; make white what it is to select.")
    report_notes(path, [each for each in notes if each != "grey converted to RGB"], report)
    return np.asarray(mask, np.float32) / 255


def load_fitting(path: File, shape: Sequence[int], *, report: Report = print) -> np.ndarray:
    """Read a picture as `load_image` does, cropped around its centre and scaled to a shape `[1, H, W, 3]`."""
    notes: list[str] = []
    image, (height, width) = read_picture(path, notes), shape[1:3]
    if not _same_aspect(image, height, width):
        notes.append(f"cropped around its centre to the proportions of {width}×{height}")
    if image.width < width and image.height < height:
        notes.append(f"enlarged from {image.width}×{image.height}")
    report_notes(path, notes, report)
    return np.asarray(ImageOps.fit(image, (width, height), Image.Resampling.LANCZOS), np.float32)[None] / 255


def load_opacity(path: File, shape: Sequence[int]) -> np.ndarray | None:
    """Return a picture file's opacity scaled to a shape `[1, H, W, 3]`, as `[H, W]`, 0..1; None if all is opaque.

    Raises:
        InputError: no such file, or not a picture that can be read.
    """
    with opened(path) as image:
        opacity = upright_srgb(path, image, [])[1] if image.has_transparency_data else None
    if opacity is None:
        return None
    return np.asarray(opacity.resize((shape[2], shape[1]), Image.Resampling.BILINEAR), np.float32) / 255


def _same_aspect(image: Image.Image, height: int, width: int) -> bool:
    """Whether an image has the proportions of height and width, up to rounding by a pixel."""
    return abs(image.height * width / image.width - height) <= max(1, SAME_ASPECT * height)
