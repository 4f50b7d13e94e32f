"""The cheat sheet: the three losses and every knob of a run, each with what it does in a row of real runs."""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from tqdm.auto import tqdm

from ..layers import STYLE_LAYERS
from ..machine.kernels import Kernels
from ..settings import Settings, coarse_to_fine, whole_number
from ..transfer import StyleTransfer
from .plots import WIDTH, drawable

USUAL = "C2"
"""The colour of what a run does by default."""
COLUMNS, TEXT_WIDTH, TEXT_CHARACTERS = 4, 1.15, 34
"""Pictures in a row; the width of the text before them, in widths of a picture and in characters."""
MATHS = (
    r"$L = \alpha\,L_{content} + \beta\,L_{style} + \gamma\,L_{TV}$",
    r"$L_{content} = \frac{1}{2}\,\mathrm{mean}\,(C - G)^2$",
    r"$L_{style} = \sum_l w_l\,d\,(S_l, G_l)\,/\,u_l$",
    r"$L_{TV} = (\mathrm{mean}\,\Delta_y^2 + \mathrm{mean}\,\Delta_x^2)\,/\,0.25^2$",
)


@dataclass(frozen=True)
class Knob:
    """A setting, its effect, and cases to show it: caption to arguments of `StyleTransfer`, or None for the content."""

    name: str
    effect: str
    cases: Mapping[str, Mapping[str, Any] | None]


KNOBS = (
    Knob(
        "β, style weight",
        "How hard the style pulls; only its ratio to α counts. Too much, and the content is lost.",
        {f"β = {beta:,.0f}": {"beta": beta} for beta in (1e2, 1e3, 1e4, 1e5)},
    ),
    Knob(
        "γ, total variation weight",
        "Smooths. Little leaves grain; too much melts lines and strokes alike.",
        {f"γ = {gamma:,.0f}": {"gamma": gamma} for gamma in (0, 10, 100, 1000)},
    ),
    Knob(
        "content layer",
        "What counts as the same content. Shallow: lines and light. Deep: what is where.",
        {f"block{block}_conv2": {"content_layers": f"block{block}_conv2"} for block in (2, 3, 4, 5)},
    ),
    Knob(
        "style layers",
        "How large the patterns are that count as style: block1 knows colours and grain, block5 motifs. "
        "The unit u of each is such that all pull about equally at first.",
        {
            title: {"style_layers": STYLE_LAYERS[:n]}
            for title, n in (("block1", 1), ("blocks 1 and 2", 2), ("blocks 1 to 3", 3), ("all five", 5))
        },
    ),
    Knob(
        "start",
        "Of many pictures with a similar loss, one near the start is found. From noise, the seed decides.",
        {
            "from the content": {"init": "content"},
            "from the style": {"init": "style"},
            "from noise": {"init": "noise"},
            "from noise, seed 1": {"init": "noise", "seed": 1},
        },
    ),
    Knob(
        "colours",
        "The style's; or the content's, by matching the style to them before the run, or by putting them back after.",
        {name: {"colors": name} for name in ("style", "matched", "luminance")} | {"the content's own": None},
    ),
)
STAGES = (0.05, 0.2, 0.5, 1.0)
"""Shares of the iterations after which the last row shows the picture."""


def cheat_sheet(
    content: np.ndarray,
    style: np.ndarray,
    *,
    iterations: int = 150,
    progress: bool = True,
    weights: str | Kernels | None = "imagenet",
) -> Figure:
    """Return one page: the losses, the two pictures and their usual result, and a row of runs for each knob.

    Along each row one setting changes; the default has a coloured frame. In all this takes about twenty runs.

    Args:
        content, style: float32 `[1, H, W, 3]`, RGB, 0..1.
        iterations: of each run, at least 20.
        progress: whether to show a bar with the time left.
        weights: of VGG19, as `StyleTransfer` takes them.

    Raises:
        InputError: an image or a number that cannot work.

    Built in notebooks/11_your_own_picture.
    """
    iterations = whole_number("iterations", iterations, 20, 10**6)
    stages = [round(share * iterations) for share in STAGES]
    runs = {_key(case): case for knob in KNOBS for case in knob.cases.values() if case is not None}
    results, scales = {None: [content]}, coarse_to_fine(content.shape, iterations)
    with tqdm(total=len(runs) * iterations, disable=not progress, unit="it") as bar:
        for key, case in runs.items():
            transfer = StyleTransfer(content, style, **case, scales=scales, weights=weights)
            results[key] = []
            for snapshot in transfer.steps(iterations):
                bar.update()
                if snapshot.iteration in stages:
                    results[key].append(snapshot.image)
    usual = results[_key({})]
    rows = {(knob.name, knob.effect): {c: results[_key(case)][-1] for c, case in knob.cases.items()} for knob in KNOBS}
    rows["iterations", "Most happens early; what comes later refines it."] = {
        f"after {stage}": image for stage, image in zip(stages, usual, strict=True)
    }
    return _page({"content C": content, "style S": style, "generated G": usual[-1]}, rows)


def _key(case: Mapping[str, Any] | None) -> str | None:
    """Return a key that equal runs share."""
    return None if case is None else repr(Settings(**case))


def _page(inputs: Mapping[str, np.ndarray], rows: Mapping[tuple[str, str], Mapping[str, np.ndarray]]) -> Figure:
    content, _, usual = inputs.values()
    side = WIDTH / (COLUMNS + TEXT_WIDTH)
    height = (len(rows) + 1) * (side * content.shape[1] / content.shape[2] + 0.34)
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.04, h_pad=0.05, wspace=0, hspace=0)
    grid = figure.add_gridspec(len(rows) + 1, COLUMNS + 1, width_ratios=[TEXT_WIDTH] + [1] * COLUMNS)
    _write(figure.add_subplot(grid[0, :-3]), "Neural style transfer on one page", "\n".join(MATHS), size=12)
    for i, (caption, picture) in enumerate(inputs.items()):
        _draw(figure.add_subplot(grid[0, i - 3]), caption, picture, picture is usual)
    for y, ((name, effect), pictures) in enumerate(rows.items(), 1):
        _write(figure.add_subplot(grid[y, 0]), name, textwrap.fill(effect, TEXT_CHARACTERS))
        for x, (caption, picture) in enumerate(pictures.items(), 1):
            _draw(figure.add_subplot(grid[y, x]), caption, picture, picture is usual)
    return figure


def _write(ax: Axes, title: str, text: str, size: float = 9) -> None:
    ax.set_axis_off()
    ax.text(0, 1, title, transform=ax.transAxes, va="top", fontsize=size + 2, weight="bold")
    ax.annotate(text, (0, 1), (0, -2.2 * size - 4), ax.transAxes, "offset points", va="top", fontsize=size)


def _draw(ax: Axes, caption: str, image: np.ndarray, is_usual: bool) -> None:
    ax.imshow(drawable(image), interpolation="antialiased")
    ax.set_title(caption, fontsize=9, pad=3, color=USUAL if is_usual else "black", weight="bold" if is_usual else None)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set(visible=is_usual, color=USUAL, linewidth=3)
