"""How good the pictures are: our defaults against variants of them, in numbers and as a sheet to look at.

The numbers are those of `surface` in judges.py.
"""

import time
from pathlib import Path
from typing import Any

from . import report
from .judges import surface

PAIRS = "summer_palace:great_wave,astronaut:great_wave,chelsea:auvers,coffee:composition_viii"
VARIANTS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "average pooling": {"pooling": "avg"},
    "gamma 1": {"gamma": 1},
    "gamma 100": {"gamma": 100},
    "equal layers": {"style_layers": {f"block{block}_conv1": 1.0 for block in range(1, 6)}},
    "plain Adam": {"schedule": "constant"},
    "L-BFGS": {"optimizer": "lbfgs"},
}


def main() -> None:
    parser = report.parser(__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=report.names, default=PAIRS, help="content:style, pictures in data/")
    parser.add_argument("--variants", type=report.names, default=",".join(VARIANTS), help="which to compare")
    parser.add_argument("--size", type=int, default=384, help="longer side of the images")
    parser.add_argument("--iterations", type=int, default=200, help="as many for each")
    parser.add_argument("--sheet", type=Path, metavar="FILE", help="write all pictures side by side")
    options = parser.parse_args()

    from nst_helpers import StyleTransfer, load_image
    from nst_helpers.course.plots import show_images

    from .inputs import DATA

    result = {"benchmark": "pictures", "machine": report.machine(), "runs": []}
    sheet, lines = {}, []
    with report.progress(len(options.pairs) * len(options.variants) * options.iterations) as bar:
        for pair in options.pairs:
            content, style = (load_image(DATA / f"{name}.jpg", options.size, report=None) for name in pair.split(":"))
            for variant in options.variants:
                bar.set_description_str(f"{pair}, {variant}:")
                started = time.perf_counter()
                transfer = StyleTransfer(content, style, **VARIANTS[variant])
                for _ in transfer.steps(options.iterations):
                    bar.update()
                seconds, image = time.perf_counter() - started, transfer.snapshot.image
                figures = surface(image, content)
                result["runs"].append({"pair": pair, "variant": variant, "seconds": seconds, **figures})
                lines.append([pair, variant, *(f"{value:.2f}" for value in figures.values()), f"{seconds:.0f}"])
                sheet[f"{pair}\n{variant}"] = image
                report.write_json(options.json, result)
    print(f"{report.describe(result['machine'])}; {options.size} px, {options.iterations} iterations\n")
    head = ["pair", "variant", *figures, "seconds"]
    print(report.table(head, lines, markdown=options.markdown))
    if options.sheet:
        columns = len(options.variants)
        show_images(sheet, columns=columns, width=4 * columns).savefig(options.sheet, dpi=96)


if __name__ == "__main__":
    main()
