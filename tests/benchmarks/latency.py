"""How soon the weight explorer answers: seconds from a moved slider to the picture that was painted with it.

python -m tests.benchmarks.latency [--sizes 128,256] [--trials 30]

The slider moves at the worst moment, just as a tick of the clock begins: it has to wait for that tick, and the answer
is the picture of the next one. Curves and shares are drawn whenever they are due, as in the browser, whose own part
is not counted. The limits are those of two idle cores.
"""

import argparse
import io
import time

import numpy as np
from PIL import Image

from nst_helpers.widgets.explorer import explore

LIMITS = {128: 0.5, 256: 1.5}
"""Size in pixels to the seconds that are allowed."""


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


def main() -> None:
    """Print a line for each size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="128,256")
    parser.add_argument("--trials", type=int, default=30)
    options = parser.parse_args()
    print("size   median   slowest   allowed")
    for size in map(int, options.sizes.split(",")):
        seconds = answers(size, options.trials)
        allowed = f"{LIMITS[size]:6.2f} s" if size in LIMITS else ""
        print(f"{size:4}  {np.median(seconds):6.2f} s  {seconds.max():6.2f} s  {allowed}", flush=True)


if __name__ == "__main__":
    main()
