"""How good the pictures are: our defaults against variants of them, in numbers and as a sheet to look at.

Four numbers for a generated picture, all of its brightness Y, 0..1:
fine       high-frequency energy, mean |Y - Y blurred by 1 px|, as a multiple of the content's
dots       the same where the content is flattest, its calmest fifth, in 1/255
border     the same in a frame of 8 px as a multiple of that inside it, over the content's multiple: 1 is clean
strokes    energy of broader structure, between blurs of 2 and 8 px, as a multiple of the content's
"""

import time
from pathlib import Path
from typing import Any

import numpy as np

from . import report

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
    from nst_helpers.plots import show_images

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
                figures = judge(image, content)
                result["runs"].append({"pair": pair, "variant": variant, "seconds": seconds, **figures})
                lines.append([pair, variant, *(f"{value:.2f}" for value in figures.values()), f"{seconds:.0f}"])
                sheet[f"{pair}\n{variant}"] = image
                report.write_json(options.json, result)
    print(f"{report.describe(result['machine'])}; {options.size} px, {options.iterations} iterations\n")
    head = ["pair", "variant", "fine", "dots", "border", "strokes", "seconds"]
    print(report.table(head, lines, markdown=options.markdown))
    if options.sheet:
        columns = len(options.variants)
        show_images(sheet, columns=columns, width=4 * columns).savefig(options.sheet, dpi=96)


def judge(image: np.ndarray, content: np.ndarray) -> dict[str, float]:
    """Return the four numbers for a generated picture `[1, H, W, 3]` and its content."""
    from scipy.ndimage import gaussian_filter

    ours, theirs = (np.asarray(picture, np.float32)[0].mean(-1) for picture in (image, content))
    fine, content_fine = (np.abs(y - gaussian_filter(y, 1)) for y in (ours, theirs))
    calm = gaussian_filter(content_fine, 4)
    flat = calm <= np.quantile(calm, 0.2)
    inside = (slice(8, -8), slice(8, -8))

    def at_the_border(energy):
        edge = (energy.sum() - energy[inside].sum()) / (energy.size - energy[inside].size)
        return edge / energy[inside].mean()

    strokes, content_strokes = (np.abs(gaussian_filter(y, 2) - gaussian_filter(y, 8)).mean() for y in (ours, theirs))
    return {
        "fine": float(fine.mean() / content_fine.mean()),
        "dots": float(255 * fine[flat].mean()),
        "border": float(at_the_border(fine) / at_the_border(content_fine)),
        "strokes": float(strokes / content_strokes),
    }


if __name__ == "__main__":
    main()
