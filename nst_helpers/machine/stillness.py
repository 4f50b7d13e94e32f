"""When a picture no longer changes visibly, so that a run may stop.

Each doubling of the iterations changes a picture less than the one before. The change in a fixed number of iterations
says little: with a constant rate the picture drifts slowly, but far.
"""

import math
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

BLUR = 1.0
"""Standard deviation in pixels, since the eye takes changes of single pixels for noise."""
STILL = 2.5
"""A picture is still if doubling the iterations has a smaller `visible_change`. With the default schedule tripling them
then changes it by another 1 to 1.3, which nobody sees: `python -m tests.benchmarks.stillness` measures it."""
CHECKS = 4
"""How often that is checked while the iterations double."""
FEWEST = 50
"""Iterations before which no picture counts as still."""


def while_changing(snapshots: Iterable[Any], before: int = 0) -> Iterator[Any]:
    """Yield the `Snapshot`s of a run, up to the first that looks like the one of half as many iterations.

    A resumed run must double its iterations first, since its earlier images are gone.

    Args:
        snapshots: of the run.
        before: the number of iterations at smaller sizes, which do not count.

    Built in notebooks/08_iterations_and_snapshots.
    """
    kept = deque(maxlen=CHECKS)  # iteration and image at the last checks, the first of them at half the iterations
    for snapshot in snapshots:
        yield snapshot
        n = snapshot.iteration - before
        if n < 2 or math.floor(CHECKS * math.log2(n)) == math.floor(CHECKS * math.log2(n - 1)):
            continue
        half, image = kept[0] if len(kept) == CHECKS else (n, None)
        if n >= FEWEST and half <= n / 2 + 1 and visible_change(image, snapshot.image) < STILL:
            return
        kept.append((n, snapshot.image))


def visible_change(a: np.ndarray, b: np.ndarray) -> float:
    """Return how different two images look: the root mean squared difference after a blur of 1 px.

    Args:
        a, b: `[1, H, W, 3]`, 0..1.

    Returns:
        In levels of 0..255: about 1 if the difference is invisible, 255 from black to white.

    Built in notebooks/08_iterations_and_snapshots.
    """
    return float(255 * np.sqrt(np.mean((blurred(a) - blurred(b)) ** 2)))


def blurred(image: np.ndarray) -> np.ndarray:
    """Return an image `[1, H, W, 3]` as `[H, W, 3]`, with a Gaussian blur of BLUR pixels."""
    from scipy.ndimage import gaussian_filter  # slow to import

    return gaussian_filter(np.asarray(image, np.float32).reshape(image.shape[-3:]), (BLUR, BLUR, 0))
