"""A run as a short film, whose frames are chosen so that the picture changes by the same amount from each to the next.

Taken at equal times, almost all frames of a film would be alike: a run changes most at its beginning.
"""

import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .errors import InputError
from .files import check_folder, write_atomically
from .images import to_pil
from .settings import whole_number

BLUR = 1.0
"""Standard deviation in pixels: what changes in single pixels only is noise to the eye."""
SECONDS, HOLD = 5.0, 1.5
"""How long a film lasts, and how much longer its last frame stays."""
WEBP_QUALITY = 85


def visible_change(a: np.ndarray, b: np.ndarray) -> float:
    """Return how far apart two images look: the root of the mean squared difference after a blur of 1 px.

    Args:
        a, b: `[1, H, W, 3]`, 0..1.

    Returns:
        In levels of 255: 0 for the same picture, about 1 where nothing can be seen, 255 from black to white.

    Built in notebooks/08_iterations_and_snapshots.
    """
    return float(255 * np.sqrt(np.mean((_blurred(a) - _blurred(b)) ** 2)))


def choose_frames(images: Sequence[np.ndarray], n: int) -> list[int]:
    """Return the indices of `n` images, first and last included, with as equal visible changes between them as can be.

    Of all choices it is the one with the smallest sum of squared changes, found by dynamic programming: along a given
    way, steps that share it out equally have the smallest sum of squares.

    Args:
        images: in the order of time, each `[1, H, W, 3]`, 0..1.
        n: at least 2; where there are no more images than that, all are taken.

    Built in notebooks/08_iterations_and_snapshots.
    """
    n = whole_number("the number of frames", n, 2, 10_000)
    if len(images) <= n:
        return list(range(len(images)))
    flat = np.stack([_blurred(image).ravel() for image in images])
    flat -= flat.mean(axis=0)  # keeps digits where two images differ by little
    square = (flat**2).sum(axis=1)
    cost = np.maximum(square[:, None] + square - 2 * flat @ flat.T, 0)  # (N, N): squared change from i to j
    cost[np.tril_indices(len(images))] = np.inf  # time goes one way
    best, before = cost[0], []
    for _ in range(n - 2):
        through = best[:, None] + cost
        before.append(through.argmin(axis=0))
        best = through.min(axis=0)
    chosen = [len(images) - 1]
    for step in reversed(before):
        chosen.append(int(step[chosen[-1]]))
    return [0, *reversed(chosen)]


def encode_film(images: Mapping[int, np.ndarray], *, frames: int = 24, format: str = "gif") -> bytes:
    """Return a film of a run, each frame with its iteration written in, as the bytes of a file.

    Args:
        images: iteration to image `[1, H, W, 3]`, 0..1.
        frames: how many to choose.
        format: "gif", which everything shows, or "webp", smaller and in full colour.

    Raises:
        InputError: another format, or fewer than two images.

    Built in notebooks/08_iterations_and_snapshots.
    """
    if format not in ("gif", "webp"):
        raise InputError(f"a film can be a .gif or a .webp, not .{format}.")
    if len(images) < 2:
        raise InputError("a film needs at least two snapshots; keep more of them on the way.")
    iterations = sorted(images)
    chosen = [iterations[i] for i in choose_frames([images[i] for i in iterations], frames)]
    pictures = [_captioned(images[i], f"{i:,}") for i in chosen]
    milliseconds = round(1000 * SECONDS / len(pictures))
    options = {"duration": [milliseconds] * (len(pictures) - 1) + [milliseconds + round(1000 * HOLD)], "loop": 0}
    if format == "gif":
        pictures = _on_one_palette(pictures)
    else:
        options |= {"quality": WEBP_QUALITY}
    file = io.BytesIO()
    pictures[0].save(file, format, save_all=True, append_images=pictures[1:], **options)
    return file.getvalue()


def save_film(images: Mapping[int, np.ndarray], path: str | os.PathLike, *, frames: int = 24) -> None:
    """Write a film of a run as .gif or .webp, by the file's ending; see `encode_film`.

    Raises:
        InputError: another ending, fewer than two images, or a folder that cannot be written to.

    Built in notebooks/08_iterations_and_snapshots.
    """
    path = Path(path)
    check_folder(path.parent)
    write_atomically(path, encode_film(images, frames=frames, format=path.suffix.lower().removeprefix(".")))


def _blurred(image: np.ndarray) -> np.ndarray:
    from scipy.ndimage import gaussian_filter  # takes a while to import

    return gaussian_filter(np.asarray(image, np.float32).reshape(image.shape[-3:]), (BLUR, BLUR, 0))


def _captioned(image: np.ndarray, text: str) -> Image.Image:
    picture = to_pil(image)
    size = max(10, picture.height // 14)
    font = ImageFont.load_default(size)
    place = (size // 3, picture.height - size // 3)
    ImageDraw.Draw(picture).text(place, text, "white", font, anchor="ls", stroke_width=2, stroke_fill="black")
    return picture


def _on_one_palette(pictures: list[Image.Image]) -> list[Image.Image]:
    """Give all frames the same 256 colours: palettes of their own would make still areas flicker."""
    width, height = pictures[0].size
    sheet = Image.new("RGB", (width, height * len(pictures)))
    for i, picture in enumerate(pictures):
        sheet.paste(picture, (0, i * height))
    palette = sheet.quantize(256)
    return [picture.quantize(palette=palette) for picture in pictures]
