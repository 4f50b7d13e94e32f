"""A run as a short film that changes by about the same amount from each frame to the next.

At equal intervals of iterations almost all frames would look alike, since a run changes most at its start.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..errors import InputError
from ..machine.disk import File, check_folder, write_atomically
from ..machine.stillness import blurred, visible_change
from ..settings import whole_number
from .images import file_of, to_pil

__all__ = ["choose_frames", "encode_film", "save_film", "visible_change"]

SECONDS, HOLD = 5.0, 1.5
"""Length of a film, and the additional time of its last frame."""
WEBP_QUALITY = 85


def choose_frames(images: Sequence[np.ndarray], n: int) -> list[int]:
    """Return the indices of `n` images, first and last included, with the most equal visible changes between them.

    Dynamic programming minimises the sum of squared changes, which favours equal steps.

    Args:
        images: in temporal order, each `[1, H, W, 3]`, 0..1.
        n: at least 2; if there are no more images than that, all are chosen.

    Used in notebooks/08_iterations_and_snapshots.
    """
    n = whole_number("the number of frames", n, 2, 10_000)
    if len(images) <= n:
        return list(range(len(images)))
    flat = np.stack([blurred(image).ravel() for image in images])
    flat -= flat.mean(axis=0)  # keeps precision if two images barely differ
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
    """Return a film of a run, each frame captioned with its iteration, as the bytes of a file.

    Args:
        images: iteration to image `[1, H, W, 3]`, 0..1.
        frames: how many to choose.
        format: "gif", which every program shows, or "webp", smaller and in full colour.

    Raises:
        InputError: another format, or fewer than two images.
    """
    if format not in ("gif", "webp"):
        raise InputError(f"a film can be a .gif or a .webp, not .{format}.")
    if len(images) < 2:
        raise InputError("a film needs at least two snapshots; keep more of them.")
    iterations = sorted(images)
    chosen = [iterations[i] for i in choose_frames([images[i] for i in iterations], frames)]
    pictures = [_captioned(images[i], f"{i:,}") for i in chosen]
    if format == "gif":  # one palette for all frames, else still areas flicker
        palette = Image.fromarray(np.vstack([np.asarray(picture) for picture in pictures])).quantize(256)
        pictures = [picture.quantize(palette=palette) for picture in pictures]
    durations = [round(1000 * SECONDS / len(pictures))] * len(pictures)
    durations[-1] += round(1000 * HOLD)
    options = {"append_images": pictures[1:], "duration": durations, "loop": 0, "quality": WEBP_QUALITY}
    return file_of(pictures[0], format, save_all=True, **options)


def save_film(images: Mapping[int, np.ndarray], path: File, *, frames: int = 24) -> None:
    """Write a film of a run as .gif or .webp, by the file's extension; see `encode_film`.

    Raises:
        InputError: another extension, fewer than two images, or a folder that cannot be written to.

    Used in notebooks/08_iterations_and_snapshots.
    """
    path = Path(path)
    check_folder(path.parent)
    write_atomically(path, encode_film(images, frames=frames, format=path.suffix.lower().removeprefix(".")))


def _captioned(image: np.ndarray, text: str) -> Image.Image:
    picture = to_pil(image)
    size = max(10, picture.height // 14)
    font = ImageFont.load_default(size)
    place = (size // 3, picture.height - size // 3)
    ImageDraw.Draw(picture).text(place, text, "white", font, anchor="ls", stroke_width=2, stroke_fill="black")
    return picture
