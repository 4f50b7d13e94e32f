"""What a run will cost: its memory, and its time from a few timed steps."""

import math
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from tqdm.auto import tqdm

from ..machine.memory import available_bytes, peak_bytes, scaled
from ..transfer import StyleTransfer

SIZES = (128, 256, 384, 512, 768, 1024, 1536, 2048)
TIMED_SIZES, TIMED_STEPS = (96, 192), 3


@dataclass(frozen=True)
class Cost:
    """What a run of some iterations costs at a size: seconds, bytes at the peak, and whether it fits into memory."""

    size: int
    seconds_per_step: float
    seconds: float
    peak_bytes: int
    fits: bool


def budget(content: np.ndarray, style: np.ndarray, iterations: int = 200, **settings: Any) -> list[Cost]:
    """Time a few steps at two small sizes and return what a run costs at each of SIZES.

    The time of a step is a constant and a part that grows with the number of pixels; both come from the two sizes.

    Args:
        content, style: `[1, H, W, 3]`, 0..1, of any size; only their aspect counts.
        iterations: of the run that is planned.
        settings: for `StyleTransfer`.

    Used in notebooks/11_your_own_picture.
    """
    timing = tqdm(TIMED_SIZES, desc="timing a step", leave=False)
    (small, fast, transfer), (large, slow, _) = (_time_step(content, style, size, settings) for size in timing)
    each = max(0.0, slow - fast) / (large - small)
    available = available_bytes()
    costs = []
    for size in SIZES:
        shape, style_shape = scaled(content.shape, size), scaled(style.shape, size)
        seconds = max(fast, fast + each * (math.prod(shape[1:3]) - small))
        peak = peak_bytes(shape, style_shape, transfer.settings, transfer.features.precision)
        costs.append(Cost(size, seconds, seconds * iterations, peak, available is None or peak <= available))
    return costs


def _time_step(content: np.ndarray, style: np.ndarray, size: int, settings: dict[str, Any]) -> tuple[int, float, Any]:
    """Return the number of pixels, the seconds of the fastest step, and the run."""
    images = (tf.image.resize(image, scaled(image.shape, size)[1:3]).numpy() for image in (content, style))
    transfer = StyleTransfer(*images, **settings)
    seconds = []
    for _ in range(1 + TIMED_STEPS):  # the first one is compiled
        start = time.perf_counter()
        for _ in transfer.steps(1):
            seconds.append(time.perf_counter() - start)
    return math.prod(transfer.image.shape[1:3]), min(seconds[1:]), transfer
