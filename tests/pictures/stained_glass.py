"""A window of stained glass, drawn from random numbers: a sun over water, in some nine hundred panes set in lead.

python -m tests.pictures.stained_glass [FILE]

The panes are Voronoi cells of points that Lloyd's method has spread evenly; a warp of the plane bends them into waves.
"""

import argparse
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter, zoom
from scipy.spatial import cKDTree

from nst_helpers.files.images import save_image

FILE = Path(__file__).parents[2] / "data" / "stained_glass.jpg"
ASPECT = 0.75
PANES = 900
MARGIN = 0.1
"""How far the panes go beyond the picture, whose width is 1."""
SUN = (0.68, 0.25)
HORIZON = 0.52
LEAD = np.array([22, 18, 24]) / 255
RAMP = np.array(
    [
        (255, 226, 120),
        (246, 170, 50),
        (222, 86, 38),
        (170, 30, 60),
        (90, 30, 110),
        (36, 50, 140),
        (24, 96, 150),
        (40, 150, 150),
        (30, 100, 70),
        (120, 160, 50),
    ]
)
"""Colours from the sun's middle outwards to the night sky, and on through the water to the shore."""


def stained_glass(width: int, seed: int = 1) -> np.ndarray:
    """Return the picture as float64 `[H, width, 3]`, 0..1; it is the same window at any width."""
    rng = np.random.default_rng(seed)
    points = _spread(rng)
    colours = _glass(points, rng)
    light = zoom(gaussian_filter(rng.standard_normal((120, 160)), 1.2), 8, order=3)  # bubbles and streaks in the glass

    fine = 2 * width  # drawn at twice the size and averaged, for smooth edges
    y, x = np.mgrid[: round(fine * ASPECT), :fine] / fine
    warped = np.stack([x + 0.03 * np.sin(9 * y + 4 * x), y + 0.045 * np.sin(8 * x + 3 * y)], axis=-1)
    distances, panes = cKDTree(points).query(warped, k=2)
    rows, columns = (np.minimum(at * (n - 1), n - 1).astype(int) for at, n in ((y / ASPECT, 960), (x, 1280)))
    glass = colours[panes[..., 0]] * (1 + 0.3 * light[rows, columns, None])
    open_ = np.clip((distances[..., 1] - distances[..., 0] - 0.0035) / 0.002, 0, 1)[..., None]
    drawn = np.clip(open_ * glass + (1 - open_) * LEAD, 0, 1)
    return drawn.reshape(len(y) // 2, 2, width, 2, 3).mean(axis=(1, 3))


def _spread(rng: np.random.Generator) -> np.ndarray:
    """Return points in the picture and around it, each moved to the middle of its Voronoi cell three times."""
    low, high = -MARGIN, np.array([1, ASPECT]) + MARGIN
    points = rng.uniform(low, high, (PANES, 2))
    for _ in range(3):
        samples = rng.uniform(low, high, (60_000, 2))
        nearest = cKDTree(points).query(samples)[1]
        count = np.maximum(np.bincount(nearest, minlength=PANES), 1)
        points = np.stack([np.bincount(nearest, axis, PANES) / count for axis in samples.T], axis=1)
    return points


def _glass(points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return each pane's colour: along the ramp by its distance from the sun or its depth in the water, with chance."""
    x, y = points.T
    sky = 9.5 * np.hypot(x - SUN[0], y - SUN[1]) + 0.8 * rng.standard_normal(PANES)
    water = 5 + 14 * (y - HORIZON) + 1.2 * rng.standard_normal(PANES)
    place = np.where(y > HORIZON + 0.05 * np.sin(7 * x), water, sky)
    panes = RAMP[np.clip(place, 0, len(RAMP) - 1).astype(int)] / 255
    return panes * (1 + 0.16 * rng.standard_normal((PANES, 1)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", nargs="?", type=Path, default=FILE, metavar="FILE", help="where to write it")
    save_image(stained_glass(640), parser.parse_args().file)


if __name__ == "__main__":
    main()
