"""The figures of notebook 09: what each step beyond the simple loop does, over several pairs of pictures at 384 px.

python -m tests.pictures.figures_09

Every run costs the same: evaluations of the loss times pixels. The pictures stay in runs/figures_09/; one that is there
is not painted again, so that the command goes on where it was stopped. Delete the folder to begin anew.
"""

import argparse
import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from PIL import Image
from tqdm.auto import tqdm

from nst_helpers import StyleTransfer
from nst_helpers.course.notebooks import picture
from nst_helpers.course.score_card import palette_distance, structural_similarity
from nst_helpers.files.images import load_image, to_pil
from nst_helpers.objective import Objective
from nst_helpers.settings import coarse_to_fine

from ..benchmarks.judges import surface
from .gallery import GAP, PREVIEWS, ROOT, drawn, open_picture, write

RUNS = ROOT / "runs" / "figures_09"
PAIRS = (
    ("summer_palace", "great_wave"),
    ("chelsea", "auvers"),
    ("astronaut", "composition_viii"),
)
SIZE, ITERATIONS = 384, 96
"""Longer side in pixels, and iterations from coarse to fine; a run at one size has as many as cost the same."""
DECAY = 0.95
"""Share of the average so far in the average of the iterates."""


class ZerosBeyondTheBorder(Objective):
    """The usual losses, by a network whose first convolution sees zeros beyond the picture, as all others do."""

    def __init__(self, *, features: Any, **more: Any):
        features = copy.copy(features)  # which other runs share
        features.border = "zeros"
        super().__init__(features=features, **more)


class ZeroPadded(StyleTransfer):
    Objective = ZerosBeyondTheBorder


SIMPLE = {"schedule": "constant", "style_distance": "squared"}
VARIANTS: dict[str, tuple[type, Mapping[str, Any]]] = {
    "loop": (StyleTransfer, SIMPLE),
    "fine": (StyleTransfer, SIMPLE),
    "decay": (StyleTransfer, {"style_distance": "squared"}),
    "package": (StyleTransfer, {}),
    "zeros": (ZeroPadded, {}),
    "pooling": (StyleTransfer, {"pooling": "avg"}),
    "lbfgs": (StyleTransfer, {"optimizer": "lbfgs"}),
}
STEPS = {
    "simple loop": "loop last",
    "coarse to fine": "fine last",
    "falling rate, averaged": "decay average",
    "Wasserstein": "package average",
}
"""The steps on the way to the defaults, and what shows each."""
MEASURED = {
    "simple loop": "loop last",
    "+ coarse to fine": "fine last",
    "+ averaged": "fine average",
    "+ falling rate": "decay average",
    "+ Wasserstein": "package average",
    "   zeros beyond": "zeros average",
    "   average pools": "pooling average",
    "   L-BFGS": "lbfgs last",
}
MEASURES = {
    "palette": "palette: ΔE to the\npainting (lower)",
    "structure": "structure kept:\nSSIM (higher)",
    "strokes": "strokes: energy\nof 2 to 8 px",
    "dots": "grain in calm\nareas (lower)",
    "rim": "brightness of the\nrim (1 is clean)",
}
OPTIONS = ("package average", "pooling average", "lbfgs last")
CALM = {PAIRS[0]: (230, 20, 342, 84), PAIRS[2]: (185, 15, 297, 79)}
"""Pair to the box of its close-up."""


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=SIZE, help=f"longer side of each picture in pixels ({SIZE})")
    parser.add_argument("--iterations", type=int, default=ITERATIONS, help=f"of each run ({ITERATIONS})")
    parser.add_argument("--runs", type=Path, default=RUNS, metavar="DIR", help="where to keep what was painted")
    parser.add_argument("--only", metavar="CONTENT", help="paint this content's pictures and draw no figure")
    options = parser.parse_args(arguments)
    options.runs.mkdir(parents=True, exist_ok=True)
    for pair in PAIRS if options.only is None else [pair for pair in PAIRS if pair[0] == options.only]:
        for variant in VARIANTS:
            paint(options.runs, pair, variant, options.size, options.iterations)
    if options.only:
        return
    how = f"{options.size} px, {options.iterations} iterations"
    for name, figure in figures(options.runs, options.size).items():
        write(figure, PREVIEWS / f"{name}.jpg", how)


def paint(folder: Path, pair: tuple[str, str], variant: str, size: int, iterations: int) -> None:
    """Paint one picture unless it is there: its last iterate and the average of the last size's iterates."""
    path = folder / f"{pair[0]}_{pair[1]}_{variant}"
    if path.with_name(f"{path.name}_average.png").exists():
        return
    content, style = (picture(f"{name}.jpg", size) for name in pair)
    method, settings = VARIANTS[variant]
    scales = coarse_to_fine(content.shape, iterations)
    run = method(content, style, scales=scales, **settings)
    if variant == "loop":
        iterations, run = round(run.work(iterations)), method(content, style, **settings)
    average, done = None, 0
    for _ in run.steps(iterations):
        image = run.image.numpy()
        if image.shape != content.shape:
            continue
        done += 1
        new = (1 - DECAY) / (1 - DECAY**done)
        average = image if average is None else average + new * (image - average)
    for kind, result in (("last", image), ("average", average)):
        to_pil(result).save(path.with_name(f"{path.name}_{kind}.png"))
    print(f"{path.name}: {iterations} iterations, losses {run.snapshot.losses}", flush=True)


def figures(folder: Path, size: int) -> dict[str, Image.Image]:
    """Return name to figure, of what was painted."""

    def row(kind: str, pairs: Any = PAIRS) -> list[Image.Image]:
        return [painted(folder, pair, kind) for pair in pairs]

    first, two = PAIRS[0], PAIRS[:2]
    closer = ("fine last", "fine average", "decay last", "decay average")
    close_ups = [[enlarged(painted(folder, pair, kind), box) for kind in closer] for pair, box in CALM.items()]
    corners = [[enlarged(each, corner(each)) for each in row(kind)] for kind in ("zeros average", "package average")]
    options = [[painted(folder, pair, kind) for kind in OPTIONS] for pair in two]
    return {
        "09_better_and_faster": sheet([[painted(folder, first, kind) for kind in STEPS.values()]], 1300),
        "09_coarse_to_fine": sheet([row("loop last"), row("fine last")], 960),
        "09_average": sheet(close_ups, 1000),
        "09_wasserstein": sheet([row("decay average"), row("package average")], 960),
        "09_border": sheet(corners, 800),
        "09_options": sheet(options, 880),
        "09_measured": drawn(measured(folder, size), 100),
    }


def painted(folder: Path, pair: tuple[str, str], kind: str) -> Image.Image:
    """Return a picture of a pair by its variant and "last" or "average"."""
    return open_picture(folder / f"{pair[0]}_{pair[1]}_{kind.replace(' ', '_')}.png")


def sheet(rows: list[list[Image.Image]], width: int) -> Image.Image:
    """Return pictures in rows, each row as wide as asked and its pictures equally high."""
    bands = []
    for row in rows:
        height = round((width - GAP * (len(row) - 1)) / sum(each.width / each.height for each in row))
        bands.append(Image.new("RGB", (width, height), "white"))
        x = 0
        for each in row:
            each = each.resize((round(height * each.width / each.height), height), Image.Resampling.LANCZOS)
            bands[-1].paste(each, (x, 0))
            x += each.width + GAP
    whole = Image.new("RGB", (width, sum(band.height + GAP for band in bands) - GAP), "white")
    y = 0
    for band in bands:
        whole.paste(band, (0, y))
        y += band.height + GAP
    return whole


def enlarged(image: Image.Image, box: tuple[int, int, int, int]) -> Image.Image:
    """Return a part of a picture, each pixel as a square."""
    part = image.crop(box)
    return part.resize((3 * part.width, 3 * part.height), Image.Resampling.NEAREST)


def corner(image: Image.Image) -> tuple[int, int, int, int]:
    """Return the box of the lower left corner."""
    return 0, image.height - 64, 112, image.height


def measured(folder: Path, size: int) -> Figure:
    """Return the measures of all steps as dots, one for each pair, and print a table of means and ranges."""
    numbers = {}
    for pair in tqdm(PAIRS, desc="measuring", unit="pair"):
        content, style = (picture(f"{name}.jpg", size) for name in pair)
        for name, kind in MEASURED.items():
            path = folder / f"{pair[0]}_{pair[1]}_{kind.replace(' ', '_')}.png"
            image = load_image(path, size, report=None)
            seen = surface(image, content) | {"palette": palette_distance(style, image)}
            seen |= {"structure": structural_similarity(content, image)}
            numbers.setdefault(name, []).append([seen[measure] for measure in MEASURES])
    table = np.array(list(numbers.values()))  # (steps, pairs, measures)
    print("| |", " | ".join(MEASURES), "|\n|" + "---|" * (1 + len(MEASURES)))
    for name, rows in numbers.items():
        spread = zip(np.mean(rows, 0), np.min(rows, 0), np.max(rows, 0), strict=True)
        print(f"| {name} |", " | ".join(f"{m:.2f} ({low:.2f}–{high:.2f})" for m, low, high in spread), "|")
    figure = Figure(figsize=(11, 3.4), layout="constrained")
    axes = figure.subplots(1, len(MEASURES), sharey=True)
    for ax, title, values in zip(axes, MEASURES.values(), np.moveaxis(table, -1, 0), strict=True):
        ax.barh(range(len(values)), values.mean(1), color="0.85")
        for each in values.T:
            ax.plot(each, range(len(values)), "o", ms=5)
        ax.set_yticks(range(len(values)), MEASURED)
        ax.set_title(title, fontsize=9)
        low, high = values.min(), values.max()
        ax.set_xlim(max(0, low - 0.4 * (high - low)), high + 0.1 * (high - low))
        ax.spines[["top", "right"]].set_visible(False)
    axes[0].invert_yaxis()
    return figure


if __name__ == "__main__":
    main()
