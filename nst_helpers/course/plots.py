"""Figures of the course: pictures side by side, loss curves, feature maps, Gram matrices.

Each function returns a matplotlib Figure without pyplot, so that it works in notebooks, widgets and tests alike.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

WIDTH = 11.0
"""Width of a figure in inches: what fills a notebook's column."""


def show_images(images: Mapping[str, Any], *, columns: int | None = None, width: float = WIDTH) -> Figure:
    """Return the images `[1, H, W, 3]` or `[H, W, 3]`, 0..1, side by side at the same width, each under its title.

    Args:
        images: title to image.
        columns: how many in a row; all of them when left out.
        width: of the figure, in inches.
    """
    pictures = {title: drawable(image) for title, image in images.items()}
    tallest = max(picture.shape[0] / picture.shape[1] for picture in pictures.values())
    columns = columns or len(pictures)
    rows = -(-len(pictures) // columns)
    figure = Figure(figsize=(width, rows * (width / columns * tallest + 0.35)), layout="constrained")
    for i, (title, picture) in enumerate(pictures.items(), 1):
        ax = figure.add_subplot(rows, columns, i)
        ax.set_title(title, fontsize=10)
        ax.imshow(picture, cmap="gray", interpolation="antialiased")
        ax.axis("off")
    return figure


def show_curves(
    curves: Mapping[str, Sequence[float] | tuple[Sequence[float], Sequence[float]]],
    *,
    x: str = "iteration",
    y: str = "loss",
    log: bool = True,
    marks: Mapping[float, str] | None = None,
) -> Figure:
    """Return labelled curves on common axes; each is a list of values, or a pair of lists for x and y.

    Args:
        curves: label to curve.
        x, y: names of the axes.
        log: whether y is logarithmic.
        marks: x to what happened there, drawn as an upright line with these words.
    """
    figure = Figure(figsize=(WIDTH * 0.7, WIDTH * 0.35), layout="constrained")
    ax = figure.subplots()
    for label, curve in curves.items():
        xs, ys = curve if isinstance(curve, tuple) else (range(len(curve)), curve)
        ax.plot(xs, ys, label=label)
    ax.set_yscale("log" if log else "linear")
    for at, words in (marks or {}).items():
        ax.axvline(at, color="0.4", linestyle=":", linewidth=1.2)
        place = (at, 1), (3, -4), ax.get_xaxis_transform(), "offset points"
        ax.annotate(words, *place, fontsize=8, rotation=90, va="top")
    ax.set(xlabel=x, ylabel=y)
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
    ax.set(xscale="log" if log else "linear", xlabel=x)
    ax.spines[["top", "right"]].set_visible(False)
    ax.margins(x=0.15)
    return figure


def show_maps(features: Any, channels: Sequence[int], *, columns: int = 8, width: float = WIDTH) -> Figure:
    """Return chosen channels of one layer's features `[1, h, w, C]` as small pictures, each at its own brightness."""
    maps = np.asarray(features, np.float32)[0]
    stretched = {f"channel {c}": maps[..., c] / max(float(maps[..., c].max()), 1e-9) for c in channels}
    return show_images(stretched, columns=min(columns, len(stretched)), width=width)


def show_grams(grams: Mapping[str, Any], *, width: float = WIDTH) -> Figure:
    """Return Gram matrices `[1, C, C]` or `[C, C]` as heat maps on one logarithmic scale, each under its title."""
    logs = [_log(np.asarray(gram, np.float32).reshape(gram.shape[-2:])) for gram in grams.values()]
    scale = _log_scale(np.concatenate([log.ravel() for log in logs]))
    figure = Figure(figsize=(width, width / len(logs) + 0.3), layout="constrained")
    axes = figure.subplots(1, len(logs), squeeze=False)[0]
    for ax, title, log in zip(axes, grams, logs, strict=True):
        ax.set_title(title, fontsize=10)
        drawn = ax.imshow(log, **scale)
    figure.colorbar(drawn, ax=figure.axes, shrink=0.7, label="log₁₀ of the entry")
    return figure


def show_gram_cell(pictures: Mapping[str, tuple[Any, Any]], row: int, column: int, *, width: float = WIDTH) -> Figure:
    """Return what is behind one cell of a Gram matrix: the two feature maps, and their product place by place.

    There is a row for each picture; all rows share the scale of a column, so that the pictures can be compared.

    Args:
        pictures: title to the picture `[1, H, W, 3]`, 0..1, and one layer's activations of it, `[1, h, w, C]`.
        row, column: the two channels.
        width: of the figure, in inches.
    """
    shapes = [drawable(image).shape for image, _ in pictures.values()]
    height = sum(width / 5 * max(0.6, min(1, shape[0] / shape[1])) + 0.4 for shape in shapes)
    figure = Figure(figsize=(width, height))  # fixed places: a constrained layout would halve the inspector's speed
    places = {"left": 0.005, "right": 0.995, "bottom": 0.02, "top": 1 - 0.3 / height, "wspace": 0.04, "hspace": 0.2}
    axes = figure.subplots(len(pictures), 5, squeeze=False, gridspec_kw=places)
    maps = [np.asarray(features, np.float32)[0] for _, features in pictures.values()]  # (h, w, C)
    flats = [each.reshape(-1, each.shape[-1]) for each in maps]
    logs = [_log(flat.T @ flat / flat.size) for flat in flats]
    scale = _log_scale(logs)
    brightest = [max(max(float(each[..., c].max()) for each in maps), 1e-9) for c in (row, column)]
    parts = zip(axes, pictures.items(), maps, logs, strict=True)
    for (table, picture, first, second, product), (title, (image, _)), each, log in parts:
        table.imshow(log, **scale)
        table.plot(column, row, "s", ms=9, mfc="none", mec="cyan", mew=2, clip_on=False)
        table.set_title(f"the Gram, row {row}, column {column}", fontsize=10)
        picture.imshow(drawable(image))
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
    values: Any,
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    title: str = "",
    width: float = WIDTH * 0.7,
    by_column: bool = False,
) -> Figure:
    """Return a table as a heat map with its numbers written in, with the same decimals down each column.

    Args:
        values: a row of numbers for each of `rows`.
        rows, columns: their names.
        title: above the table.
        width: of the figure, in inches.
        by_column: whether each column has colours of its own, as columns of different units need.
    """
    values = np.asarray(values, np.float64)
    figure = Figure(figsize=(width, 0.42 * len(rows) + 0.9), layout="constrained")
    ax = figure.subplots()
    low, high = (end(axis=0 if by_column else None, keepdims=True) for end in (values.min, values.max))
    shades = (values - low) / np.where(high > low, high - low, 1)  # 0..1
    ax.imshow(shades, cmap="viridis", aspect="auto", vmin=0, vmax=1)
    ax.set_xticks(range(len(columns)), columns, rotation=20, ha="right", rotation_mode="anchor")
    ax.set_yticks(range(len(rows)), rows)
    decimals = [_decimals(column) for column in values.T]
    for (y, x), value in np.ndenumerate(values):
        style = {"ha": "center", "va": "center", "color": "black" if shades[y, x] > 0.5 else "white", "fontsize": 10}
        ax.text(x, y, f"{value:.{decimals[x]}f}", **style)
    ax.set_title(title, fontsize=11)
    return figure


def show_clouds(
    clouds: Mapping[str, tuple[Any, Any]], names: tuple[str, str], *, target: Any = None, width: float = WIDTH
) -> Figure:
    """Return clouds of points side by side on common axes, each with the ellipse of its mean and covariance.

    The ellipse goes as far as one standard deviation from the mean in every direction. At most 2,500 points are drawn.

    Args:
        clouds: title to the points `[n, 2]` and their colours `[n, 3]`, 0..1.
        names: what the two axes are.
        target: points whose ellipse is drawn dashed in all panels.
        width: of the figure, in inches.
    """
    figure = Figure(figsize=(width, width / len(clouds) + 0.1), layout="constrained")
    axes = figure.subplots(1, len(clouds), squeeze=False)[0]
    every = np.concatenate([np.asarray(points, np.float64) for points, _ in clouds.values()])
    low, high = np.minimum(np.percentile(every, 0.5, axis=0), -0.5), 1.1 * np.percentile(every, 99, axis=0)
    for ax, (title, (points, colors)) in zip(axes, clouds.items(), strict=True):
        points = np.asarray(points, np.float64)
        drawn = np.random.default_rng(0).permutation(len(points))[:2500]
        ax.scatter(*points[drawn].T, c=np.clip(colors, 0, 1)[drawn], s=7, edgecolors="0.5", linewidths=0.15)
        if target is not None:
            for color, line in (("white", 4.5), ("black", 2)):
                ax.plot(*_ellipse(target), color=color, linewidth=line, linestyle=(0, (3, 1.5)))
        for color, line in (("white", 4.5), ("C3", 2.5)):
            ax.plot(*_ellipse(points), color=color, linewidth=line)
        ax.plot(*points.mean(0), "P", color="C3", markeredgecolor="white", markersize=11)
        ax.set_title(title, fontsize=10)
        ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), xlabel=names[0])
    axes[0].set_ylabel(names[1])
    return figure


def drawable(image: Any) -> np.ndarray:
    """Return an image `[1, H, W, 3]` or `[H, W, 3]` as `imshow` takes it, `[H, W, 3]`, clipped to 0..1."""
    array = np.asarray(image, np.float32)
    return np.clip(array[0] if array.ndim == 4 else array, 0, 1)


def _decimals(numbers: np.ndarray) -> int:
    """Return how many decimals give the smallest number two digits, but the largest no more than three."""
    sizes = np.abs(numbers[np.nonzero(numbers)])
    if not (sizes % 1).any():
        return 0
    small, large = (int(np.floor(np.log10(size))) for size in (sizes.min(), sizes.max()))
    return max(0, min(1 - small, 2 - large))


def _log(gram: np.ndarray) -> np.ndarray:
    return np.log10(np.maximum(gram, 1e-12))


def _log_scale(logs: Any) -> dict[str, Any]:
    """Return how `imshow` draws them, over four orders of magnitude: dead channels would take all the contrast."""
    low, high = np.percentile(logs, [2, 99.9])
    return {"cmap": "magma", "vmin": max(low, high - 4), "vmax": high, "interpolation": "nearest"}


def _ellipse(points: Any) -> np.ndarray:
    """Return the curve one standard deviation from the mean of points `[n, 2]`, `[2, 100]`."""
    points = np.asarray(points, np.float64)
    variances, directions = np.linalg.eigh(np.cov(points.T))
    turn = np.linspace(0, 2 * np.pi, 100)
    around = np.sqrt(np.maximum(variances, 0))[:, None] * np.stack([np.cos(turn), np.sin(turn)])
    return points.mean(0)[:, None] + directions @ around
