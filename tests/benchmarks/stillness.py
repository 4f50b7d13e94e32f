"""What is left to change when a run has ended by itself: its picture, and that of three times as many iterations."""

from collections import deque
from typing import Any

import numpy as np

from . import report

PAIRS = "summer_palace:great_wave,chelsea:auvers,astronaut:stained_glass"


def main() -> None:
    parser = report.parser(__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=report.names, default=PAIRS, help="content:style, pictures in data/")
    parser.add_argument("--schedules", type=report.names, default="decay,constant", help="of the learning rate")
    parser.add_argument("--size", type=int, default=256, help="longer side of the images")
    parser.add_argument("--most", type=int, default=2000, help="iterations after which a run is given up")
    parser.add_argument("--untrained", action="store_true", help="random kernels: a quick trial")
    options = parser.parse_args()

    result = {"benchmark": "stillness", "machine": report.machine(), "runs": []}
    runs = [(pair, schedule) for schedule in options.schedules for pair in options.pairs]
    with report.progress(len(runs)) as bar:
        for pair, schedule in runs:
            bar.set_description_str(f"{pair}, {schedule}:")
            result["runs"].append(measured(pair, schedule, options))
            bar.update()
            report.write_json(options.json, result)
    print(f"{report.describe(result['machine'])}\n")
    head = ["pair", "schedule", "ended at", "left to change", "95 % of pixels"]
    rows = [
        [run["pair"], run["schedule"], run["iteration"], f"{run['left']:.2f}", f"{run['p95']:.1f}"]
        for run in result["runs"]
    ]
    print(report.table(head, rows, markdown=options.markdown))
    print("\nlevels of 255, after a blur of 1 px: root mean square, and the most in 95 of 100 pixels")


def measured(pair: str, schedule: str, options: Any) -> dict[str, Any]:
    """Return where a run ends, and how far its picture is from that of three times as many iterations."""
    from nst_helpers import StyleTransfer, coarse_to_fine, load_image
    from nst_helpers.commands.options import ITERATIONS
    from nst_helpers.machine.stillness import blurred, visible_change

    from .inputs import DATA

    content, style = (load_image(DATA / f"{name}.jpg", options.size, report=None) for name in pair.split(":"))
    scales = coarse_to_fine(content.shape, min(ITERATIONS, options.most))
    weights = None if options.untrained else "imagenet"
    transfer = StyleTransfer(content, style, schedule=schedule, scales=scales, weights=weights)
    ended = transfer.run(options.most, progress=False, until_still=True)[-1]
    later = deque(transfer.steps(2 * ended.iteration), maxlen=1).pop()
    change = 255 * np.abs(blurred(ended.image) - blurred(later.image)).max(axis=-1)
    return {
        "pair": pair,
        "schedule": schedule,
        "iteration": ended.iteration,
        "left": visible_change(ended.image, later.image),
        "p95": float(np.percentile(change, 95)),
    }


if __name__ == "__main__":
    main()
