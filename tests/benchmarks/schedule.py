"""How many evaluations, and seconds, our defaults need to the loss of a plain Adam at a constant rate.

For each pair of pictures and each size a reference run is made, then one with our default settings until its loss is
as low. An evaluation is one pass for the loss and its gradient; both runs have the same losses and the same network.
"""

import statistics
import time
from collections.abc import Iterator
from typing import Any

from . import report

PAIRS = "summer_palace:great_wave,astronaut:auvers,chelsea:composition_viii,coffee:great_wave"


def main() -> None:
    parser = report.parser(__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=report.names, default=PAIRS, help="content:style, pictures in data/")
    parser.add_argument("--sizes", type=report.numbers, default="128,192,256", help="longer side of the images")
    parser.add_argument("--reference-rate", type=float, default=0.02, help="the plain Adam's learning rate")
    parser.add_argument("--reference-iterations", type=int, default=500, help="after which its loss is the goal")
    parser.add_argument("--untrained", action="store_true", help="random kernels: a quick trial")
    options = parser.parse_args()

    result = {"benchmark": "schedule", "machine": report.machine(), "runs": []}
    work = 2 * options.reference_iterations * len(options.pairs) * sum(size**2 for size in options.sizes)
    with report.progress(work) as bar:
        for size in options.sizes:
            for pair in options.pairs:
                bar.set_description_str(f"{size} px, {pair}:")
                before = bar.n
                for _ in compare(pair, size, options, result):
                    bar.update(size**2)
                bar.update(before + 2 * options.reference_iterations * size**2 - bar.n)
                report.write_json(options.json, result)
    print(f"{report.describe(result['machine'])}\n")
    print(report.table(*rows(result["runs"]), markdown=options.markdown))
    reached = [run["ours"] for run in result["runs"] if run["ours"]["evaluations"]]
    if reached:
        evaluations = [ours["evaluations"] for ours in reached]
        print(
            f"\nour defaults reach the goal in {len(reached)} of {len(result['runs'])} runs, after "
            f"{statistics.mean(evaluations):.0f} evaluations on average (the most: {max(evaluations)})"
        )


def compare(pair: str, size: int, options: Any, result: dict[str, Any]) -> Iterator[None]:
    """Append the two runs of one pair at one size to the result; yields after each evaluation."""
    from nst_helpers import StyleTransfer, load_image

    from .inputs import DATA

    content, style = (load_image(DATA / f"{name}.jpg", size, report=None) for name in pair.split(":"))
    weights = None if options.untrained else "imagenet"
    reference, ours = (StyleTransfer(content, style, weights=weights) for _ in range(2))
    reference._optimizer = PlainAdam(options.reference_rate)
    slow, fast = Curve(reference), Curve(ours)
    for _ in slow.follow(options.reference_iterations):
        yield
    for _ in fast.follow(options.reference_iterations, goal=slow.losses[-1]):
        yield
    reached = fast.losses[-1] <= slow.losses[-1]
    result["runs"].append(
        {
            "pair": pair,
            "size": size,
            "network": ours.features.precision,
            "goal": slow.losses[-1],
            "reference": {"evaluations": len(slow.losses), "seconds": slow.seconds[-1], **slow.all()},
            "ours": {
                "evaluations": len(fast.losses) if reached else None,
                "seconds": fast.seconds[-1] if reached else None,
                **fast.all(),
            },
        }
    )


class Curve:
    """The losses of a run and the seconds at which they were known; the first evaluation is at the first image."""

    def __init__(self, transfer: Any):
        self.transfer = transfer
        self.losses, self.seconds = [], []

    def follow(self, iterations: int, goal: float = 0.0) -> Iterator[None]:
        """Run until the loss is at the goal; compiling, which both runs do once, is left out of the seconds."""
        self.losses.append(self.transfer.snapshot.losses.total)
        self.seconds.append(0.0)
        steps = self.transfer.steps(iterations)
        for _ in range(iterations):
            start = time.perf_counter()
            self.losses.append(next(steps).losses.total)
            self.seconds.append(self.seconds[-1] + time.perf_counter() - start)
            yield
            if self.losses[-1] <= goal:
                return

    def all(self) -> dict[str, list[float]]:
        """Return the curve's points."""
        return {"losses": self.losses, "seconds_at": self.seconds}


class PlainAdam:
    """Adam as its paper gives it, at a constant rate, with the pixels kept in 0..1."""

    average = None

    def __init__(self, rate: float, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-8):
        self.rate, self.beta_1, self.beta_2, self.epsilon = rate, beta_1, beta_2, epsilon
        self.iteration, self.mean, self.square = 0, 0.0, 0.0

    def update(self, image: Any, loss: float, gradient: Any) -> Any:
        """Return the image one step further."""
        import tensorflow as tf

        self.iteration += 1
        self.mean = self.beta_1 * self.mean + (1 - self.beta_1) * gradient
        self.square = self.beta_2 * self.square + (1 - self.beta_2) * gradient**2
        mean = self.mean / (1 - self.beta_1**self.iteration)
        square = self.square / (1 - self.beta_2**self.iteration)
        return tf.clip_by_value(image - self.rate * mean / (tf.sqrt(square) + self.epsilon), 0.0, 1.0)


def rows(runs: list[dict[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """Return the table's head and rows."""
    head = ["pair", "size", "goal", "plain: evaluations", "seconds", "ours: evaluations", "seconds", "times fewer"]
    lines = []
    for run in runs:
        plain, ours = run["reference"], run["ours"]
        line = [run["pair"], run["size"], f"{run['goal']:.4g}", plain["evaluations"], f"{plain['seconds']:.1f}"]
        if ours["evaluations"]:
            line += [ours["evaluations"], f"{ours['seconds']:.1f}", f"{plain['evaluations'] / ours['evaluations']:.2f}"]
        else:
            line += [f"more than {len(ours['losses'])}", "", ""]
        lines.append(line)
    return head, lines


if __name__ == "__main__":
    main()
