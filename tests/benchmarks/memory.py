"""Peak of resident memory of a short run, measured in a process for each size, beside what `budget` foretells."""

import argparse
import json
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np

SIZES, PRECISIONS, STEPS = (128, 256, 512, 1024), ("bfloat16", "float32"), 2


def measure(size: int, precision: str, weights: str | None = "imagenet", left: float | None = None) -> dict[str, float]:
    """Run some steps on square images in this process, which must be fresh; return bytes before, foretold, peak.

    With `left`, in bytes, as if no more memory were available: in so many `tiles`. Also the `seconds` of the last step.
    """
    import nst_helpers.machine.hardware  # noqa: F401  starts TensorFlow without its banner
    from nst_helpers.machine import memory
    from nst_helpers.transfer import StyleTransfer

    content, style = np.random.default_rng(0).random((2, 1, size, size, 3), np.float32)
    before = peak()
    if left:
        memory.available_bytes = lambda: left
    transfer = StyleTransfer(content, style, precision=precision, weights=weights)
    seconds = [time.perf_counter()]
    for _ in transfer.steps(STEPS):
        seconds.append(time.perf_counter())
    tiles = getattr(transfer.objective, "tiles", [])
    tile = tiles[0].rows.stop * tiles[0].columns.stop if tiles else None
    foretold = before + memory.peak_bytes(content.shape, style.shape, transfer.settings, precision, tile)
    found = {"before": before, "foretold": foretold, "peak": peak()}
    return found | {"tiles": len(tiles) or 1, "seconds": seconds[-1] - seconds[-2]}


def peak() -> int:
    """Return the most resident memory that this process has had, in bytes."""
    with suppress(OSError), open("/proc/self/status") as lines:  # ru_maxrss would count the parent's, before exec
        return next(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def measure_apart(*arguments: object) -> dict[str, int]:
    """Return what `measure` finds in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.memory", "--one", json.dumps(arguments)]
    root = Path(__file__).parents[2]
    return json.loads(subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--one", type=json.loads, help=argparse.SUPPRESS)
    if one := parser.parse_args().one:
        print(json.dumps(measure(*one)))
        return
    print("| size | precision | TensorFlow alone | foretold | measured peak | foretold / measured |")
    print("|---:|---|---:|---:|---:|---:|")
    for size in SIZES:
        for precision in PRECISIONS:
            found = measure_apart(size, precision)
            cells = [f"{found[name] / 1e6:.0f} MB" for name in ("before", "foretold", "peak")]
            print("|", " | ".join([str(size), precision, *cells, f"{found['foretold'] / found['peak']:.2f}"]), "|")


if __name__ == "__main__":
    main()
