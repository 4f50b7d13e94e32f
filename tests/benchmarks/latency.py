"""How soon a picture answers: the first one that the weight explorer paints, one after a slider, one of the atlas.

python -m tests.benchmarks.latency [--sizes 128,256] [--trials 30]

In the explorer the slider moves at the worst moment, just as a tick of the clock begins: it has to wait for that tick,
and the answer is the picture of the next one. Curves and shares are drawn whenever they are due. In the atlas each
slider goes to each of its places. The browser's own part is not counted; the limits are those of two idle cores.
"""

import argparse
import io
import time

import numpy as np
from PIL import Image

from nst_helpers.widgets.atlas_panel import view_atlas
from nst_helpers.widgets.explorer import explore

LIMITS = {"first look": 1.0, "128 px": 0.5, "256 px": 1.5, "atlas": 0.1}
"""Seconds that are allowed."""


def answers(size: int, trials: int) -> np.ndarray:
    """Return the seconds that each of so many moves of the β slider took to show."""
    explorer = explore(size=size, iterations=10**6)
    explorer.one_step()  # compiles all there is
    seconds = []
    for trial in range(trials):
        beta = 10 ** (3 + 2 * (trial % 2))
        start = time.perf_counter()
        explorer.view.play.value += 1
        before = explorer.view.picture.value
        explorer.view.sliders["beta"].slider.value = beta
        explorer.view.play.value += 1
        seconds.append(time.perf_counter() - start)
        assert explorer.run.transfer.beta == beta
        assert explorer.view.picture.value != before
        assert max(Image.open(io.BytesIO(explorer.view.picture.value)).size) == size
    return np.array(seconds)


def first_looks(trials: int) -> np.ndarray:
    """Return the seconds from play to the first picture that is not the photograph, of so many explorers."""
    seconds = []
    for _ in range(trials):
        explorer = explore()
        before, start = explorer.view.picture.value, time.perf_counter()
        while explorer.view.picture.value == before:
            explorer.view.play.value += 1
        seconds.append(time.perf_counter() - start)
    return np.array(seconds)


def atlas_answers() -> np.ndarray:
    """Return the seconds that each move of a slider of the atlas took to show."""
    panel, seconds = view_atlas(), []
    for slider in panel.sliders.values():
        for _, value in slider.options:
            if value != slider.value:
                before, start = panel.view.value, time.perf_counter()
                slider.value = value
                seconds.append(time.perf_counter() - start)
                assert panel.view.value != before
    return np.array(seconds)


def main() -> None:
    """Print a line for each size, and one for the atlas."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="128,256")
    parser.add_argument("--trials", type=int, default=30)
    options = parser.parse_args()
    print("             median   slowest   allowed")
    report("atlas", atlas_answers())
    report("first look", first_looks(options.trials // 10))
    for size in map(int, options.sizes.split(",")):
        report(f"{size} px", answers(size, options.trials))


def report(name: str, seconds: np.ndarray) -> None:
    """Print a line."""
    allowed = f"{LIMITS[name]:6.2f} s" if name in LIMITS else ""
    print(f"{name:10} {np.median(seconds):7.4f} s {seconds.max():7.4f} s  {allowed}", flush=True)


if __name__ == "__main__":
    main()
