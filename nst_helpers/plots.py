"""Figures of the course: pictures side by side, loss curves, feature maps, Gram matrices.

Each function returns a matplotlib Figure and keeps no pyplot state, so that it works in a notebook, in a widget's
callback and in a test alike.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

WIDTH = 11.0
"""Width of a figure in inches: what fills a notebook's column."""


def show_images(images: Mapping[str, Any], *, columns: int | None = None, width: float = WIDTH) -> Figure:
    """Return the images `[1, H, W, 3]` or `[H, W, 3]`, 0..1, side by side at the same width, each under its title.

    Args:
        images: title to image.
        columns: how many in a row; all of them when left out.
        width: of the figure, in inches.
    """
    pictures = {title: _picture(image) for title, image in images.items()}
    columns = columns or len(pictures)
    rows = -(-len(pictures) // columns)
    tallest = max(picture.shape[0] / picture.shape[1] for picture in pictures.values())
    figure = Figure(figsize=(width, rows * (width / columns * tallest + 0.35)), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for ax in axes:
        ax.axis("off")
    for ax, (title, picture) in zip(axes, pictures.items(), strict=False):
        ax.imshow(picture, cmap="gray", interpolation="antialiased")
        ax.set_title(title, fontsize=10)
    return figure


def show_curves(
    curves: Mapping[str, Sequence[float] | tuple[Sequence[float], Sequence[float]]],
    *,
    x: str = "iteration",
    y: str = "loss",
    log: bool = True,
    marks: Mapping[float, str] | None = None,
    width: float = WIDTH * 0.7,
) -> Figure:
    """Return curves on common axes; each is a list of values, or a pair of lists for x and y.

    Args:
        curves: label to curve.
        x, y: names of the axes.
        log: whether y is logarithmic.
        marks: x to what happened there, drawn as an upright line with these words.
        width: of the figure, in inches.
    """
    figure = Figure(figsize=(width, width * 0.5), layout="constrained")
    ax = figure.subplots()
    for label, curve in curves.items():
        xs, ys = curve if isinstance(curve, tuple) else (range(len(curve)), curve)
        ax.plot(xs, ys, label=label)
    ax.set_yscale("log" if log else "linear")
    for at, words in (marks or {}).items():
        ax.axvline(at, color="0.4", linestyle=":", linewidth=1.2)
        ax.annotate(
            words,
            (at, 1),
            (3, -4),
            fontsize=8,
            rotation=90,
            va="top",
            xycoords=ax.get_xaxis_transform(),
            textcoords="offset points",
        )
    ax.set_xlabel(x)
    ax.set_ylabel(y)
    ax.grid(alpha=0.3)
    ax.legend(frameon=False)
    return figure


def show_bars(values: Mapping[str, float], *, x: str = "", log: bool = False, width: float = WIDTH * 0.7) -> Figure:
    """Return horizontal bars with their numbers, one for each label; `x` names the axis."""
    figure = Figure(figsize=(width, 0.4 * len(values) + 0.8), layout="constrained")
    ax = figure.subplots()
    bars = ax.barh(list(values), list(values.values()))
    ax.bar_label(bars, fmt="%.3g", padding=3)
    ax.invert_yaxis()
    ax.set_xscale("log" if log else "linear")
    ax.set_xlabel(x)
    ax.spines[["top", "right"]].set_visible(False)
    ax.margins(x=0.15)
    return figure


def show_maps(features: Any, channels: Sequence[int], *, columns: int = 8, width: float = WIDTH) -> Figure:
    """Return chosen channels of one layer's features `[1, h, w, C]` as small pictures, each at its own brightness."""
    maps = np.asarray(features, np.float32)[0]
    stretched = {f"channel {c}": maps[..., c] / max(float(maps[..., c].max()), 1e-9) for c in channels}
    return show_images(stretched, columns=min(columns, len(stretched)), width=width)


def show_grams(grams: Mapping[str, Any], *, columns: int | None = None, width: float = WIDTH) -> Figure:
    """Return Gram matrices `[1, C, C]` or `[C, C]` as heat maps on one logarithmic scale, each under its title."""
    matrices = {title: np.asarray(gram, np.float32).reshape(gram.shape[-2:]) for title, gram in grams.items()}
    columns = columns or len(matrices)
    rows = -(-len(matrices) // columns)
    figure = Figure(figsize=(width, rows * (width / columns + 0.3)), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    logs = {title: np.log10(np.maximum(matrix, 1e-12)) for title, matrix in matrices.items()}
    low, high = np.percentile(np.concatenate([log.ravel() for log in logs.values()]), [2, 99.9])
    low = max(low, high - 4)  # dead channels would take all the contrast
    for ax in axes[len(logs) :]:
        ax.axis("off")
    for ax, (title, log) in zip(axes, logs.items(), strict=False):
        drawn = ax.imshow(log, cmap="magma", vmin=low, vmax=high, interpolation="nearest")
        ax.set_title(title, fontsize=10)
    figure.colorbar(drawn, ax=axes.tolist(), shrink=0.7, label="log₁₀ of the entry")
    return figure


def show_gram_cell(pictures: Mapping[str, tuple[Any, Any]], row: int, column: int, *, width: float = WIDTH) -> Figure:
    """Return what is behind one cell of a Gram matrix: the two feature maps, and their product place by place.

    Each picture has a row of its own; what stands in one column has one scale, so that the pictures can be compared.

    Args:
        pictures: title to the picture `[1, H, W, 3]`, 0..1, and one layer's activations of it, `[1, h, w, C]`.
        row, column: the two channels.
        width: of the figure, in inches.
    """
    shapes = [_picture(image).shape for image, _ in pictures.values()]
    height = sum(width / 5 * max(0.6, min(1, shape[0] / shape[1])) + 0.4 for shape in shapes)
    figure = Figure(figsize=(width, height))  # fixed places: a constrained layout would halve the inspector's speed
    places = {"left": 0.005, "right": 0.995, "bottom": 0.02, "top": 1 - 0.3 / height, "wspace": 0.04, "hspace": 0.2}
    axes = figure.subplots(len(pictures), 5, squeeze=False, gridspec_kw=places)
    maps = [np.asarray(features, np.float32)[0] for _, features in pictures.values()]  # (h, w, C)
    flats = [each.reshape(-1, each.shape[-1]) for each in maps]
    logs = [np.log10(np.maximum(flat.T @ flat / flat.size, 1e-12)) for flat in flats]
    low, high = np.percentile(logs, 2), np.percentile(logs, 99.9)
    brightest = [max(max(float(each[..., c].max()) for each in maps), 1e-9) for c in (row, column)]
    parts = zip(axes, pictures.items(), maps, logs, strict=True)
    for (table, picture, first, second, product), (title, (image, _)), each, log in parts:
        table.imshow(log, cmap="magma", vmin=max(low, high - 4), vmax=high, interpolation="nearest")
        table.plot(column, row, "s", ms=9, mfc="none", mec="cyan", mew=2, clip_on=False)
        table.set_title(f"the Gram, row {row}, column {column}", fontsize=10)
        picture.imshow(_picture(image))
        picture.set_title(title, fontsize=10)
        for ax, channel, white in zip((first, second), (row, column), brightest, strict=True):
            ax.imshow(each[..., channel], cmap="gray", vmin=0, vmax=white)
            ax.set_title(f"channel {channel}", fontsize=10)
        product.imshow(each[..., row] * each[..., column], cmap="gray", vmin=0, vmax=np.prod(brightest))
        product.set_title(f"product, mean / C = {10 ** log[row, column]:.2g}", fontsize=10)
    for ax in axes.ravel():
        ax.axis("off")
    return figure


def show_table(
    values: Any, rows: Sequence[str], columns: Sequence[str], *, title: str = "", width: float = WIDTH * 0.7
) -> Figure:
    """Return a table as a heat map with its numbers written in."""
    values = np.asarray(values, np.float64)
    figure = Figure(figsize=(width, 0.42 * len(rows) + 0.9), layout="constrained")
    ax = figure.subplots()
    ax.imshow(values, cmap="viridis", aspect="auto")
    ax.set_xticks(range(len(columns)), columns, rotation=20, ha="right", rotation_mode="anchor")
    ax.set_yticks(range(len(rows)), rows)
    middle = (values.min() + values.max()) / 2
    for (y, x), value in np.ndenumerate(values):
        colour = "black" if value > middle else "white"
        ax.text(x, y, f"{value:.2g}", ha="center", va="center", color=colour, fontsize=10)
    ax.set_title(title, fontsize=11)
    return figure


def show_boxes(image: Any, sides: Mapping[str, int], *, width: float = WIDTH * 0.6) -> Figure:
    """Return an image with squares drawn around its middle, `side` pixels wide, and a legend of their names."""
    picture = _picture(image)
    figure = Figure(figsize=(width, width * picture.shape[0] / picture.shape[1]), layout="constrained")
    ax = figure.subplots()
    ax.imshow(picture)
    y, x = picture.shape[0] / 2 - 0.5, picture.shape[1] / 2 - 0.5
    for i, (name, side) in enumerate(sides.items()):
        ax.add_patch(Rectangle((x - side / 2, y - side / 2), side, side, fill=False, edgecolor=f"C{i}", linewidth=2))
        note = {"color": "white", "fontsize": 10, "va": "center", "bbox": {"facecolor": f"C{i}", "linewidth": 0}}
        ax.text(3, 8 + i * 0.07 * picture.shape[0], f"{name}: {side} px", **note)
    ax.axis("off")
    return figure


def _picture(image: Any) -> np.ndarray:
    array = np.asarray(image, np.float32)
    array = array[0] if array.ndim == 4 else array
    return np.clip(array, 0, 1)
