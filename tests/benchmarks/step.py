"""Seconds, memory and share of the machine's limit of one step, written in several ways and measured in turns.

Each variant has a process of its own. They are timed in rounds, A B C, A B C, …, never two at once, so that whatever
else slows the machine slows them alike; trust the ratios more than the seconds.
"""

import importlib.util
import math
import statistics
import tempfile
from argparse import Namespace
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from . import report
from .drive import Worker, interleave, run_apart
from .inputs import write_inputs
from .work import step_flops

VARIANTS = (
    "ours",
    "ours-wasserstein",
    "ours-float32",
    "tutorial",
    "keras-example",
    "eager",
    "torch-float32",
    "torch-bfloat16",
)
PEAKS = ("peak-float32", "peak-bfloat16")
REFERENCE = "tutorial"


def main() -> None:
    parser = report.parser(__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=report.numbers, default="256,384,512", help="sides of the square image")
    parser.add_argument("--rounds", type=int, default=9, help="how often each variant has its turn")
    parser.add_argument("--steps", type=int, default=2, help="steps in a turn, each timed")
    parser.add_argument("--variants", type=report.names, default=",".join(VARIANTS), help=f"of {', '.join(VARIANTS)}")
    parser.add_argument("--content", default="summer_palace", help="a picture in data/")
    parser.add_argument("--style", default="great_wave", help="a picture in data/")
    parser.add_argument("--untrained", action="store_true", help="random kernels and a small peak: a quick trial")
    options = parser.parse_args()
    if unknown := set(options.variants) - set(VARIANTS):
        parser.error(f"no such variant: {', '.join(sorted(unknown))}")

    torch = importlib.util.find_spec("torch") is not None
    absent = {name: {"error": "torch is not installed"} for name in options.variants if "torch" in name and not torch}
    names = [name for name in options.variants if name not in absent] + list(PEAKS)
    result = {"benchmark": "step", "machine": report.machine(), "sizes": {}}
    print(report.describe(result["machine"]))
    with report.progress(len(names) * (options.rounds + 1) * sum(size**2 for size in options.sizes)) as bar:
        for size in options.sizes:
            bar.set_description_str(f"{size}²:")
            measured = absent.copy()
            for worker in measure(size, names, options, partial(bar.update, size**2)):
                measured[worker.name] = summary(worker)
            result["sizes"][size] = {
                "flops": step_flops(size),
                "variants": {name: measured[name] for name in options.variants},
                "peaks": {name.removeprefix("peak-"): measured[name].get("rates", {}) for name in PEAKS},
            }
            bar.write(f"\n{describe(size, result['sizes'][size])}\n")
            bar.write(report.table(*rows(result["sizes"][size]), markdown=options.markdown))
            report.write_json(options.json, result)


def measure(size: int, names: Sequence[str], options: Namespace, tick: Callable[[], Any]) -> list[Worker]:
    """Return the variants' workers after their rounds at one size; calls `tick` after each variant's turn."""
    weights = None if options.untrained else "imagenet"
    with tempfile.TemporaryDirectory() as folder:
        inputs = Path(folder) / "inputs.npz"
        run_apart(write_inputs, inputs, size, weights, options.content, options.style)
        workers = [Worker(name, inputs, weights) for name in names]
        for _ in interleave(workers, options.rounds, options.steps):
            tick()
    return workers


def summary(worker: Worker) -> dict[str, Any]:
    """Return what there is to keep of one variant: all its samples, and what it told."""
    if worker.error:
        return {"error": worker.error}
    kinds = zip(("seconds", "cpu_seconds"), zip(*worker.samples, strict=True), strict=True)
    times = {k: {"median": statistics.median(all_), "best": min(all_), "samples": all_} for k, all_ in kinds}
    return {**worker.told, **times}


def describe(size: int, measured: dict[str, Any]) -> str:
    peaks = ", ".join(
        f"{precision} {rates.get('matmul', 0) / 1e9:.0f} ({rates.get('convolution', 0) / 1e9:.0f})"
        for precision, rates in measured["peaks"].items()
    )
    return (
        f"{size}×{size}, {measured['flops']['total'] / 1e9:.1f} GFLOP a step; GFLOP/s at most in a matrix product "
        f"(in a convolution): {peaks}"
    )


def rows(measured: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return the table's head and rows; shares are of the peaks in the variant's own precision."""
    head = ["step", "network", "seconds", "best", "CPU s", f"x {REFERENCE}", "peak MB", "% of matmul", "% of conv."]
    head += ["content", "style"]
    reference = measured["variants"].get(REFERENCE, {}).get("seconds", {}).get("median")
    lines = []
    for name, each in measured["variants"].items():
        if "error" in each:
            lines.append([name, each["error"], *[""] * (len(head) - 2)])
            continue
        seconds, losses = each["seconds"]["median"], each["losses"]
        rates = measured["peaks"].get(each["precision"], {})
        peaks = [rates.get(kind, math.nan) for kind in ("matmul", "convolution")]
        lines.append(
            [
                name,
                each["precision"],
                f"{seconds:.3f}",
                f"{each['seconds']['best']:.3f}",
                f"{each['cpu_seconds']['median']:.3f}",
                f"{reference / seconds:.2f}" if reference else "",
                f"{each['peak_bytes'] / 2**20:.0f}",
                *(f"{100 * measured['flops']['total'] / seconds / rate:.0f}" for rate in peaks),
                f"{losses['content']:.5g}",
                f"{losses['style']:.5g}",
            ]
        )
    return head, lines


if __name__ == "__main__":
    main()
